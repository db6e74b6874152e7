//! How the camera moves: a pivot, a distance to it and an orientation. Pure arithmetic.
//!
//! Camera axes are OpenCV's (x right, y down, z forward). Pixels are those of the viewport as it
//! is shown; `up` is the world direction that shall stay on top.

use glam::{Affine3A, Quat, Vec2, Vec3};
use render::{Camera, Intrinsics};

/// The steepest view, as the cosine between forward and up: short of straight up or down, where
/// there is no horizon to turn about.
const STEEPEST: f32 = 0.9995;

/// Nearest and farthest distance to the pivot, as parts of the scene's radius.
const DISTANCES: [f32; 2] = [1e-4, 1e3];

/// How far above the horizon the first view stands, in radians.
const HOME_ELEVATION: f32 = 0.3;

/// How much larger than what it frames an image is.
const ROOM: f32 = 1.06;

/// What the camera shall frame: a box in the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Lower corner, world units.
    pub low: Vec3,
    /// Upper corner, world units.
    pub high: Vec3,
}

impl Extent {
    /// Its middle.
    pub fn centre(&self) -> Vec3 {
        0.5 * (self.low + self.high)
    }

    /// The least of its corners along `up`.
    pub fn lowest(&self, up: Vec3) -> f32 {
        self.corners().map(|it| it.dot(up)).fold(f32::MAX, f32::min)
    }

    /// Its eight corners.
    fn corners(&self) -> impl Iterator<Item = Vec3> {
        let ends = [self.low, self.high];
        (0..8).map(move |bits: usize| {
            let [x, y, z] = [0, 1, 2].map(|k| ends[(bits >> k) & 1][k]);
            Vec3::new(x, y, z)
        })
    }

    /// Of the sphere around it; that of a single point is 1.
    pub fn radius(&self) -> f32 {
        let radius = 0.5 * (self.high - self.low).length();
        if radius.is_finite() && 1e-6 < radius {
            radius
        } else {
            1.0
        }
    }
}

/// Where the camera stands and what it turns about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Navigation {
    /// What an orbit turns about, in the middle of the image.
    pub pivot: Vec3,
    /// From the camera to the pivot, world units.
    pub distance: f32,
    /// From camera to world axes.
    pub rotation: Quat,
    /// The world's upward direction.
    pub up: Vec3,
    /// Main part of the scene: sets speeds and limits.
    pub scene: Extent,
}

impl Navigation {
    /// The first view of a scene: from the front, a little from above.
    pub fn home(scene: Extent, up: Vec3, half_tangents: Vec2) -> Self {
        let front = if up.z.abs() < 0.5 { Vec3::Z } else { Vec3::Y };
        let front = front.reject_from_normalized(up).normalize();
        let (sin, cos) = HOME_ELEVATION.sin_cos();
        let mut navigation = Self {
            pivot: scene.centre(),
            distance: 1.0,
            rotation: facing(front * cos - up * sin, up),
            up,
            scene,
        };
        navigation.frame(scene, half_tangents);
        navigation
    }

    /// The same scene from a camera's place and in its direction. It turns about what lies in the
    /// middle of the image, as far away as the scene's middle.
    #[must_use]
    pub fn standing_at(self, c2w: &Affine3A) -> Self {
        let (_, rotation, eye) = c2w.to_scale_rotation_translation();
        let forward = rotation * Vec3::Z;
        let depth = (self.scene.centre() - eye).dot(forward);
        let distance = depth.max(0.1 * self.scene.radius());
        Self {
            pivot: eye + distance * forward,
            distance,
            rotation,
            ..self
        }
    }

    /// Where the camera stands.
    pub fn eye(&self) -> Vec3 {
        self.pivot - self.distance * self.forward()
    }

    /// Where it looks to, a unit vector.
    pub fn forward(&self) -> Vec3 {
        self.rotation * Vec3::Z
    }

    /// The camera for drawing.
    pub fn camera(&self, intrinsics: Intrinsics) -> Camera {
        Camera {
            intrinsics,
            c2w: Affine3A::from_rotation_translation(self.rotation, self.eye()),
        }
    }

    /// Turns about the pivot: `yaw` about the world's up, `pitch` about the image's horizontal,
    /// both in radians; positive yaw moves the scene to the right, positive pitch down.
    pub fn orbit(&mut self, yaw: f32, pitch: f32) {
        self.rotation = self.turned(yaw, pitch);
    }

    /// Turns about the eye; the pivot stays in the middle of the image.
    pub fn look(&mut self, yaw: f32, pitch: f32) {
        let eye = self.eye();
        self.rotation = self.turned(yaw, pitch);
        self.pivot = eye + self.distance * self.forward();
    }

    /// Turns the image about its middle, in radians, clockwise.
    pub fn roll(&mut self, angle: f32) {
        self.rotation = (self.rotation * Quat::from_rotation_z(-angle)).normalize();
    }

    /// Brings the horizon back to level.
    pub fn level(&mut self) {
        self.rotation = facing(self.forward(), self.up);
    }

    /// Moves eye and pivot so that what lies at the pivot's depth follows the pointer.
    pub fn pan(&mut self, drag_px: Vec2, focal_px: f32) {
        let world_per_px = self.distance / focal_px;
        let drag = Vec3::new(drag_px.x, drag_px.y, 0.0);
        self.pivot -= self.rotation * (drag * world_per_px);
    }

    /// Multiplies the distance by `factor` and keeps what lies under the pointer at the pivot's
    /// depth where it is. `from_middle_px` is the pointer, from the middle of the image.
    pub fn zoom(&mut self, factor: f32, from_middle_px: Vec2, focal_px: f32) {
        let [nearest, farthest] = DISTANCES.map(|it| it * self.scene.radius());
        let wanted = (self.distance * factor).clamp(nearest, farthest);
        let factor = wanted / self.distance;
        let offset = Vec3::new(from_middle_px.x, from_middle_px.y, 0.0) / focal_px;
        let under_pointer = self.rotation * (offset * self.distance);
        self.pivot += under_pointer * (1.0 - factor);
        self.distance = wanted;
    }

    /// Moves eye and pivot along camera axes (x right, y down, z forward); lengths are in world
    /// units.
    pub fn translate(&mut self, along_axes: Vec3) {
        self.pivot += self.rotation * along_axes;
    }

    /// How fast to fly, world units per second: by the scene's size and what is looked at.
    pub fn fly_speed(&self) -> f32 {
        (0.6 * self.distance).clamp(0.05 * self.scene.radius(), 2.0 * self.scene.radius())
    }

    /// Keeps the direction and shows all of `extent`, with a little room around it.
    /// `half_tangents` are those of half the field of view, across and down.
    pub fn frame(&mut self, extent: Extent, half_tangents: Vec2) {
        let centre = extent.centre();
        let camera_from_world = self.rotation.inverse();
        let needed = extent.corners().map(|corner| {
            let seen = camera_from_world * (corner - centre);
            let across = (seen.truncate().abs() / half_tangents).max_element();
            ROOM * across - seen.z
        });
        let needed = needed.fold(0.0, f32::max);
        self.pivot = centre;
        self.distance = if needed.is_finite() && 1e-6 < needed {
            needed
        } else {
            2.0 * extent.radius()
        };
    }

    /// Keeps the direction and brings what is seen at a pixel, at this depth along the optical
    /// axis, into the middle.
    pub fn pivot_at(&mut self, from_middle_px: Vec2, depth: f32, focal_px: f32) {
        let offset = Vec3::new(
            from_middle_px.x / focal_px,
            from_middle_px.y / focal_px,
            1.0,
        );
        self.pivot = self.eye() + self.rotation * (offset * depth);
        self.distance = depth;
    }

    fn turned(&self, yaw: f32, pitch: f32) -> Quat {
        let yawed = Quat::from_axis_angle(self.up, -yaw) * self.rotation;
        // Pitch is cut where it would pass the pole, so that a drag never flips the scene.
        let steepness = (yawed * Vec3::Z).dot(self.up).clamp(-1.0, 1.0);
        let elevation = steepness.asin();
        let limit = STEEPEST.asin();
        let wanted = (elevation - pitch).clamp(-limit.max(-elevation), limit.max(elevation));
        let right = yawed * Vec3::X;
        (Quat::from_axis_angle(right, wanted - elevation) * yawed).normalize()
    }
}

/// From camera to world axes, looking along `forward`, with `up` on top.
fn facing(forward: Vec3, up: Vec3) -> Quat {
    let intrinsics = Intrinsics::from_vertical_fov(1.0, 1, 1);
    Camera::look_at(intrinsics, Vec3::ZERO, forward, up).rotation()
}

#[cfg(test)]
mod tests;
