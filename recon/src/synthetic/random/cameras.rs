//! Where pictures are taken from.

use std::f32::consts::{PI, TAU};

use glam::{Affine3A, Quat, Vec3};
use render::{Camera, Intrinsics};

use super::super::UP;
use super::CameraPlan;
use super::dice::Dice;
use super::scene::Part;

/// A lens and a usual distance, common to all cameras of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    /// Vertical field of view, radians.
    fov: f32,
    /// From the origin, world units.
    distance: f32,
    /// How much of the shorter side of a picture the object is to fill, 0 to 1.
    fill: f32,
}

impl Stand {
    /// Chooses a lens, how far away the cameras stand and how large the object is to be seen.
    pub(super) fn random(dice: &mut Dice) -> Self {
        Self {
            fov: dice.between(30.0, 60.0).to_radians(),
            distance: dice.between(1.7, 3.3),
            fill: dice.between(0.66, 0.96),
        }
    }

    /// Scales the parts of an object within the ball of radius 1 so that it fills the pictures
    /// as planned; returns the radius of the ball that it is within then.
    pub(super) fn frame(&self, parts: &mut [Part], cameras: &[Camera]) -> f32 {
        let points: Vec<Vec3> = parts.iter().flat_map(Part::points).collect();
        let limit = (0.6 * self.distance).min(1.1);
        let mut scale = limit.min(0.5);
        for _ in 0..3 {
            let mut extents: Vec<f32> = cameras
                .iter()
                .map(|it| reach(it, points.iter().map(|p| scale * *p)))
                .collect();
            extents.sort_by(f32::total_cmp);
            let (Some(usual), Some(most)) = (extents.get(extents.len() / 2), extents.last()) else {
                break;
            };
            // Hardly anything is cut off, even where one camera sees the object larger.
            let by = (self.fill / usual).min(1.02 / most);
            if by.is_finite() {
                scale = (by * scale).min(limit);
            }
        }
        let by = Affine3A::from_scale(Vec3::splat(scale));
        for part in parts {
            part.moved(&by);
        }
        scale
    }

    /// Cameras around the origin.
    pub(super) fn cameras(
        &self,
        plan: CameraPlan,
        count: usize,
        size: [u32; 2],
        dice: &mut Dice,
    ) -> Vec<Camera> {
        let intrinsics = lens(self.fov, size);
        let start = dice.between(0.0, TAU);
        let directions: Vec<[f32; 2]> = match plan {
            CameraPlan::Scattered => (0..count)
                .map(|i| {
                    // A turn of its own for each, with jitter: no side is left out.
                    let turn = start + TAU * (i as f32 + dice.between(0.0, 1.0)) / count as f32;
                    [turn, elevation(dice)]
                })
                .collect(),
            CameraPlan::Path => {
                let sweep = dice.pick(&[-1.0, 1.0]) * dice.between(0.6 * PI, TAU);
                let (low, high) = (elevation(dice), elevation(dice));
                let (waves, phase) = (dice.between(0.3, 1.2), dice.between(0.0, TAU));
                (0..count)
                    .map(|i| {
                        let t = i as f32 / count.max(2) as f32;
                        let rise = 0.5 + 0.5 * (TAU * waves * t + phase).sin();
                        [start + sweep * t, low + rise * (high - low)]
                    })
                    .collect()
            }
        };
        let mut order: Vec<usize> = (0..count).collect();
        if plan == CameraPlan::Scattered {
            for i in (1..count).rev() {
                order.swap(i, dice.below(i + 1));
            }
        }
        let unsteady = if plan == CameraPlan::Path { 0.25 } else { 1.0 };
        let roll = 0.08 * unsteady;
        let camera = |i: usize, dice: &mut Dice| {
            let [turn, elevation] = directions[i];
            let (sin, cos) = elevation.sin_cos();
            let towards = Vec3::new(cos * turn.cos(), 0.0, cos * turn.sin()) + sin * UP;
            let distance = self.distance * (1.0 + unsteady * dice.between(-0.08, 0.12));
            let eye = distance * towards;
            let target = 0.05 * unsteady * dice.direction();
            let tilt = Quat::from_axis_angle(towards, dice.between(-roll, roll));
            Camera::look_at(intrinsics, eye, target, tilt * UP)
        };
        order.into_iter().map(|i| camera(i, dice)).collect()
    }
}

/// How far from the middle of the picture points are seen, in halves of its shorter side.
fn reach(camera: &Camera, points: impl Iterator<Item = Vec3>) -> f32 {
    let k = &camera.intrinsics;
    let half = 0.5 * k.width.min(k.height) as f32;
    let seen = points.filter_map(|it| camera.project(it));
    let off = seen.map(|(pixel, _)| (pixel.x - k.cx).abs().max((pixel.y - k.cy).abs()) / half);
    off.fold(0.0, f32::max)
}

/// Angles above the horizon as people hold cameras: mostly a little above, up to 70 degrees, and
/// some from below.
fn elevation(dice: &mut Dice) -> f32 {
    let degrees = match dice.weighted(&[0.6, 0.25, 0.15]) {
        0 => dice.between(0.0, 40.0),
        1 => dice.between(40.0, 70.0),
        _ => dice.between(-30.0, 0.0),
    };
    degrees.to_radians()
}

/// Square pixels and a centred principal point; `fov` is of the shorter side.
pub(super) fn lens(fov: f32, [width, height]: [u32; 2]) -> Intrinsics {
    let square = Intrinsics::from_vertical_fov(fov, width.min(height), width.min(height));
    Intrinsics {
        cx: 0.5 * width as f32,
        cy: 0.5 * height as f32,
        width,
        height,
        ..square
    }
}
