//! Growing and shrinking a selection in space.

use std::collections::HashMap;

use glam::{IVec3, Vec3};
use rayon::prelude::*;
use render::Splats;

use super::Bits;
use crate::optim::spacings;

/// Splats whose spacing is measured, at most: it is a typical value.
const SAMPLE: usize = 20_000;

/// Those of `candidates` whose centres lie within `distance` of the centre of one of `near`.
pub(super) fn within(splats: &Splats, near: &Bits, candidates: &Bits, distance: f32) -> Bits {
    let cell = |point: Vec3| (point / distance).floor().as_ivec3();
    let mut cells: HashMap<IVec3, Vec<u32>> = HashMap::new();
    for i in (0..splats.len()).filter(|it| near.get(*it)) {
        let mean = splats.means[i];
        if mean.is_finite() {
            cells.entry(cell(mean)).or_default().push(i as u32);
        }
    }
    let is_near = |i: usize| {
        let mean = splats.means[i];
        mean.is_finite()
            && around(cell(mean)).any(|it| {
                let here = cells.get(&it).into_iter().flatten();
                let mut squared = here.map(|k| splats.means[*k as usize].distance_squared(mean));
                squared.any(|it| it <= distance * distance)
            })
    };
    let found: Vec<usize> = (0..splats.len())
        .into_par_iter()
        .filter(|i| candidates.get(*i) && is_near(*i))
        .collect();
    let mut bits = Bits::none(splats.len());
    for i in found {
        bits.set(i);
    }
    bits
}

/// A cell and those around it.
fn around(cell: IVec3) -> impl Iterator<Item = IVec3> {
    (0..27).map(move |k| {
        let offset = IVec3::new(k % 3 - 1, k / 3 % 3 - 1, k / 9 - 1);
        cell.saturating_add(offset)
    })
}

/// The typical distance from a splat to its nearest neighbours, world units: by how much a
/// selection grows at a time.
pub fn spacing(splats: &Splats) -> f32 {
    let finite: Vec<Vec3> = splats
        .means
        .iter()
        .copied()
        .filter(|it| it.is_finite())
        .collect();
    let all = finite.len().max(1) as f32;
    let step = finite.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<Vec3> = finite.into_iter().step_by(step).collect();
    // Surfaces: with a part of the splats they lie farther apart by the root of it.
    let thinned = (sample.len().max(1) as f32 / all).sqrt();
    let mut distances = spacings(&sample);
    distances.retain(|it| it.is_finite() && 0.0 < *it);
    if distances.is_empty() {
        return 0.01;
    }
    let middle = distances.len() / 2;
    let median = *distances.select_nth_unstable_by(middle, f32::total_cmp).1;
    thinned * median
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(count: usize) -> Splats {
        Splats {
            means: (0..count).map(|i| Vec3::new(i as f32, 0.0, 0.0)).collect(),
            quats: vec![[1.0, 0.0, 0.0, 0.0]; count],
            log_scales: vec![Vec3::ZERO; count],
            opacity_logits: vec![0.0; count],
            sh_coeffs: vec![[0.0; 3]; count],
            sh_degree: 0,
        }
    }

    #[test]
    fn neighbours_are_those_within_the_distance() {
        let mut splats = row(10);
        splats.means[9] = Vec3::NAN;
        let near = Bits::of(10, |i| i == 4 || i == 9);
        let found = within(&splats, &near, &Bits::of(10, |_| true), 2.0);
        let found: Vec<usize> = (0..10).filter(|i| found.get(*i)).collect();
        assert_eq!(found, [2, 3, 4, 5, 6]);
    }

    #[test]
    fn typical_spacing_is_that_of_a_grid() {
        assert!((spacing(&row(100)) - 1.3).abs() < 0.5);
        assert_eq!(spacing(&row(1)), 0.01);
    }
}
