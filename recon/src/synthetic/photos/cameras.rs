//! Where the photos are taken from.

use std::f64::consts::TAU;

use glam::{DAffine3, DMat3, DVec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::Intrinsics;

use super::super::{DEMO_CENTRE, DEMO_FOV_Y, DEMO_RADIUS, UP};
use crate::dataset::Lens;

/// Angles above the horizon between which the camera rises and sinks, radians.
const ELEVATION: (f64, f64) = (0.12, 0.85);

/// How often it does so on its way around.
const WAVES: f64 = 3.0;

/// How far a photographer's distance and aim are off, as shares of the distance.
const UNSTEADY: f64 = 0.04;

/// The lens of all photos: the demo's field of view.
pub(super) fn lens(width: u32, height: u32) -> Lens {
    let intrinsics = Intrinsics::from_vertical_fov(DEMO_FOV_Y, width, height);
    Lens::centred(f64::from(intrinsics.fy), width, height)
}

/// Camera-to-world poses once around the scene, up and down on the way.
pub(super) fn ring(seed: u64, count: usize) -> Vec<DAffine3> {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut unsteady = || UNSTEADY * rng.random_range(-1.0..1.0_f64);
    let radius = f64::from(DEMO_RADIUS);
    let pose = |i: usize| {
        let turn = (i as f64 + 0.5) / count as f64;
        let (low, high) = ELEVATION;
        let elevation = low + (high - low) * (0.5 + 0.5 * (TAU * WAVES * turn).sin());
        let (sin, cos) = elevation.sin_cos();
        let (sin_turn, cos_turn) = (TAU * turn).sin_cos();
        let away = DVec3::new(cos * sin_turn, -sin, cos * cos_turn);
        let eye = DEMO_CENTRE.as_dvec3() + radius * (1.0 + unsteady()) * away;
        let aim = DVec3::new(unsteady(), unsteady(), unsteady());
        look_at(eye, DEMO_CENTRE.as_dvec3() + radius * aim)
    };
    (0..count).map(pose).collect()
}

/// From `eye` towards `target`, upright; never straight up or down here.
fn look_at(eye: DVec3, target: DVec3) -> DAffine3 {
    let forward = (target - eye).normalize();
    let right = forward.cross(UP.as_dvec3()).normalize();
    let down = forward.cross(right);
    DAffine3::from_mat3_translation(DMat3::from_cols(right, down, forward), eye)
}
