//! A circle of cameras around a scene.

use std::f32::consts::TAU;

use glam::{Quat, Vec3};
use render::{Camera, Intrinsics};

use super::{CameraPath, Keyframe};

/// Keyframes of a circle: the curve through so many stays within 0.2 % of its radius.
const KEYFRAMES: usize = 12;

/// A circle of cameras, all looking at its axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turntable {
    /// What the cameras look at, world units.
    pub centre: Vec3,
    /// Distance of the cameras from `centre`, world units.
    pub radius: f32,
    /// How far above the horizon of `centre` the cameras stand, radians.
    pub elevation: f32,
    /// The world's up; its length does not matter.
    pub up: Vec3,
}

impl Turntable {
    /// Around the box from `low` to `high`, far enough away that a vertical and horizontal field
    /// of view of `intrinsics` holds all of it.
    pub fn around(low: Vec3, high: Vec3, intrinsics: &Intrinsics, up: Vec3) -> Self {
        let half_fov_x = (0.5 * intrinsics.width as f32 / intrinsics.fx).atan();
        let half_fov = (0.5 * intrinsics.fov_y()).min(half_fov_x);
        let ball = 0.5 * (high - low).length();
        Self {
            centre: 0.5 * (low + high),
            radius: (ball / half_fov.sin()).max(1e-3),
            elevation: 0.35,
            up,
        }
    }

    /// `frames` cameras, evenly once around against the clock as seen from above; the first one
    /// stands towards −z (or towards −x, where that is up), as far as `up` allows.
    pub fn cameras(&self, frames: usize, intrinsics: Intrinsics) -> Vec<Camera> {
        let up = self.up.normalize_or(Vec3::NEG_Y);
        let front = [Vec3::NEG_Z, Vec3::NEG_X]
            .map(|it| it.reject_from_normalized(up))
            .into_iter()
            .find(|it| 0.25 < it.length())
            .map_or(up.any_orthonormal_vector(), Vec3::normalize);
        self.cameras_from(front, frames, intrinsics)
    }

    /// The same circle as keyframes of a looped path that takes `secs` for one turn, with a
    /// vertical field of view in degrees. It begins on the side of `from` (a place in the world).
    pub fn path(&self, from: Vec3, secs: f64, fov_y_degrees: f32) -> CameraPath {
        let up = self.up.normalize_or(Vec3::NEG_Y);
        let aside = (from - self.centre).reject_from_normalized(up);
        let front = aside.normalize_or(up.any_orthonormal_vector());
        let intrinsics = Intrinsics::from_vertical_fov(1.0, 1, 1);
        let cameras = self.cameras_from(front, KEYFRAMES, intrinsics);
        let step = secs.clamp(0.1, 1e5) / KEYFRAMES as f64;
        let keyframes = cameras.iter().enumerate().map(|(index, camera)| {
            let time = index as f64 * step;
            Keyframe::new(time, &camera.c2w, fov_y_degrees.clamp(1.0, 170.0))
        });
        let path = CameraPath::new(keyframes.collect()).unwrap_or_default();
        path.closed(step)
    }

    /// `front` is a unit vector at right angles to up.
    fn cameras_from(&self, front: Vec3, frames: usize, intrinsics: Intrinsics) -> Vec<Camera> {
        let up = self.up.normalize_or(Vec3::NEG_Y);
        let (sin, cos) = self.elevation.sin_cos();
        (0..frames)
            .map(|frame| {
                let turn = Quat::from_axis_angle(up, TAU * frame as f32 / frames as f32);
                let eye = self.centre + self.radius * (turn * front * cos + up * sin);
                Camera::look_at(intrinsics, eye, self.centre, up)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intrinsics() -> Intrinsics {
        Intrinsics::from_vertical_fov(0.7, 64, 48)
    }

    #[test]
    fn cameras_stand_around_and_look_inwards() {
        for up in [Vec3::NEG_Y, Vec3::Z, Vec3::NEG_Z, Vec3::new(1.0, 2.0, 0.5)] {
            let turntable = Turntable {
                centre: Vec3::new(1.0, -2.0, 3.0),
                radius: 4.0,
                elevation: 0.3,
                up,
            };
            let cameras = turntable.cameras(8, intrinsics());
            assert_eq!(cameras.len(), 8);
            let mut sum = Vec3::ZERO;
            for camera in &cameras {
                let off = camera.position() - turntable.centre;
                assert!((off.length() - 4.0).abs() < 1e-4);
                assert!((off.normalize().dot(up.normalize()) - 0.3_f32.sin()).abs() < 1e-5);
                assert!(0.9 < camera.forward().dot(-off.normalize()));
                assert!(0.9 < camera.up().dot(up.normalize()));
                sum += off;
            }
            let level = sum / 8.0 - 4.0 * 0.3_f32.sin() * up.normalize();
            assert!(level.length() < 1e-4, "evenly around: {level}");
            assert!(turntable.cameras(0, intrinsics()).is_empty());
        }
    }

    #[test]
    fn as_keyframes_it_is_the_same_circle() {
        let turntable = Turntable {
            centre: Vec3::new(1.0, -2.0, 3.0),
            radius: 4.0,
            elevation: 0.5,
            up: Vec3::NEG_Y,
        };
        let from = turntable.centre + Vec3::new(3.0, -7.0, 0.0);
        let path = turntable.path(from, 6.0, 40.0);
        assert!((path.duration_secs() - 6.0).abs() < 1e-9 && path.is_looped());
        let cameras = path.cameras(30.0, [64, 48]);
        assert_eq!(cameras.len(), 180);
        let first = cameras[0].position() - turntable.centre;
        assert!(first.reject_from(Vec3::NEG_Y).normalize().dot(Vec3::X) > 0.9999);
        for (index, camera) in cameras.iter().enumerate() {
            let off = camera.position() - turntable.centre;
            assert!((off.length() / 4.0 - 1.0).abs() < 2e-3, "{index}: {off}");
            let (pixel, _) = camera.project(turntable.centre).unwrap();
            assert!(
                (pixel - glam::Vec2::new(32.0, 24.0)).length() < 0.3,
                "{pixel}"
            );
            assert!(0.999 < camera.right().cross(Vec3::NEG_Y).normalize().length());
            assert!(camera.right().dot(Vec3::NEG_Y).abs() < 2e-3, "level");
            assert!((camera.intrinsics.fov_y().to_degrees() - 40.0).abs() < 1e-3);
            // Against the clock as seen from above, at an even pace.
            let angle = TAU * index as f32 / 180.0;
            let expected = Quat::from_axis_angle(Vec3::NEG_Y, angle) * first;
            assert!((off - expected).length() < 0.02 * 4.0, "{index}");
        }
    }

    #[test]
    fn the_box_fits_into_every_view() {
        let (low, high) = (Vec3::new(-1.0, -3.0, 0.0), Vec3::new(2.0, 1.0, 5.0));
        let intrinsics = Intrinsics::from_vertical_fov(0.9, 40, 80);
        let turntable = Turntable::around(low, high, &intrinsics, Vec3::NEG_Y);
        for camera in turntable.cameras(12, intrinsics) {
            for corner in 0..8 {
                let pick = |k: usize| {
                    if corner >> k & 1 == 0 {
                        low[k]
                    } else {
                        high[k]
                    }
                };
                let (pixel, _) = camera
                    .project(Vec3::from_array([0, 1, 2].map(pick)))
                    .unwrap();
                assert!((0.0..=40.0).contains(&pixel.x) && (0.0..=80.0).contains(&pixel.y));
            }
        }
    }
}
