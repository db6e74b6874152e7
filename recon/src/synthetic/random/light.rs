//! Lamps with shadows, and the light from all around, stored in the corners of triangles.

use std::f32::consts::{PI, TAU};

use glam::Vec3;
use rayon::prelude::*;
use render::{Camera, Intrinsics};

use super::raster::{Pinhole, Samples};
use super::scene::Scene;

/// Directions from which the light from all around is gathered.
const DIRECTIONS: usize = 18;

/// Pixels along a side of the pictures taken from there.
const GATHER_SIDE: u32 = 56;

/// How far away light from all around comes from, in radii of the scene.
const FAR: f32 = 6.0;

/// Where a soft shadow is looked up, within the unit circle.
const DISC: [[f32; 2]; 8] = [
    [-0.33, -0.14],
    [0.25, 0.3],
    [0.52, -0.36],
    [-0.2, 0.6],
    [-0.74, 0.22],
    [-0.4, -0.78],
    [0.12, -0.86],
    [0.86, 0.34],
];

/// A small bright thing far or near.
pub(super) struct Lamp {
    pub(super) position: Vec3,
    /// What falls on a surface that faces it, linear RGB.
    pub(super) colour: Vec3,
    /// A hole that its light comes through; all of space where there is none.
    pub(super) window: Option<Window>,
    shadow: Option<Shadow>,
}

/// A rectangle in space.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) middle: Vec3,
    /// Half its sides.
    pub(super) sides: [Vec3; 2],
}

/// What a lamp sees.
struct Shadow {
    pinhole: Pinhole,
    /// Reciprocal depths.
    nearness: Vec<[f32; 1]>,
    /// Radius in which it is looked up, pixels.
    softness: f32,
    /// World units that a surface is taken to be nearer.
    bias: f32,
}

impl Lamp {
    /// Without shadows.
    pub(super) fn new(position: Vec3, colour: Vec3) -> Self {
        Self {
            position,
            colour,
            window: None,
            shadow: None,
        }
    }

    /// Looks at what lies around `centre`, up to `radius`, from the lamp: from now on that throws
    /// shadows, on a picture of `side` × `side` pixels, with edges `softness` radii wide.
    pub(super) fn throw_shadows(
        &mut self,
        scene: &Scene,
        (centre, radius): (Vec3, f32),
        side: u32,
        softness: f32,
    ) {
        let distance = self.position.distance(centre);
        let half = (radius / distance).clamp(0.05, 0.94).asin();
        let intrinsics = Intrinsics::from_vertical_fov(2.0 * half, side, side);
        let up = super::super::UP.any_orthonormal_vector();
        let camera = Camera::look_at(intrinsics, self.position, centre, up);
        let pinhole = Pinhole::new(&camera);
        let seen = Samples::<1>::draw(scene, &pinhole, &[[0.0; 2]], |it| !scene.pieces[it].is_wall);
        let pixel = 2.0 * radius / side as f32;
        self.shadow = Some(Shadow {
            pinhole,
            nearness: seen.nearness,
            softness: softness * radius / pixel,
            bias: 1.5 * pixel,
        });
    }

    /// What reaches a point of a surface, and the unit vector towards the lamp.
    pub(super) fn reaches(&self, point: Vec3, normal: Vec3) -> (f32, Vec3) {
        let towards = (self.position - point).normalize_or(normal);
        let slant = normal.dot(towards);
        if slant <= 0.0 {
            return (0.0, towards);
        }
        let open = self.window.map_or(1.0, |it| it.passes(point, towards));
        let lit = match &self.shadow {
            Some(shadow) if 0.0 < open => shadow.lit(point, normal, slant),
            _ => 1.0,
        };
        (open * lit, towards)
    }
}

impl Window {
    /// How much of the light towards `towards` comes through it, 0 to 1.
    fn passes(&self, point: Vec3, towards: Vec3) -> f32 {
        const SOFT: f32 = 0.04;
        let normal = self.sides[0].cross(self.sides[1]);
        let along = normal.dot(towards);
        let distance = normal.dot(self.middle - point) / along;
        if !distance.is_finite() || distance < 0.0 {
            return 0.0;
        }
        let off = point + distance * towards - self.middle;
        let within = self.sides.map(|side| {
            let length = side.length();
            let rest = length - (off.dot(side) / length).abs();
            (0.5 + rest / (SOFT * (1.0 + distance))).clamp(0.0, 1.0)
        });
        within[0] * within[1]
    }
}

impl Shadow {
    fn lit(&self, point: Vec3, normal: Vec3, slant: f32) -> f32 {
        // Slanted surfaces cross more depths within a pixel.
        let reach = 1.0 + 0.5 * self.softness;
        let lift = self.bias * reach * (0.5 + 1.2 * (1.0 - slant));
        let p = self.pinhole.project(point + lift * normal);
        if p.z <= 0.0 {
            return 1.0;
        }
        let nearness = p.z.recip();
        let (x, y) = (p.x * nearness, p.y * nearness);
        if self.softness < 1.0 {
            return self.between(x, y, nearness);
        }
        let taps = DISC.map(|[dx, dy]| {
            let (x, y) = (x + self.softness * dx, y + self.softness * dy);
            if self.is_free(x as i32, y as i32, nearness) {
                1.0 / DISC.len() as f32
            } else {
                0.0
            }
        });
        taps.iter().sum()
    }

    /// The mean of the four pixels around, by how near they are.
    fn between(&self, x: f32, y: f32, nearness: f32) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (u, v) = (x - left, y - top);
        let at = |dx: i32, dy: i32| {
            let free = self.is_free(left as i32 + dx, top as i32 + dy, nearness);
            f32::from(u8::from(free))
        };
        let above = at(0, 0) + u * (at(1, 0) - at(0, 0));
        let below = at(0, 1) + u * (at(1, 1) - at(0, 1));
        above + v * (below - above)
    }

    fn is_free(&self, x: i32, y: i32, nearness: f32) -> bool {
        let [width, height] = self.pinhole.size;
        let (x, y) = (x as usize, y as usize);
        height <= y || width <= x || self.nearness[y * width + x][0] <= nearness
    }
}

/// Stores in each vertex what it sees of the sky: by pictures from many sides, each of which
/// lights what it shows. `open` is the share of the light that comes through solid walls, too: a
/// stand-in for light that is thrown back and forth.
pub(super) fn gather(scene: &mut Scene, radius: f32, open: f32) {
    let half = (1.0 / FAR).asin();
    let intrinsics = Intrinsics::from_vertical_fov(2.0 * half, GATHER_SIDE, GATHER_SIDE);
    let bias = 2.4 * radius / GATHER_SIDE as f32;
    let directions: Vec<Vec3> = even_directions().collect();
    let look = |towards: &Vec3| {
        let up = towards.any_orthonormal_vector();
        let camera = Camera::look_at(intrinsics, FAR * radius * towards, Vec3::ZERO, up);
        let pinhole = Pinhole::new(&camera);
        let seen = Samples::<1>::draw(scene, &pinhole, &[[0.0; 2]], |it| !scene.pieces[it].is_wall);
        Shadow {
            pinhole,
            nearness: seen.nearness,
            softness: 0.0,
            bias,
        }
    };
    let shadows: Vec<Shadow> = directions.par_iter().map(look).collect();
    let glows: Vec<Vec3> = directions.iter().map(|it| scene.sky.glow(*it)).collect();
    let light = |(point, normal): (&Vec3, &Vec3)| {
        let mut sum = Vec3::ZERO;
        for ((towards, shadow), glow) in directions.iter().zip(&shadows).zip(&glows) {
            let slant = normal.dot(*towards);
            if 0.0 < slant {
                let lit = shadow.lit(*point, *normal, slant);
                sum += slant * (open + (1.0 - open) * lit) * glow;
            }
        }
        // Over all directions the mean of the cosine is a quarter.
        sum * (4.0 / DIRECTIONS as f32)
    };
    let positions = scene.mesh.positions.par_iter();
    scene.ambient = positions.zip(&scene.mesh.normals).map(light).collect();
}

/// Directions evenly over the sphere: a golden spiral.
fn even_directions() -> impl Iterator<Item = Vec3> {
    let golden = PI * (3.0 - 5.0_f32.sqrt());
    (0..DIRECTIONS).map(move |i| {
        let y = 1.0 - 2.0 * (i as f32 + 0.5) / DIRECTIONS as f32;
        let (sin, cos) = (golden * i as f32).rem_euclid(TAU).sin_cos();
        let r = (1.0 - y * y).sqrt();
        Vec3::new(r * cos, y, r * sin)
    })
}
