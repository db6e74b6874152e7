//! Focal lengths that EXIF does not tell, from the fundamental matrices of pairs.

use cumulus3d_core::{FeatureStore, Mat3, TwoViewGeometryConfig};

use super::cameras::Group;
use super::geometry::{Matched, verify};
use super::{PoseError, Reporter};

/// Pairs that are asked per lens: those with the most matches.
const MAX_PAIRS: usize = 80;

/// Fewer pairs than this do not outweigh the guess.
const MIN_PAIRS: usize = 4;

/// Focal lengths tried, as parts of the longer side: fisheye-like to tele.
const RANGE: [f64; 2] = [0.35, 4.0];

/// Steps tried over the range, evenly in the logarithm: 2 % each.
const STEPS: usize = 123;

/// Estimates the focal length of each lens without one and puts it in the store. Where the pairs
/// do not tell, the guess stays and is treated as one.
pub(super) fn calibrate(
    store: &FeatureStore,
    matched: &[Matched],
    lenses: &[Group],
    seed: u64,
    report: &mut Reporter<'_>,
) -> Result<(), PoseError> {
    const STAGE: &str = "Estimating focal lengths";
    for (i, group) in lenses.iter().enumerate() {
        report.progress(STAGE, i, lenses.len())?;
        let Some(mut camera) = store.camera(i as u32 + 1).filter(|_| !group.is_known) else {
            continue;
        };
        let is_inside = |it: &&Matched| {
            let has = |photo| group.photos.binary_search(&photo).is_ok();
            has(it.pair.0) && has(it.pair.1)
        };
        let mut pairs: Vec<&Matched> = matched.iter().filter(is_inside).collect();
        pairs.sort_by_key(|it| (std::cmp::Reverse(it.matches.len()), it.pair));
        pairs.truncate(MAX_PAIRS);
        let found = verify(store, &pairs, seed)?;
        let centre = [camera.principal_point_x(), camera.principal_point_y()];
        let evidence: Vec<(f64, Mat3)> = found
            .iter()
            .filter(|it| it.config == TwoViewGeometryConfig::Uncalibrated)
            .filter_map(|it| Some((it.inlier_matches.len() as f64, centred(&it.f?, centre))))
            .collect();
        let side = camera.width.max(camera.height) as f64;
        if let Some(focal) = best_focal(&evidence, side) {
            camera.set_focal_length(focal);
            camera.focal_from_prior = true;
            super::progress::guarded(STAGE, || store.update_camera(camera))?;
        }
    }
    report.progress(STAGE, lenses.len(), lenses.len())
}

/// The fundamental matrix for pixels that count from `centre`.
fn centred(f: &Mat3, centre: [f64; 2]) -> Mat3 {
    let [x, y] = centre;
    let shift = Mat3::new(1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0);
    shift.transpose() * f * shift
}

/// The focal length in pixels for which the matrices come closest to essential ones, whose two
/// singular values are equal (Mendonça and Cipolla 1999, "A simple technique for self-
/// calibration", equation 7). `None` where it would lie at the end of the range: then the motion
/// does not tell it.
fn best_focal(evidence: &[(f64, Mat3)], side: f64) -> Option<f64> {
    if evidence.len() < MIN_PAIRS {
        return None;
    }
    let focal = |step: usize| {
        let part = step as f64 / (STEPS - 1) as f64;
        side * RANGE[0] * (RANGE[1] / RANGE[0]).powf(part)
    };
    let costs: Vec<f64> = (0..STEPS).map(|it| cost(evidence, focal(it))).collect();
    let best = (0..STEPS).min_by(|a, b| costs[*a].total_cmp(&costs[*b]))?;
    (0 < best && best + 1 < STEPS && costs[best].is_finite()).then(|| focal(best))
}

fn cost(evidence: &[(f64, Mat3)], focal: f64) -> f64 {
    let k = Mat3::new(focal, 0.0, 0.0, 0.0, focal, 0.0, 0.0, 0.0, 1.0);
    let one = |(weight, f): &(f64, Mat3)| {
        let mut values = (k * f * k).singular_values();
        values.as_mut_slice().sort_by(|a, b| b.total_cmp(a));
        // A wrong matrix must not outvote the others: its say is bounded.
        let difference = (values[0] - values[1]) / values[0].max(f64::MIN_POSITIVE);
        weight * difference / (difference + 0.1)
    };
    evidence.iter().map(one).sum()
}

#[cfg(test)]
mod tests {
    use cumulus3d_core::geometry::skew;
    use cumulus3d_core::{Quat, Vec3};

    use super::*;

    #[test]
    fn the_focal_length_of_exact_matrices_is_found() {
        let (focal, centre) = (700.0, [480.0, 270.0]);
        let k = Mat3::new(focal, 0.0, centre[0], 0.0, focal, centre[1], 0.0, 0.0, 1.0);
        let inverse = k.try_inverse().unwrap();
        let one = |i: usize| {
            let i = i as f64;
            let axis = Vec3::new((1.7 * i).sin(), 1.0, (0.9 * i).cos());
            let turn = Quat::from_axis_angle(&axis, 0.1 + 0.05 * i).to_rotation_matrix();
            let step = Vec3::new(1.0, 0.3 * (2.1 * i).cos(), 0.5 * (1.3 * i).sin());
            let f = inverse.transpose() * skew(&step) * turn * inverse;
            (1.0, centred(&f, centre))
        };
        let evidence: Vec<(f64, Mat3)> = (0..8).map(one).collect();
        let found = best_focal(&evidence, 960.0).unwrap();
        assert!((found / focal - 1.0).abs() < 0.02, "{found}");
        assert_eq!(best_focal(&evidence[..2], 960.0), None);
    }
}
