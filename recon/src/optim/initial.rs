//! Splats to begin with, from a sparse point cloud.

use glam::Vec3;
use rayon::prelude::*;
use render::{Camera, Splats, sh};

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
pub(crate) fn with_degree(splats: &Splats, sh_degree: u32) -> Splats {
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

/// At most `budget` of the splats: the first `frozen`, and of the others as many as fit beside them,
/// evenly chosen. What is left is not made larger: gaps close soon.
pub(super) fn thinned(splats: &Splats, budget: usize, frozen: usize) -> Splats {
    let count = splats.len();
    if count <= budget.max(frozen) {
        return splats.clone();
    }
    let (free, seats) = (count - frozen, budget.saturating_sub(frozen));
    let chosen = (0..seats).map(|k| frozen + (k as u64 * free as u64 / seats as u64) as usize);
    let kept: Vec<usize> = (0..frozen).chain(chosen).collect();
    splats.select(&kept)
}

/// The `budget` most opaque of the splats, in their order; of equally opaque ones the first.
pub fn most_opaque(splats: &Splats, budget: usize) -> Splats {
    let count = splats.len();
    if count <= budget {
        return splats.clone();
    }
    let mut order: Vec<usize> = (0..count).collect();
    let logits = &splats.opacity_logits;
    let by_opacity = |a: &usize, b: &usize| logits[*b].total_cmp(&logits[*a]).then(a.cmp(b));
    order.select_nth_unstable_by(budget, by_opacity);
    order.truncate(budget);
    order.sort_unstable();
    splats.select(&order)
}

/// No splat begins with a standard deviation of more than this part of a photo's longer side: many
/// large ones in each other's way show little and cost much.
const LARGEST_IN_PHOTO: f32 = 0.03;
/// Cameras that are asked, evenly chosen.
const MAX_CAMERAS: usize = 64;

/// Makes round splats smaller that would fill much of a photo that sees them.
pub(super) fn limit_in_photos(splats: &mut Splats, cameras: &[Camera]) {
    let every = cameras.len().div_ceil(MAX_CAMERAS).max(1);
    let asked: Vec<_> = cameras
        .iter()
        .step_by(every)
        .map(|it| (it.intrinsics, it.w2c()))
        .collect();
    let limit = |mean: &Vec3| {
        let allowed = asked.iter().filter_map(|(lens, w2c)| {
            let p = w2c.transform_point3(*mean);
            let x = lens.fx * p.x / p.z + lens.cx;
            let y = lens.fy * p.y / p.z + lens.cy;
            let is_seen = 0.0 < p.z
                && (0.0..lens.width as f32).contains(&x)
                && (0.0..lens.height as f32).contains(&y);
            let side = lens.width.max(lens.height) as f32;
            is_seen.then(|| LARGEST_IN_PHOTO * side * p.z / lens.fx)
        });
        allowed.fold(f32::INFINITY, f32::min).max(f32::MIN_POSITIVE)
    };
    let limits: Vec<f32> = splats.means.par_iter().map(|it| limit(it).ln()).collect();
    for (scale, limit) in splats.log_scales.iter_mut().zip(limits) {
        *scale = scale.min(Vec3::splat(limit));
    }
}

#[cfg(test)]
mod tests {
    use glam::{Affine3A, DVec3};
    use render::Intrinsics;

    use super::*;

    const BEGINNING: Beginning = Beginning {
        opacity: 0.25,
        scale: 0.5,
        sh_degree: 1,
    };

    /// A grid of points, one step apart, and one far from all.
    fn grid() -> Points {
        let mut positions: Vec<DVec3> = (0..27)
            .map(|i| DVec3::new(f64::from(i % 3), f64::from(i / 3 % 3), f64::from(i / 9)))
            .collect();
        positions.push(DVec3::splat(1000.0));
        positions.push(DVec3::NAN);
        Points {
            colours: vec![[255, 0, 51]; positions.len()],
            positions,
            ..Points::default()
        }
    }

    #[test]
    fn splats_are_as_large_as_points_lie_apart() {
        let splats = from_points(&grid(), 10.0, &BEGINNING);
        splats.check().unwrap();
        assert_eq!(splats.len(), 28, "what is no number is left out");
        assert!((splats.scales(0).x - 0.5).abs() < 1e-6);
        assert!(
            (splats.scales(27).x - 1.0).abs() < 1e-6,
            "a tenth of the extent"
        );
        assert!((splats.opacity(3) - 0.25).abs() < 1e-6);
        let shown = sh::rgb_from_dc(splats.sh(5)[0]);
        assert!(shown.abs_diff_eq(Vec3::new(1.0, 0.0, 0.2), 1e-6));
        assert_eq!(splats.sh(5)[1..], [[0.0; 3]; 3]);
    }

    #[test]
    fn what_fills_a_photo_becomes_smaller() {
        let mut splats = from_points(&grid(), 10.0, &BEGINNING);
        let camera = Camera {
            intrinsics: Intrinsics::from_vertical_fov(1.0, 100, 100),
            c2w: Affine3A::from_translation(Vec3::new(1.0, 1.0, -4.0)),
        };
        limit_in_photos(&mut splats, &[camera]);
        let px = |i: usize| splats.scales(i).x * camera.intrinsics.fx / (splats.means[i].z + 4.0);
        assert!((px(4) - 3.0).abs() < 1e-3, "{}", px(4));
        assert!((splats.scales(27).x - 1.0).abs() < 1e-6, "not in the photo");
    }

    #[test]
    fn the_most_opaque_splats_stay_in_order() {
        let mut splats = from_points(&grid(), 10.0, &BEGINNING);
        splats.opacity_logits = (0..28_u8).map(|i| f32::from(i * 11 % 28)).collect();
        let few = most_opaque(&splats, 3);
        few.check().unwrap();
        // 11 · 5 = 27, 11 · 10 = 26, 11 · 15 = 25 modulo 28.
        assert_eq!(
            few.means,
            [splats.means[5], splats.means[10], splats.means[15]]
        );
        assert_eq!(most_opaque(&splats, 28), splats);
        assert!(most_opaque(&splats, 0).is_empty());
    }

    #[test]
    fn thinning_keeps_whole_splats() {
        let splats = from_points(&grid(), 10.0, &BEGINNING);
        let few = thinned(&splats, 7, 0);
        few.check().unwrap();
        assert_eq!((few.len(), few.sh_degree), (7, 1));
        assert_eq!(few.means[1], splats.means[4]);
        assert_eq!(few.sh(1), splats.sh(4));
        assert_eq!(thinned(&splats, 99, 0), splats);
        let half = thinned(&splats, 7, 3);
        half.check().unwrap();
        assert_eq!(half.means[..3], splats.means[..3]);
        // 25 others for four places.
        assert_eq!(half.means[3..], [3, 9, 15, 21].map(|i| splats.means[i]));
        assert_eq!(thinned(&splats, 2, 5).means, splats.means[..5]);
        let flat = with_degree(&splats, 0);
        flat.check().unwrap();
        assert_eq!(with_degree(&flat, 1), splats);
    }
}
