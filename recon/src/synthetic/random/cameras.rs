//! Where pictures are taken from.

use std::f32::consts::{PI, TAU};

use glam::{Quat, Vec3};
use render::{Camera, Intrinsics};

use super::super::UP;
use super::CameraPlan;
use super::dice::Dice;

/// A lens and a usual distance, common to all cameras of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    /// Vertical field of view, radians.
    fov: f32,
    /// From the origin, world units.
    distance: f32,
    /// Of the ball around the origin that the object is to fill.
    pub(super) radius: f32,
}

impl Stand {
    /// Chooses how far away the cameras stand and how large the object is, so that the ball
    /// around it fills three quarters of the picture's height or more.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let fov = dice.between(30.0, 60.0).to_radians();
        let distance = dice.between(1.7, 3.3);
        let fill = dice.between(0.78, 1.0);
        let half = (fill * (0.5 * fov).tan()).atan();
        Self {
            fov,
            distance,
            radius: (distance * half.sin()).min(1.0),
        }
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
            let target = 0.07 * unsteady * self.radius * dice.direction();
            let tilt = Quat::from_axis_angle(towards, dice.between(-roll, roll));
            Camera::look_at(intrinsics, eye, target, tilt * UP)
        };
        order.into_iter().map(|i| camera(i, dice)).collect()
    }
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
