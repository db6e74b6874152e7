//! How far each splat is from the nearest group of others.

use glam::Vec3;
use rayon::prelude::*;

use crate::optim::Tree;

/// So many splats that hang together are part of the scene.
const GROUP: usize = 40;
/// The spacing is measured to this neighbour, so that splats in one place do not make it nothing.
const NEIGHBOUR: usize = 8;
/// Fewer splats than this have no typical spacing.
const ENOUGH: usize = 2 * GROUP;

/// How long a step each point needs, in typical spacings, to reach a group of [`GROUP`] others from
/// neighbour to neighbour: 1 or less on a surface, large for what floats alone or in a small
/// cluster. From each step the `reach` of the two points is taken off: what overlaps hangs
/// together. `depths` is what a length at each point is measured by. Points are finite. `[points]`
///
/// Borůvka's rounds (1926): every cluster that is too small takes the shortest step out of it, until
/// none is. The longest step on the way is what counts.
pub(super) fn steps_to_a_group(points: &[Vec3], reach: &[f32], depths: &[f32]) -> Vec<f32> {
    let count = points.len();
    if count < ENOUGH {
        return vec![0.0; count];
    }
    let tree = Tree::new(points);
    let typical = typical_spacing(&tree, points, depths);
    let mut steps = vec![0.0_f32; count];
    let mut clusters = Clusters::new(count);
    loop {
        let small: Vec<u32> = (0..count as u32)
            .filter(|i| clusters.size(*i) < GROUP)
            .collect();
        if small.is_empty() {
            return steps;
        }
        let root: Vec<u32> = (0..count as u32).map(|i| clusters.root(i)).collect();
        let out = |&i: &u32| {
            let (own, from) = (root[i as usize], points[i as usize]);
            let [(squared, k)] = tree.nearest::<1>(from, &|it| root[it as usize] != own);
            let (a, b) = (i as usize, k as usize);
            let gap = (squared.sqrt() - reach[a] - reach.get(b).unwrap_or(&0.0)).max(0.0);
            let depth = depths[a].max(*depths.get(b).unwrap_or(&0.0));
            (gap / (typical * depth), i, k)
        };
        let mut out: Vec<(f32, u32, u32)> = small.par_iter().map(out).collect();
        // Of each cluster the shortest, before any two are joined.
        out.sort_unstable_by(|a, b| {
            let clusters = root[a.1 as usize].cmp(&root[b.1 as usize]);
            clusters.then(a.0.total_cmp(&b.0)).then(a.1.cmp(&b.1))
        });
        let mut joined = false;
        for cluster in out.chunk_by(|a, b| root[a.1 as usize] == root[b.1 as usize]) {
            let (step, i, k) = cluster[0];
            for it in cluster {
                let own = &mut steps[it.1 as usize];
                *own = own.max(step);
            }
            if k != u32::MAX {
                joined |= clusters.join(i, k);
            }
        }
        if !joined {
            return steps;
        }
    }
}

/// Median distance to the eighth neighbour, in units of the depth.
fn typical_spacing(tree: &Tree, points: &[Vec3], depths: &[f32]) -> f32 {
    let step = points.len().div_ceil(20_000).max(1);
    let sample: Vec<usize> = (0..points.len()).step_by(step).collect();
    let spacing = |&i: &usize| {
        let near = tree.nearest::<NEIGHBOUR>(points[i], &|it| it as usize != i);
        near[NEIGHBOUR - 1].0.sqrt() / depths[i]
    };
    median(sample.par_iter().map(spacing).collect())
}

/// The middle one of those that are finite and above zero; 1 where there is none.
pub(super) fn median(mut numbers: Vec<f32>) -> f32 {
    numbers.retain(|it| it.is_normal() && 0.0 < *it);
    if numbers.is_empty() {
        return 1.0;
    }
    let middle = numbers.len() / 2;
    *numbers.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Which points hang together.
struct Clusters {
    parents: Vec<u32>,
    sizes: Vec<u32>,
}

impl Clusters {
    fn new(count: usize) -> Self {
        Self {
            parents: (0..count as u32).collect(),
            sizes: vec![1; count],
        }
    }

    fn root(&mut self, i: u32) -> u32 {
        let mut i = i as usize;
        while self.parents[i] as usize != i {
            let above = self.parents[i] as usize;
            self.parents[i] = self.parents[above];
            i = above;
        }
        i as u32
    }

    fn size(&mut self, i: u32) -> usize {
        let root = self.root(i);
        self.sizes[root as usize] as usize
    }

    /// Whether they were apart.
    fn join(&mut self, a: u32, b: u32) -> bool {
        let (a, b) = (self.root(a) as usize, self.root(b) as usize);
        if a == b {
            return false;
        }
        let (small, large) = if self.sizes[a] < self.sizes[b] {
            (a, b)
        } else {
            (b, a)
        };
        self.parents[small] = large as u32;
        self.sizes[large] += self.sizes[small];
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sheet of 20 × 20 points, one apart.
    fn sheet() -> Vec<Vec3> {
        let place = |i: usize| Vec3::new((i % 20) as f32, (i / 20) as f32, 0.0);
        (0..400).map(place).collect()
    }

    fn steps(points: &[Vec3]) -> Vec<f32> {
        steps_to_a_group(points, &vec![0.0; points.len()], &vec![1.0; points.len()])
    }

    #[test]
    fn what_floats_needs_a_long_step_and_what_lies_on_a_surface_does_not() {
        let mut points = sheet();
        points.push(Vec3::new(10.0, 10.0, 9.0));
        // A clump of ten, five away from the rest.
        points.extend((0..10).map(|i| Vec3::new(0.1 * i as f32, 3.0, -5.0)));
        // Many in one place are part of the surface they lie on.
        points.extend([Vec3::new(7.5, 7.5, 0.0); 30]);
        // As many as a group, apart: a part of the scene.
        points.extend((0..GROUP).map(|i| Vec3::new(i as f32, 50.0, 0.0)));
        let steps = steps(&points);
        let typical = 2.0_f32.sqrt();
        assert!(steps[..400].iter().all(|it| *it < 1.01));
        assert!((steps[400] - 9.0 / typical).abs() < 0.7, "{}", steps[400]);
        let clump = &steps[401..411];
        assert!(
            clump.iter().all(|it| (it - 5.0 / typical).abs() < 0.1),
            "{clump:?}"
        );
        assert!(steps[411..].iter().all(|it| *it < 1.01));
    }

    #[test]
    fn overlap_and_depth_count() {
        let mut points = sheet();
        points.push(Vec3::new(10.0, 10.0, 9.0));
        let mut reach = vec![0.0; points.len()];
        reach[400] = 8.5;
        let steps = steps_to_a_group(&points, &reach, &vec![1.0; points.len()]);
        assert!(steps[400] < 0.5, "it reaches the sheet: {}", steps[400]);
        let mut depths = vec![1.0; points.len()];
        depths[400] = 10.0;
        let steps = steps_to_a_group(&points, &vec![0.0; points.len()], &depths);
        assert!(steps[400] < 1.0, "far away all is sparse: {}", steps[400]);
    }

    #[test]
    fn few_points_are_no_scene() {
        assert!(steps(&[]).is_empty());
        assert_eq!(steps(&sheet()[..70]), vec![0.0; 70]);
        let all_in_one_place = steps(&[Vec3::ONE; 100]);
        assert!(all_in_one_place.iter().all(|it| *it == 0.0));
    }
}
