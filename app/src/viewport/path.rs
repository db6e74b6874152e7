//! A camera path as lines: the curve, and a small camera at each keyframe.

use glam::{Vec2, Vec3};
use recon::camera_path::CameraPath;
use render::Segment;

use super::frusta::pyramid;
use crate::project::{Frustum, Role};
use crate::state::Show;
use crate::theme;

/// Straight pieces of the curve between two keyframes.
const PIECES: usize = 24;

/// All of a path has no more.
const MAX_PIECES: usize = 600;

/// Shape of the images whose cameras are drawn.
const ASPECT: f32 = 16.0 / 9.0;

/// Depth of the cameras, as a part of the scene's radius.
const DEPTH: f32 = 0.06;

/// The lines, while the camera is not itself on its way along them. `width_px` is that of a thin
/// line, `radius` the scene's.
pub(super) fn segments(show: &Show, radius: f32, width_px: f32) -> Vec<Segment> {
    if show.playing {
        return Vec::new();
    }
    let mut segments = curve(&show.path, 2.0 * width_px);
    for (index, keyframe) in show.path.keyframes().iter().enumerate() {
        let down = (0.5 * keyframe.fov_y_degrees.to_radians()).tan();
        let frustum = Frustum {
            c2w: keyframe.c2w(),
            // Wide angles would stand out of the scene.
            half_tangents: Vec2::new(ASPECT, 1.0) * down.min(1.0),
            role: if show.selected == Some(index) {
                Role::Selected
            } else {
                Role::Keyframe
            },
        };
        segments.extend(pyramid(&frustum, DEPTH * radius, width_px));
    }
    segments
}

fn curve(path: &CameraPath, width_px: f32) -> Vec<Segment> {
    let pieces = (PIECES * path.keyframes().len()).min(MAX_PIECES);
    let (start, whole) = (path.start_secs(), path.duration_secs());
    if whole <= 0.0 {
        return Vec::new();
    }
    let place = |piece: usize| -> Option<Vec3> {
        let part = piece as f64 / pieces as f64;
        let camera = path.camera_at(start + whole * part, [1, 1])?;
        Some(camera.position())
    };
    (0..pieces)
        .filter_map(|it| {
            Some(Segment {
                from: place(it)?,
                to: place(it + 1)?,
                colour: theme::camera(Role::Keyframe),
                width_px,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use glam::Affine3A;
    use recon::camera_path::Keyframe;

    use super::*;

    #[test]
    fn the_curve_goes_from_end_to_end() {
        let mut show = Show::default();
        assert!(segments(&show, 1.0, 1.0).is_empty());
        for (time, x) in [(0.0, 0.0), (1.0, 2.0), (3.0, 5.0)] {
            let c2w = Affine3A::from_translation(Vec3::X * x);
            show.path.insert(Keyframe::new(time, &c2w, 45.0)).unwrap();
        }
        let lines = segments(&show, 1.0, 1.0);
        assert_eq!(lines.len(), 3 * PIECES + 3 * 10);
        assert_eq!(lines[0].from, Vec3::ZERO);
        assert!((lines[3 * PIECES - 1].to - Vec3::X * 5.0).length() < 1e-5);
        show.playing = true;
        assert!(segments(&show, 1.0, 1.0).is_empty());
    }
}
