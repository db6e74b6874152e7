//! Handles of a box or a ball: one on each face, one in the middle, and rings that turn a box.

use glam::{Quat, Vec2, Vec3};
use recon::edit::Region;
use render::Camera;

use super::Tool;
use super::gizmo::{Gizmo, Handle};

/// The pointer takes a handle from so far, in pixels.
const NEAR_PX: f32 = 10.0;

/// No box is thinner and no ball smaller, as a part of the size it had.
const LEAST: f32 = 0.01;

/// What the pointer has hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grip {
    /// All of it.
    Middle,
    /// The face on the side of an axis of its own, 0 to 2, or on the other side.
    Face(usize, bool),
    /// The surface of a ball.
    Surface,
}

/// Handles and where they lie, world units. `right` is the camera's.
pub fn grips(region: &Region, right: Vec3) -> Vec<(Grip, Vec3)> {
    let mut grips = vec![(Grip::Middle, region.centre())];
    match *region {
        Region::Box {
            centre,
            half,
            rotation,
        } => {
            for axis in 0..3 {
                let out = rotation * (Vec3::AXES[axis] * half[axis]);
                grips.push((Grip::Face(axis, true), centre + out));
                grips.push((Grip::Face(axis, false), centre - out));
            }
        }
        Region::Ball { centre, radius } => grips.push((Grip::Surface, centre + radius * right)),
    }
    grips
}

/// The handle under the pointer, a pixel.
pub fn grip_at(region: &Region, camera: &Camera, pointer: Vec2) -> Option<Grip> {
    let near = grips(region, camera.right())
        .into_iter()
        .filter_map(|(grip, at)| {
            let (pixel, depth) = camera.project(at)?;
            (pixel.distance(pointer) < NEAR_PX).then_some((depth, grip))
        });
    near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|it| it.1)
}

/// The rings about a box's own axes; `None` for a ball, which looks the same however it is turned,
/// and behind the camera.
pub fn rings(region: &Region, camera: &Camera) -> Option<Gizmo> {
    let Region::Box {
        centre, rotation, ..
    } = region
    else {
        return None;
    };
    Some(Gizmo::new(Tool::Turn, *centre, *camera)?.along(*rotation))
}

/// The region after dragging a ring from one pixel to another.
pub fn turned(
    region: &Region,
    (rings, ring): (&Gizmo, Handle),
    [from, to]: [Vec2; 2],
    snaps: bool,
) -> Region {
    match *region {
        Region::Box {
            centre,
            half,
            rotation,
        } => {
            let by = rings.drag(ring, from, to, snaps).rotation;
            Region::Box {
                centre,
                half,
                rotation: (by * rotation).normalize(),
            }
        }
        ball @ Region::Ball { .. } => ball,
    }
}

/// The region after dragging a handle from one pixel to another.
pub fn dragged(region: &Region, grip: Grip, camera: &Camera, from: Vec2, to: Vec2) -> Region {
    let at = |grip: Grip| {
        let mut all = grips(region, camera.right()).into_iter();
        all.find(|it| it.0 == grip).map(|it| it.1)
    };
    let Some((place, (_, depth))) = at(grip).and_then(|it| Some((it, camera.project(it)?))) else {
        return *region;
    };
    let shift = camera.unproject(to, depth) - camera.unproject(from, depth);
    match (*region, grip) {
        (Region::Ball { centre, radius }, Grip::Surface) => Region::Ball {
            centre,
            radius: (place + shift).distance(centre).max(LEAST * radius),
        },
        (Region::Ball { centre, radius }, _) => Region::Ball {
            centre: centre + shift,
            radius,
        },
        (
            Region::Box {
                centre,
                half,
                rotation,
            },
            Grip::Face(axis, positive),
        ) => {
            let sign = if positive { 1.0 } else { -1.0 };
            let outward = rotation * Vec3::AXES[axis.min(2)] * sign;
            let by = along(camera, (place, outward), from, to);
            let grown = (half[axis] + 0.5 * by).max(LEAST * half[axis]);
            let mut half_after = half;
            half_after[axis] = grown;
            Region::Box {
                centre: centre + outward * (grown - half[axis]),
                half: half_after,
                rotation,
            }
        }
        (
            Region::Box {
                centre,
                half,
                rotation,
            },
            _,
        ) => Region::Box {
            centre: centre + shift,
            half,
            rotation,
        },
    }
}

/// How far along a direction of the world the pointer went.
fn along(camera: &Camera, (place, direction): (Vec3, Vec3), from: Vec2, to: Vec2) -> f32 {
    let Some((here, depth)) = camera.project(place) else {
        return 0.0;
    };
    let step = 0.01 * depth;
    let Some((there, _)) = camera.project(place + step * direction) else {
        return 0.0;
    };
    let pixels = there - here;
    if pixels.length() < 1e-3 {
        return 0.0;
    }
    step * (to - from).dot(pixels) / pixels.length_squared()
}

/// The lines of a box or a ball, as pairs of points in the world.
pub fn outline(region: &Region) -> Vec<[Vec3; 2]> {
    match *region {
        Region::Box { .. } => {
            let corners = region.corners();
            let edges = (0..8).flat_map(|a| (0..3).map(move |k| (a, a | 1 << k)));
            let edges = edges.filter(|(a, b)| a != b);
            edges.map(|(a, b)| [corners[a], corners[b]]).collect()
        }
        Region::Ball { centre, radius } => {
            let circle = |axis: Vec3| {
                let out = axis.any_orthonormal_vector();
                let at = move |k: usize| {
                    let turn = Quat::from_axis_angle(axis, k as f32 * std::f32::consts::TAU / 48.0);
                    centre + radius * (turn * out)
                };
                (0..48).map(move |k| [at(k), at(k + 1)])
            };
            Vec3::AXES.into_iter().flat_map(circle).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use render::Intrinsics;

    use super::*;

    fn camera() -> Camera {
        let intrinsics = Intrinsics::from_vertical_fov(0.9, 800, 600);
        Camera::look_at(
            intrinsics,
            Vec3::new(2.0, -3.0, -6.0),
            Vec3::ZERO,
            Vec3::NEG_Y,
        )
    }

    #[test]
    fn a_dragged_ring_turns_the_box_about_its_own_axis() {
        let rotation = Quat::from_rotation_y(0.4) * Quat::from_rotation_x(-0.2);
        let region = Region::Box {
            centre: Vec3::new(0.1, 0.2, 0.0),
            half: Vec3::new(1.0, 0.5, 0.7),
            rotation,
        };
        let camera = camera();
        let rings = rings(&region, &camera).unwrap();
        let middle = camera.project(region.centre()).unwrap().0;
        for axis in 0..3 {
            let ring = Handle::Axis(axis);
            // A fifth of a turn on the screen.
            let from = rings.line(ring)[7];
            let to = middle + Vec2::from_angle(1.25).rotate(from - middle);
            let after = |snaps| {
                let after = turned(&region, (&rings, ring), [from, to], snaps);
                let Region::Box {
                    rotation: now,
                    centre,
                    half,
                } = after
                else {
                    panic!("a box");
                };
                assert_eq!((centre, half), (region.centre(), region.half()));
                let own = rotation * Vec3::AXES[axis];
                assert!((now * Vec3::AXES[axis] - own).length() < 1e-4, "{axis}");
                rotation.angle_between(now)
            };
            assert!((after(false) - 1.25).abs() < 1e-3);
            assert!((after(true).to_degrees() - 75.0).abs() < 0.1);
        }
        let ball = Region::Ball {
            centre: Vec3::ZERO,
            radius: 1.0,
        };
        assert!(super::rings(&ball, &camera).is_none());
    }

    #[test]
    fn a_dragged_face_takes_the_other_along_by_nothing() {
        let region = Region::Box {
            centre: Vec3::new(0.1, 0.2, 0.0),
            half: Vec3::new(1.0, 0.5, 0.7),
            rotation: Quat::from_rotation_y(0.4),
        };
        let camera = camera();
        for (grip, place) in grips(&region, camera.right()) {
            let Grip::Face(axis, positive) = grip else {
                continue;
            };
            let pixel = camera.project(place).unwrap().0;
            let outward = (place - region.centre()).normalize();
            let wanted = camera.project(place + 0.3 * outward).unwrap().0;
            let after = dragged(&region, grip, &camera, pixel, wanted);
            let other = |it: &Region| {
                let mut all = grips(it, camera.right()).into_iter();
                all.find(|it| it.0 == Grip::Face(axis, !positive))
                    .unwrap()
                    .1
            };
            assert!(other(&region).distance(other(&after)) < 1e-4);
            assert!((after.half()[axis] - region.half()[axis] - 0.15).abs() < 0.03);
        }
    }

    #[test]
    fn a_ball_follows_the_pointer() {
        let ball = Region::Ball {
            centre: Vec3::ZERO,
            radius: 1.0,
        };
        let camera = camera();
        let place = camera.right();
        let (from, to) = (
            camera.project(place).unwrap().0,
            camera.project(2.0 * place).unwrap().0,
        );
        assert_eq!(grip_at(&ball, &camera, from), Some(Grip::Surface));
        let after = dragged(&ball, Grip::Surface, &camera, from, to);
        assert!((after.half().x - 2.0).abs() < 1e-3);
        let moved = dragged(&ball, Grip::Middle, &camera, from, to);
        assert!(moved.centre().distance(place) < 1e-3 && moved.half() == ball.half());
        assert_eq!(outline(&ball).len(), 144);
        assert_eq!(outline(&Region::between(Vec3::ZERO, Vec3::ONE)).len(), 12);
    }
}
