//! Cameras as lines: a pyramid from the eye to the image, and a roof over its upper edge.

use glam::Vec3;
use render::Segment;

use crate::project::{Frustum, Role};
use crate::theme;

/// Depth of the pyramids, as a part of the cameras' extent: of a few cameras, and of many.
const DEPTHS: [f32; 2] = [0.08, 0.015];

/// How far the roof stands out over the image, as a part of its half height.
const ROOF: f32 = 0.45;

/// The lines of all cameras. `width_px` is that of a thin line.
pub(super) fn segments(frusta: &[Frustum], width_px: f32) -> Vec<Segment> {
    let depth = depth(frusta);
    frusta
        .iter()
        .flat_map(|it| pyramid(it, depth, width_px))
        .collect()
}

/// So that neighbours do not hide each other.
fn depth(frusta: &[Frustum]) -> f32 {
    let eyes = || frusta.iter().map(|it| Vec3::from(it.c2w.translation));
    let low = eyes().fold(Vec3::MAX, Vec3::min);
    let high = eyes().fold(Vec3::MIN, Vec3::max);
    let reach = (high - low).length();
    if frusta.len() < 2 || !(1e-6..).contains(&reach) {
        return 0.1;
    }
    let [few, many] = DEPTHS;
    reach * (few * 3.0 / (frusta.len() as f32).sqrt()).clamp(many, few)
}

/// The lines of one.
pub(super) fn pyramid(
    frustum: &Frustum,
    depth: f32,
    width_px: f32,
) -> impl Iterator<Item = Segment> {
    let half = frustum.half_tangents * depth;
    let place = |x: f32, y: f32| {
        let point = Vec3::new(x * half.x, y * half.y, depth);
        frustum.c2w.transform_point3(point)
    };
    let eye = frustum.c2w.translation.into();
    let [a, b, c, d] =
        [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| place(x, y));
    // Down is +y in the camera, so this lies above the image.
    let top = place(0.0, -1.0 - ROOF);
    let colour = theme::camera(frustum.role);
    let width_px = if frustum.role == Role::Selected {
        2.0 * width_px
    } else {
        width_px
    };
    [
        (eye, a),
        (eye, b),
        (eye, c),
        (eye, d),
        (a, b),
        (b, c),
        (c, d),
        (d, a),
        (a, top),
        (top, b),
    ]
    .into_iter()
    .map(move |(from, to)| Segment {
        from,
        to,
        colour,
        width_px,
    })
}

#[cfg(test)]
mod tests {
    use glam::{Affine3A, Vec2};

    use super::*;

    fn camera(x: f32) -> Frustum {
        Frustum {
            c2w: Affine3A::from_translation(Vec3::new(x, 0.0, 0.0)),
            half_tangents: Vec2::new(1.0, 0.5),
            role: Role::Train,
        }
    }

    #[test]
    fn a_camera_looks_along_z_and_its_roof_is_on_top() {
        let lines = segments(&[camera(0.0), camera(10.0)], 1.0);
        assert_eq!(lines.len(), 20);
        let ends = || lines[..10].iter().flat_map(|it| [it.from, it.to]);
        let low = ends().fold(Vec3::MAX, Vec3::min);
        let high = ends().fold(Vec3::MIN, Vec3::max);
        assert!((high.z - 0.8).abs() < 1e-6 && low.z == 0.0, "{low} {high}");
        assert!(-low.y > high.y && (high.x - 0.8).abs() < 1e-6);
        assert_eq!(lines[10].from, Vec3::new(10.0, 0.0, 0.0));
    }

    #[test]
    fn many_cameras_are_small_and_one_is_drawn_too() {
        let many: Vec<Frustum> = (0..1000).map(|i| camera(0.01 * i as f32)).collect();
        assert!(depth(&many) < 0.02 * 10.0);
        assert_eq!(depth(&[camera(0.0)]), 0.1);
        assert_eq!(depth(&[]), 0.1);
    }
}
