//! Handles to move, turn and scale with the pointer: where they lie on the screen, which one the
//! pointer has, and what dragging it does.

use std::f32::consts::{PI, TAU};

use glam::{Quat, Vec2, Vec3};
use recon::edit::Similarity;
use render::Camera;

use super::Tool;

/// Length of the arrows and radius of the rings, in pixels.
pub const REACH_PX: f32 = 90.0;

/// The pointer takes a handle from so far, in pixels.
const NEAR_PX: f32 = 9.0;

/// Corners of a ring.
const RING: usize = 48;

/// Steps of turning and scaling when they snap.
const TURN_STEP: f32 = PI / 12.0;
const SCALE_STEP: f32 = 0.1;

/// Part of the gizmo's reach by which moves snap.
const MOVE_STEP: f32 = 0.1;

/// What the pointer has hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// The arrow along an axis, or the ring about it: 0 to 2.
    Axis(usize),
    /// The square at the end of the scale's line.
    Size,
}

/// Where the handles lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gizmo {
    /// Move, turn or scale.
    pub tool: Tool,
    /// What it turns about, world units.
    pub pivot: Vec3,
    /// Its own axes in the world.
    pub frame: Quat,
    /// Length of the arrows, world units.
    pub reach: f32,
    /// What it is seen through, of the viewport's size.
    pub camera: Camera,
}

impl Gizmo {
    /// As large on the screen wherever it lies; `None` behind the camera, or for another tool.
    pub fn new(tool: Tool, pivot: Vec3, camera: Camera) -> Option<Self> {
        let (_, depth) = camera.project(pivot)?;
        let reach = REACH_PX * depth / camera.intrinsics.fy;
        matches!(tool, Tool::Move | Tool::Turn | Tool::Scale).then_some(Self {
            tool,
            pivot,
            frame: Quat::IDENTITY,
            reach,
            camera,
        })
    }

    /// The same with axes of its own instead of the world's.
    #[must_use]
    pub fn along(self, frame: Quat) -> Self {
        Self { frame, ..self }
    }

    /// An axis in the world.
    fn axis(&self, axis: usize) -> Vec3 {
        self.frame * axis_of(axis)
    }

    /// All handles.
    pub fn handles(&self) -> Vec<Handle> {
        match self.tool {
            Tool::Scale => vec![Handle::Size],
            _ => (0..3).map(Handle::Axis).collect(),
        }
    }

    /// A handle as a line on the screen, in pixels; empty where it cannot be seen.
    pub fn line(&self, handle: Handle) -> Vec<Vec2> {
        let points: Vec<Vec3> = match (self.tool, handle) {
            (Tool::Turn, Handle::Axis(axis)) => {
                let (a, b) = self.axis(axis).any_orthonormal_pair();
                let at = |k: usize| {
                    let (sin, cos) = (TAU * k as f32 / RING as f32).sin_cos();
                    self.pivot + self.reach * (cos * a + sin * b)
                };
                (0..=RING).map(at).collect()
            }
            (_, Handle::Axis(axis)) => vec![self.pivot, self.pivot + self.reach * self.axis(axis)],
            (_, Handle::Size) => {
                let aside = (self.camera.right() + self.camera.up()).normalize();
                vec![self.pivot, self.pivot + self.reach * aside]
            }
        };
        let seen: Option<Vec<Vec2>> = points
            .iter()
            .map(|it| self.camera.project(*it).map(|it| it.0))
            .collect();
        seen.unwrap_or_default()
    }

    /// The handle under the pointer.
    pub fn at(&self, pointer: Vec2) -> Option<Handle> {
        let distance = |handle: Handle| {
            let line = self.line(handle);
            let parts = line.windows(2).map(|it| to_segment(pointer, it[0], it[1]));
            parts.fold(f32::INFINITY, f32::min)
        };
        let handles = self.handles().into_iter().map(|it| (distance(it), it));
        let nearest = handles.min_by(|a, b| a.0.total_cmp(&b.0))?;
        (nearest.0 < NEAR_PX).then_some(nearest.1)
    }

    /// What dragging a handle from one pixel to another does.
    pub fn drag(&self, handle: Handle, from: Vec2, to: Vec2, snaps: bool) -> Similarity {
        let snap = |value: f32, step: f32| {
            if snaps {
                (value / step).round() * step
            } else {
                value
            }
        };
        let none = Similarity::IDENTITY;
        let Some((middle, _)) = self.camera.project(self.pivot) else {
            return none;
        };
        match (self.tool, handle) {
            (Tool::Turn, Handle::Axis(axis)) => {
                let direction = self.axis(axis);
                let angle = (to - middle).angle_to(from - middle);
                // On the screen y goes down, and an axis may point away.
                let towards = direction.dot(self.pivot - self.camera.position()) < 0.0;
                let angle = if towards { angle } else { -angle };
                let angle = snap(angle, TURN_STEP);
                if !angle.is_finite() {
                    return none;
                }
                let turn = Quat::from_axis_angle(direction, angle);
                Similarity::about(self.pivot, turn, 1.0, Vec3::ZERO)
            }
            (Tool::Scale, _) => {
                let factor = (to - middle).length() / (from - middle).length();
                let factor = snap(factor, SCALE_STEP);
                if !factor.is_finite() {
                    return none;
                }
                let factor = factor.clamp(0.01, 100.0);
                Similarity::about(self.pivot, Quat::IDENTITY, factor, Vec3::ZERO)
            }
            (_, Handle::Axis(axis)) => {
                let line = self.line(handle);
                let [from_px, to_px] = line[..] else {
                    return none;
                };
                let along = to_px - from_px;
                let part = (to - from).dot(along) / along.length_squared().max(1.0);
                let shift = snap(part, MOVE_STEP) * self.reach * self.axis(axis);
                Similarity::about(self.pivot, Quat::IDENTITY, 1.0, shift)
            }
            _ => none,
        }
    }
}

/// An axis of the world.
pub fn axis_of(axis: usize) -> Vec3 {
    Vec3::AXES[axis.min(2)]
}

/// From a point to a stretch of a line.
pub fn to_segment(point: Vec2, a: Vec2, b: Vec2) -> f32 {
    let along = b - a;
    let part = (point - a).dot(along) / along.length_squared().max(1e-6);
    (point - (a + part.clamp(0.0, 1.0) * along)).length()
}

#[cfg(test)]
mod tests {
    use render::Intrinsics;

    use super::*;

    fn gizmo(tool: Tool) -> Gizmo {
        let intrinsics = Intrinsics::from_vertical_fov(0.9, 800, 600);
        let eye = Vec3::new(2.0, -1.5, -4.0);
        let camera = Camera::look_at(intrinsics, eye, Vec3::new(0.3, 0.0, 0.1), Vec3::NEG_Y);
        Gizmo::new(tool, Vec3::new(0.2, 0.1, 0.0), camera).unwrap()
    }

    #[test]
    fn the_pointer_takes_what_it_is_over() {
        for tool in [Tool::Move, Tool::Turn, Tool::Scale] {
            let gizmo = gizmo(tool);
            for handle in gizmo.handles() {
                let line = gizmo.line(handle);
                // A point of a ring may lie on another ring.
                let found = line
                    .windows(2)
                    .filter(|it| gizmo.at(0.5 * (it[0] + it[1])) == Some(handle));
                assert!(0 < found.count(), "{tool:?} {handle:?}");
            }
            assert_eq!(gizmo.at(Vec2::ZERO), None);
        }
        assert!(Gizmo::new(Tool::Look, Vec3::ZERO, gizmo(Tool::Move).camera).is_none());
    }

    #[test]
    fn a_dragged_arrow_follows_the_pointer() {
        let gizmo = gizmo(Tool::Move);
        for axis in 0..3 {
            let line = gizmo.line(Handle::Axis(axis));
            let by = gizmo.drag(Handle::Axis(axis), line[0], line[1], false);
            let moved = by.point(gizmo.pivot) - gizmo.pivot;
            assert!((moved - gizmo.reach * axis_of(axis)).length() < 1e-3);
            let halfway = line[0].lerp(line[1], 0.48);
            let by = gizmo.drag(Handle::Axis(axis), line[0], halfway, true);
            let moved = (by.point(gizmo.pivot) - gizmo.pivot).length() / gizmo.reach;
            assert!((moved - 0.5).abs() < 1e-3, "by steps");
        }
    }

    #[test]
    fn a_dragged_ring_carries_the_point_under_the_pointer_along() {
        let gizmo = gizmo(Tool::Turn);
        for axis in 0..3 {
            let (a, b) = axis_of(axis).any_orthonormal_pair();
            let place =
                |angle: f32| gizmo.pivot + gizmo.reach * (angle.cos() * a + angle.sin() * b);
            let px = |at: Vec3| gizmo.camera.project(at).unwrap().0;
            let by = gizmo.drag(Handle::Axis(axis), px(place(0.0)), px(place(0.2)), false);
            let before = (px(by.point(place(0.0))) - px(place(0.2))).length();
            let unmoved = (px(place(0.0)) - px(place(0.2))).length();
            assert!(before < 0.8 * unmoved, "{axis}: {before} of {unmoved}");
        }
    }

    #[test]
    fn the_scale_is_that_of_the_distance_to_the_middle() {
        let gizmo = gizmo(Tool::Scale);
        let line = gizmo.line(Handle::Size);
        let by = gizmo.drag(Handle::Size, line[1], line[0].lerp(line[1], 1.5), false);
        assert!((by.scale - 1.5).abs() < 1e-3);
        assert!((by.point(gizmo.pivot) - gizmo.pivot).length() < 1e-5);
        let stuck = gizmo.drag(Handle::Size, line[0], line[1], false);
        assert!(stuck.is_sound());
    }
}
