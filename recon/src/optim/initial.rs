//! Splats to begin with, from a sparse point cloud.

use glam::Vec3;
use render::{Splats, sh};

use crate::dataset::{Dataset, Points};

use super::nearest::spacings;

/// No splat begins larger than this part of the scene's extent: stray points have no neighbours.
const LARGEST_SCALE: f32 = 0.1;
/// Points in one place begin as large as this part of the extent.
const SMALLEST_SCALE: f32 = 1e-5;

/// How splats begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Beginning {
    /// Opacity, 0 to 1.
    pub(super) opacity: f32,
    /// Standard deviation in units of the distance to the nearest neighbours.
    pub(super) scale: f32,
    /// Degree of the harmonics.
    pub(super) sh_degree: u32,
}

/// One round splat for each point, as large as the points lie apart, in the point's colour. Points
/// that are not finite are left out.
pub(super) fn from_points(points: &Points, extent: f32, beginning: &Beginning) -> Splats {
    let colours = points.colours.iter().copied();
    let colours = colours.chain(std::iter::repeat([128; 3]));
    let (means, colours): (Vec<Vec3>, Vec<[u8; 3]>) = points
        .positions
        .iter()
        .map(|it| it.as_vec3())
        .zip(colours)
        .filter(|(it, _)| it.is_finite())
        .unzip();
    let coeffs = sh::coeff_count(beginning.sh_degree);
    let mut sh_coeffs = vec![[0.0; 3]; coeffs * means.len()];
    for (own, colour) in sh_coeffs.chunks_mut(coeffs).zip(colours) {
        own[0] = sh::dc_from_rgb(Vec3::from(colour.map(f32::from)) / 255.0);
    }
    let log_scale = |spacing: f32| {
        let (least, most) = (SMALLEST_SCALE * extent, LARGEST_SCALE * extent);
        (beginning.scale * spacing).clamp(least, most).ln()
    };
    let log_scales = spacings(&means)
        .into_iter()
        .map(|it| Vec3::splat(log_scale(it)))
        .collect();
    let logit = (beginning.opacity / (1.0 - beginning.opacity)).ln();
    Splats {
        quats: vec![[1.0, 0.0, 0.0, 0.0]; means.len()],
        opacity_logits: vec![logit; means.len()],
        log_scales,
        sh_coeffs,
        sh_degree: beginning.sh_degree,
        means,
    }
}

/// Size of the scene in world units, by which steps of means are measured: 1.1 times the distance
/// of the farthest camera from their centre (3DGS), 1 where that is nothing.
pub(super) fn extent(dataset: &Dataset) -> f32 {
    let positions: Vec<_> = dataset
        .views
        .iter()
        .filter(|it| !it.ignored)
        .map(|it| it.c2w.translation)
        .collect();
    let centre = positions.iter().sum::<glam::DVec3>() / positions.len().max(1) as f64;
    let farthest = positions
        .iter()
        .map(|it| it.distance(centre))
        .fold(0.0, f64::max);
    let extent = 1.1 * farthest as f32;
    if extent.is_normal() { extent } else { 1.0 }
}

/// The same splats with harmonics up to `sh_degree`: zeros where there were none.
pub(super) fn with_degree(splats: &Splats, sh_degree: u32) -> Splats {
    let (from, to) = (splats.coeffs_per_splat(), sh::coeff_count(sh_degree));
    let mut sh_coeffs = vec![[0.0; 3]; to * splats.len()];
    let kept = from.min(to);
    for (new, old) in sh_coeffs
        .chunks_mut(to)
        .zip(splats.sh_coeffs.chunks(from.max(1)))
    {
        new[..kept].copy_from_slice(&old[..kept]);
    }
    Splats {
        sh_coeffs,
        sh_degree,
        ..splats.clone()
    }
}

/// At most `budget` of the splats, evenly chosen. What is left is not made larger: gaps close soon.
pub(super) fn thinned(splats: &Splats, budget: usize) -> Splats {
    let count = splats.len();
    if count <= budget {
        return splats.clone();
    }
    let coeffs = splats.coeffs_per_splat();
    let mut kept = Splats {
        sh_degree: splats.sh_degree,
        ..Splats::default()
    };
    for k in 0..budget {
        let i = (k as u64 * count as u64 / budget as u64) as usize;
        kept.means.push(splats.means[i]);
        kept.quats.push(splats.quats[i]);
        kept.log_scales.push(splats.log_scales[i]);
        kept.opacity_logits.push(splats.opacity_logits[i]);
        let own = &splats.sh_coeffs[i * coeffs..(i + 1) * coeffs];
        kept.sh_coeffs.extend_from_slice(own);
    }
    kept
}
