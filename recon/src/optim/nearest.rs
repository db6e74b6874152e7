//! How far each point is from its nearest neighbours: a k-d tree over points in space.

use glam::Vec3;
use rayon::prelude::*;

/// Neighbours whose distance counts (3DGS).
const NEIGHBOURS: usize = 3;
/// Below this many points a branch is searched one by one.
const LEAF: usize = 8;

/// Root of the mean squared distance to the three nearest other points, for each point; infinite
/// where there are fewer than four. Points must be finite. `[points]`
pub(crate) fn spacings(points: &[Vec3]) -> Vec<f32> {
    let tree = Tree::new(points);
    let search = |i: usize| {
        let nearest = tree.nearest::<NEIGHBOURS>(points[i], &|it| it as usize != i);
        let squared: f32 = nearest.iter().map(|it| it.0).sum();
        (squared / NEIGHBOURS as f32).sqrt()
    };
    (0..points.len()).into_par_iter().map(search).collect()
}

/// A k-d tree over points, which must be finite.
#[derive(Clone, Debug)]
pub(crate) struct Tree<'a> {
    points: &'a [Vec3],
    order: Vec<u32>,
}

/// Squared distance to a point, and which it is.
pub(crate) type Neighbour = (f32, u32);

impl<'a> Tree<'a> {
    /// Sorts the points.
    pub(crate) fn new(points: &'a [Vec3]) -> Self {
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        arrange(points, &mut order, 0);
        Self { points, order }
    }

    /// The nearest points that are wanted, the nearest first; infinitely far ones where there are
    /// too few.
    pub(crate) fn nearest<const K: usize>(
        &self,
        from: Vec3,
        wanted: &impl Fn(u32) -> bool,
    ) -> [Neighbour; K] {
        let mut nearest = [(f32::INFINITY, u32::MAX); K];
        self.visit(&self.order, 0, from, wanted, &mut nearest);
        nearest
    }

    /// Looks for points nearer than those in `nearest`.
    fn visit<const K: usize>(
        &self,
        order: &[u32],
        axis: usize,
        from: Vec3,
        wanted: &impl Fn(u32) -> bool,
        nearest: &mut [Neighbour; K],
    ) {
        let mut meet = |i: u32| {
            let squared = self.points[i as usize].distance_squared(from);
            if squared < nearest[K - 1].0 && wanted(i) {
                nearest[K - 1] = (squared, i);
                nearest.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            }
        };
        if order.len() <= LEAF {
            for &i in order {
                meet(i);
            }
            return;
        }
        let middle = order.len() / 2;
        meet(order[middle]);
        let beyond = from[axis] - self.points[order[middle] as usize][axis];
        let (left, right) = (&order[..middle], &order[middle + 1..]);
        let (near, far) = if beyond < 0.0 {
            (left, right)
        } else {
            (right, left)
        };
        let next = (axis + 1) % 3;
        self.visit(near, next, from, wanted, nearest);
        if beyond * beyond < nearest[K - 1].0 {
            self.visit(far, next, from, wanted, nearest);
        }
    }
}

/// Puts the median along the axis in the middle, smaller ones before it, and so on in each half.
fn arrange(points: &[Vec3], order: &mut [u32], axis: usize) {
    if order.len() <= LEAF {
        return;
    }
    let middle = order.len() / 2;
    let along = |&i: &u32| points[i as usize][axis];
    order.select_nth_unstable_by(middle, |a, b| along(a).total_cmp(&along(b)));
    let (left, right) = order.split_at_mut(middle);
    let next = (axis + 1) % 3;
    arrange(points, left, next);
    arrange(points, &mut right[1..], next);
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn the_tree_finds_what_a_search_of_all_finds() {
        let mut rng = rand_pcg::Pcg64::seed_from_u64(7);
        // Many equal coordinates, and some equal points.
        let mut points: Vec<Vec3> = (0..500)
            .map(|_| Vec3::from([0; 3].map(|_| f32::from(rng.random_range(0..20_u8)))))
            .collect();
        points.extend(points[..20].to_vec());
        let ours = spacings(&points);
        for (i, &found) in ours.iter().enumerate() {
            let mut all: Vec<f32> = (0..points.len())
                .filter(|&k| k != i)
                .map(|k| points[k].distance_squared(points[i]))
                .collect();
            all.sort_unstable_by(f32::total_cmp);
            let expected = (all[..3].iter().sum::<f32>() / 3.0).sqrt();
            assert!((found - expected).abs() < 1e-5, "{i}: {found}, {expected}");
        }
    }

    #[test]
    fn few_points_have_no_spacing() {
        assert!(spacings(&[]).is_empty());
        assert_eq!(spacings(&[Vec3::ZERO; 2]), [f32::INFINITY; 2]);
    }
}
