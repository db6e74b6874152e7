//! How well cameras, lenses and points fit what the photos saw.

use glam::DAffine3;

use super::{Lens, Points, Projection, ReprojectionReport};

/// Projects each observed point into its photo and measures the distance in pixels to where it was
/// seen. `cameras` are a lens (index into `lenses`) and a pose (camera to world, OpenCV axes) for
/// each frame that the observations speak of. `None` where there is nothing to measure.
///
/// An observation whose point the lens cannot show (behind the camera, outside of the model's
/// range) counts as `behind` and not into mean and median. The source's own mean is over points,
/// ours over observations, so the two differ a little even where everything agrees.
pub fn reprojection(
    lenses: &[Lens],
    cameras: &[(usize, DAffine3)],
    points: &Points,
) -> Option<ReprojectionReport> {
    let projections: Vec<Projection> = lenses.iter().map(Projection::new).collect();
    let w2c: Vec<DAffine3> = cameras.iter().map(|(_, c2w)| c2w.inverse()).collect();
    let mut errors_px = Vec::with_capacity(points.observations.len());
    let mut behind = 0;
    for it in &points.observations {
        let frame = it.frame as usize;
        let projection = cameras.get(frame).and_then(|it| projections.get(it.0));
        let position = points.positions.get(it.point as usize);
        let (Some(projection), Some(position)) = (projection, position) else {
            continue;
        };
        let error_px = projection
            .project(w2c[frame].transform_point3(*position))
            .map(|pixel| pixel.distance(it.pixel))
            .filter(|it| it.is_finite());
        match error_px {
            Some(it) => errors_px.push(it),
            None => behind += 1,
        }
    }
    let observations = errors_px.len();
    if observations == 0 && behind == 0 {
        return None;
    }
    Some(ReprojectionReport {
        observations,
        mean_px: mean(&errors_px).unwrap_or(0.0),
        median_px: median(&mut errors_px),
        stated_mean_px: stated_mean(points),
        behind,
    })
}

/// Negative or no numbers stand for points whose error is unknown.
fn stated_mean(points: &Points) -> Option<f64> {
    let stated = points.errors_px.iter().copied();
    let known: Vec<f64> = stated.filter(|it| it.is_finite() && 0.0 <= *it).collect();
    mean(&known)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use glam::{DMat3, DVec2, DVec3};

    use super::*;
    use crate::dataset::Observation;

    /// Two cameras that look at the origin from -z and from x; each point is seen by both, with
    /// `offset` added to what they see.
    fn scene(offset: DVec2) -> (Vec<Lens>, Vec<(usize, DAffine3)>, Points) {
        let lenses = vec![Lens::centred(500.0, 640, 480)];
        let front = DAffine3::from_translation(DVec3::new(0.0, 0.0, -4.0));
        let turned = DMat3::from_cols(DVec3::Z, DVec3::Y, DVec3::NEG_X);
        let side = DAffine3::from_mat3_translation(turned, DVec3::new(4.0, 0.0, 0.0));
        let cameras = vec![(0, front), (0, side)];
        let positions = vec![DVec3::ZERO, DVec3::new(0.3, -0.2, 0.5)];
        let mut observations = Vec::new();
        for (point, position) in (0..).zip(&positions) {
            for (frame, (_, c2w)) in (0..).zip(&cameras) {
                let at = c2w.inverse().transform_point3(*position);
                let pixel = at.truncate() / at.z * 500.0 + DVec2::new(320.0, 240.0);
                observations.push(Observation {
                    point,
                    frame,
                    pixel: pixel + offset,
                });
            }
        }
        let points = Points {
            colours: vec![[0; 3]; positions.len()],
            positions,
            errors_px: vec![0.25, 0.75],
            observations,
        };
        (lenses, cameras, points)
    }

    #[test]
    fn distances_are_those_of_the_pixels() {
        let (lenses, cameras, points) = scene(DVec2::new(3.0, 4.0));
        let report = reprojection(&lenses, &cameras, &points).unwrap();
        assert_eq!(report.observations, 4);
        assert!((report.mean_px - 5.0).abs() < 1e-9, "{}", report.mean_px);
        assert!((report.median_px - 5.0).abs() < 1e-9);
        assert_eq!(report.stated_mean_px, Some(0.5));
        assert_eq!(report.behind, 0);
    }

    #[test]
    fn points_behind_a_camera_are_counted_apart() {
        let (lenses, mut cameras, mut points) = scene(DVec2::ZERO);
        cameras[0].1.translation.z = 4.0;
        points.errors_px = vec![-1.0, f64::NAN];
        let report = reprojection(&lenses, &cameras, &points).unwrap();
        assert_eq!((report.observations, report.behind), (2, 2));
        assert!(report.mean_px < 1e-9);
        assert_eq!(report.stated_mean_px, None);
    }

    #[test]
    fn without_observations_there_is_no_report() {
        let (lenses, cameras, mut points) = scene(DVec2::ZERO);
        for it in &mut points.observations {
            it.frame += 2;
        }
        assert_eq!(reprojection(&lenses, &cameras, &points), None);
    }
}
