//! What stands in the demo scene: surfaces by formula, each with its texture.

use std::f32::consts::{PI, TAU};

use glam::Vec3;

use super::UP;
use super::surface::SurfacePoint;
use super::texture::{Noise, checker, rainbow, smoothstep, stripes};

/// Radius of the ground, world units.
const GROUND_RADIUS: f32 = 2.6;

/// Middle of the knot, its scale and the radius of its tube.
const KNOT_CENTRE: Vec3 = Vec3::new(0.0, -1.12, 0.0);
const KNOT_SCALE: f32 = 0.25;
const KNOT_TUBE: f32 = 0.15;

/// The ring under the knot: radius, and radius of its tube.
const RING_RADIUS: f32 = 0.62;
const RING_TUBE: f32 = 0.13;

/// How far from the middle the balls lie on the ground.
const BALL_DISTANCE: f32 = 2.02;

/// A surface of the scene: where it is and what it looks like.
pub(super) struct Shape {
    /// From parameters, each 0 to 1, to world coordinates.
    pub(super) position: Box<dyn Fn(f32, f32) -> Vec3 + Send + Sync>,
    /// Colour under white light.
    pub(super) albedo: Texture,
    /// Strength of the highlight, per channel.
    pub(super) gloss: Vec3,
    /// Opacity as a share of the usual.
    pub(super) presence: fn(&SurfacePoint) -> f32,
    /// How much finer (more than 1) or coarser than by its area it is covered.
    pub(super) detail: f32,
    /// Open surfaces are lit as if they faced the sun.
    pub(super) is_open: bool,
}

/// A ball that throws a shadow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocker {
    pub(super) centre: Vec3,
    pub(super) radius: f32,
}

/// Everything in the scene, with textures from `seed`.
pub(super) fn shapes(seed: u64) -> Vec<Shape> {
    let noise = Noise { seed };
    let mut shapes = vec![ground(noise), knot(noise), ring(noise), ribbon()];
    shapes.extend(
        balls()
            .iter()
            .zip(ball_textures(noise))
            .map(|(ball, albedo)| {
                let &Blocker { centre, radius } = ball;
                Shape {
                    position: Box::new(move |u, v| centre + radius * sphere(u, v)),
                    albedo,
                    gloss: Vec3::splat(0.45),
                    presence: |_| 1.0,
                    detail: 1.2,
                    is_open: false,
                }
            }),
    );
    shapes
}

/// What throws shadows: the balls as they are, knot and ring as rows of balls.
pub(super) fn blockers() -> Vec<Blocker> {
    let row = |count: usize, radius: f32, centre: fn(f32) -> Vec3| {
        (0..count).map(move |i| Blocker {
            centre: centre(i as f32 / count as f32),
            radius,
        })
    };
    balls()
        .into_iter()
        .chain(row(64, KNOT_TUBE, knot_line))
        .chain(row(28, RING_TUBE, ring_line))
        .collect()
}

fn balls() -> [Blocker; 5] {
    [0.24, 0.36, 0.28, 0.4, 0.31].map({
        let mut turn = 0.08;
        move |radius| {
            let (sin, cos) = (TAU * turn).sin_cos();
            turn += 0.2;
            Blocker {
                centre: Vec3::new(BALL_DISTANCE * cos, 0.01 - radius, BALL_DISTANCE * sin),
                radius,
            }
        }
    })
}

/// A colour for each point of a surface.
type Texture = Box<dyn Fn(&SurfacePoint) -> Vec3 + Send + Sync>;

fn ball_textures(noise: Noise) -> [Texture; 5] {
    let white = Vec3::splat(0.92);
    [
        Box::new(move |p| checker(p.u, p.v, (12.0, 6.0), white, Vec3::new(0.82, 0.16, 0.14))),
        Box::new(move |p| {
            let land = smoothstep(0.5, 0.54, noise.cloud(4.0 * p.position));
            let green =
                Vec3::new(0.25, 0.55, 0.2).lerp(white, smoothstep(0.3, 0.45, (p.v - 0.5).abs()));
            Vec3::new(0.08, 0.28, 0.62).lerp(green, land)
        }),
        Box::new(move |p| {
            stripes(
                9.0 * p.v + p.u,
                Vec3::new(0.95, 0.75, 0.15),
                Vec3::new(0.16, 0.15, 0.2),
            )
        }),
        Box::new(move |p| {
            let vein = (18.0 * (p.position.x + 0.6 * noise.cloud(3.0 * p.position)))
                .sin()
                .abs();
            Vec3::new(0.2, 0.28, 0.3).lerp(white, smoothstep(0.05, 0.35, vein))
        }),
        Box::new(|p| rainbow(2.0 * p.v + p.u)),
    ]
}

fn ground(noise: Noise) -> Shape {
    Shape {
        position: Box::new(|u, v| {
            let (sin, cos) = (TAU * u).sin_cos();
            let radius = GROUND_RADIUS * v;
            let ripple = 0.035 * (7.0 * radius).sin() * smoothstep(0.0, 0.5, radius);
            Vec3::new(radius * cos, 0.04, radius * sin) + ripple * UP
        }),
        albedo: Box::new(move |p| {
            let rings = (6.0 * p.v).ceil();
            let sand = Vec3::new(0.78, 0.7, 0.58);
            let slate = Vec3::new(0.26, 0.33, 0.4);
            let tile = checker(
                p.u + 0.5 / (6.0 * rings),
                p.v,
                (6.0 * rings, 6.0),
                sand,
                slate,
            );
            tile * (0.75 + 0.4 * noise.cloud(5.0 * p.position))
        }),
        gloss: Vec3::splat(0.08),
        presence: |p| 1.0 - 0.85 * smoothstep(0.93, 1.0, p.v),
        detail: 0.7,
        is_open: true,
    }
}

/// The middle line of a trefoil knot that stands on the ground.
fn knot_line(t: f32) -> Vec3 {
    let t = TAU * t;
    let line = Vec3::new(
        t.sin() + 2.0 * (2.0 * t).sin(),
        t.cos() - 2.0 * (2.0 * t).cos(),
        -(3.0 * t).sin(),
    );
    KNOT_CENTRE + KNOT_SCALE * line
}

fn knot(noise: Noise) -> Shape {
    Shape {
        position: Box::new(|u, v| tube(knot_line, KNOT_TUBE, Vec3::Z, u, v)),
        albedo: Box::new(move |p| {
            let cool = Vec3::new(0.1, 0.42, 0.55);
            let warm = Vec3::new(0.93, 0.5, 0.22);
            stripes(24.0 * p.u + 2.0 * p.v, cool, warm)
                * (0.85 + 0.25 * noise.cloud(8.0 * p.position))
        }),
        gloss: Vec3::splat(0.5),
        presence: |_| 1.0,
        detail: 1.6,
        is_open: false,
    }
}

fn ring_line(t: f32) -> Vec3 {
    let (sin, cos) = (TAU * t).sin_cos();
    Vec3::new(RING_RADIUS * cos, 0.03 - RING_TUBE, RING_RADIUS * sin)
}

fn ring(noise: Noise) -> Shape {
    Shape {
        position: Box::new(|u, v| tube(ring_line, RING_TUBE, UP, u, v)),
        albedo: Box::new(move |p| {
            Vec3::new(0.72, 0.52, 0.2) * (0.8 + 0.35 * noise.cloud(12.0 * p.position))
        }),
        gloss: Vec3::new(0.8, 0.62, 0.3),
        presence: |_| 1.0,
        detail: 1.0,
        is_open: false,
    }
}

/// A ribbon that winds up around the knot, turning over as it goes.
fn ribbon() -> Shape {
    Shape {
        position: Box::new(|u, v| {
            let (sin, cos) = (TAU * 2.25 * u).sin_cos();
            let outward = Vec3::new(cos, 0.0, sin);
            let (over, upright) = (TAU * 1.5 * u).sin_cos();
            let middle = (1.62 - 0.5 * u) * outward + (0.22 + 2.0 * u) * UP;
            middle + 0.2 * (v - 0.5) * (upright * UP + over * outward)
        }),
        albedo: Box::new(|p| {
            let edge = smoothstep(0.36, 0.4, (p.v - 0.5).abs());
            rainbow(1.3 * p.u).lerp(Vec3::splat(0.95), edge)
        }),
        gloss: Vec3::splat(0.25),
        presence: |_| 1.0,
        detail: 1.3,
        is_open: true,
    }
}

/// The unit sphere; `v` goes from the bottom to the top.
fn sphere(u: f32, v: f32) -> Vec3 {
    let (sin_u, cos_u) = (TAU * u).sin_cos();
    let (sin_v, cos_v) = (PI * v).sin_cos();
    Vec3::new(sin_v * cos_u, cos_v, sin_v * sin_u)
}

/// A tube around `line`, which is nowhere parallel to `across`.
fn tube(line: fn(f32) -> Vec3, radius: f32, across: Vec3, u: f32, v: f32) -> Vec3 {
    let forward = line(u + 1e-3) - line(u - 1e-3);
    let side = across.cross(forward).normalize_or(across);
    let rise = forward.cross(side).normalize_or(across);
    let (sin, cos) = (TAU * v).sin_cos();
    line(u) + radius * (cos * side - sin * rise)
}

#[cfg(test)]
mod tests {
    use super::super::surface::Surface;
    use super::*;

    #[test]
    fn closed_shapes_have_normals_that_point_out() {
        for shape in shapes(1).iter().filter(|it| !it.is_open) {
            let surface = Surface::new(&shape.position);
            for point in surface.points(300, 0.1) {
                let inside = blockers().into_iter().any(|it| {
                    (point.position - 0.05 * point.normal).distance(it.centre) < it.radius
                });
                assert!(inside, "{}", point.position);
            }
        }
    }

    #[test]
    fn colours_are_colours() {
        for shape in shapes(2) {
            let surface = Surface::new(&shape.position);
            for point in surface.points(300, 0.1) {
                let rgb = (shape.albedo)(&point);
                assert!(rgb.cmpge(Vec3::ZERO).all() && rgb.cmple(Vec3::splat(1.25)).all());
                assert!((0.0..=1.0).contains(&(shape.presence)(&point)));
            }
        }
    }
}
