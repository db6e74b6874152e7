//! A path along the cameras of photos, in the order of their names.

use glam::{DMat3, DQuat, DVec3};

use super::{CameraPath, Keyframe};
use crate::dataset::{Dataset, View, pose_of};

/// Turning by this much counts as long as moving by the whole way's mean step, in radians.
const TURN_PER_STEP: f64 = 0.3;

/// No piece takes less than this part of the mean time of a piece.
const LEAST_PIECE: f64 = 0.2;

impl CameraPath {
    /// From the first photo to the last by their names, in `secs` seconds, through at most `most`
    /// keyframes (at least two). Between them lies what a hand-held camera shakes: each keyframe
    /// is the mean of the photos around it. Photos that are left out, and cameras far from all
    /// others, do not count. `None` where no photo is left.
    pub fn through_photos(dataset: &Dataset, most: usize, secs: f64) -> Option<Self> {
        let outliers = &dataset.report.outliers;
        let mut views: Vec<&View> = dataset
            .views
            .iter()
            .filter(|it| !it.ignored && !outliers.contains(&it.name) && it.c2w.is_finite())
            .collect();
        views.sort_by(|a, b| natord::compare(&a.name, &b.name));
        let stops = stops(&views, most.max(2));
        let times = times(&stops, secs);
        let fov = fov_degrees(dataset, &views)?;
        let keyframes = stops.iter().zip(times).map(|(stop, time)| {
            let (position, q) = (stop.place.as_vec3(), stop.rotation.as_quat());
            Keyframe {
                time_secs: time,
                position: position.to_array(),
                rotation: [q.w, q.x, q.y, q.z],
                fov_y_degrees: fov,
                ease: Default::default(),
            }
        });
        Self::new(keyframes.collect()).ok()
    }
}

/// A keyframe to be.
struct Stop {
    place: DVec3,
    rotation: DQuat,
}

/// At most `most`, evenly among the views, each the mean of those that are nearer to it than to the
/// next ones. The first and the last stay where they are.
fn stops(views: &[&View], most: usize) -> Vec<Stop> {
    let (count, last) = (views.len().min(most), views.len().saturating_sub(1));
    let step = last as f64 / count.saturating_sub(1).max(1) as f64;
    // A lone photo between two others is smoothed by them.
    let reach = (0.5 * step).max(1.0).floor() as usize;
    (0..count)
        .map(|it| {
            let middle = (it as f64 * step).round() as usize;
            let reach = reach.min(middle).min(last - middle);
            mean(&views[middle - reach..=middle + reach])
        })
        .collect()
}

/// Of places and rotations, the middle one counting most.
fn mean(views: &[&View]) -> Stop {
    let middle = views.len() / 2;
    let rotation = |it: &View| pose_of(&it.c2w).matrix3;
    let quat = |it: &View| {
        let [x, y, z] = [0, 1, 2].map(|axis| rotation(it).col(axis).as_dvec3());
        DQuat::from_mat3(&DMat3::from_cols(x, y, z))
    };
    let ahead = quat(views[middle]);
    let (mut place, mut sum, mut weights) =
        (DVec3::ZERO, DQuat::from_xyzw(0.0, 0.0, 0.0, 0.0), 0.0);
    for (index, view) in views.iter().enumerate() {
        let weight = (1 + middle - middle.abs_diff(index)) as f64;
        let turned = quat(view);
        // Both signs are the same rotation; the mean needs one side.
        let side = if turned.dot(ahead) < 0.0 {
            -weight
        } else {
            weight
        };
        place += view.c2w.translation * weight;
        sum += turned * side;
        weights += weight;
    }
    let rotation = if 1e-6 < sum.length() {
        sum.normalize()
    } else {
        ahead
    };
    Stop {
        place: place / weights,
        rotation,
    }
}

/// So that the camera goes at an even pace: by the way, and by how far it turns.
fn times(stops: &[Stop], secs: f64) -> Vec<f64> {
    let pieces = stops.len().saturating_sub(1).max(1) as f64;
    let way = |pair: &[Stop]| pair[0].place.distance(pair[1].place);
    let step = stops.windows(2).map(way).sum::<f64>() / pieces;
    let efforts: Vec<f64> = stops
        .windows(2)
        .map(|pair| {
            let turn = pair[0]
                .rotation
                .angle_between(pair[1].rotation)
                .min(std::f64::consts::PI);
            let moved = if 0.0 < step { way(pair) / step } else { 0.0 };
            moved + turn / TURN_PER_STEP
        })
        .collect();
    let least = LEAST_PIECE * (efforts.iter().sum::<f64>() / pieces).max(1e-9);
    let efforts = efforts.into_iter().map(|it| it.max(least));
    let mut ends = vec![0.0];
    for effort in efforts {
        ends.push(ends.last().copied().unwrap_or(0.0) + effort);
    }
    let whole = ends.last().copied().unwrap_or(0.0).max(1e-9);
    let secs = if secs.is_finite() { secs } else { 0.0 };
    // Even the quickest path has its keyframes apart.
    let secs = secs.max(0.1 * pieces);
    ends.into_iter().map(|it| it / whole * secs).collect()
}

/// The middle one of the photos' vertical fields of view; `None` without a photo.
fn fov_degrees(dataset: &Dataset, views: &[&View]) -> Option<f32> {
    let lenses = views.iter().filter_map(|it| dataset.lenses.get(it.lens));
    let mut fovs: Vec<f64> = lenses
        .map(|it| 2.0 * (0.5 * f64::from(it.height) / it.fy).atan())
        .filter(|it| it.is_finite())
        .collect();
    fovs.sort_by(f64::total_cmp);
    let middle = fovs.get(fovs.len() / 2)?;
    Some((middle.to_degrees() as f32).clamp(1.0, 170.0))
}
