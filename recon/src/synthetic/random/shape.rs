//! The primitives: surfaces as patches over the unit square, and what lies within them.

mod outline;
mod patches;
#[cfg(test)]
mod tests;

use std::f32::consts::{PI, TAU};

use glam::{Vec2, Vec3};

use super::dice::Dice;
use super::noise;

pub(super) use outline::{Outline, Profile};
pub(super) use patches::Patch;

/// A closed surface around the origin, within about ± 1 along each axis; y is its axis.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// The cube.
    Box,
    /// The unit sphere.
    Sphere,
    /// A curve turned around the axis: cylinders, cones, pots, turned legs.
    Revolved(Profile),
    /// A ring or a part of it, in the plane across the axis.
    Torus {
        /// Radius of the tube; the middle line's is 1 less that.
        tube: f32,
        /// How far around it goes, radians up to 2π.
        arc: f32,
    },
    /// Barr, "Superquadrics and Angle-Preserving Transformations" (1981): `exponents` of the
    /// side view and of the view from above, 0.1 (a cube) over 1 (a sphere) to 2.5 (a star).
    Superquadric {
        /// The two exponents.
        exponents: [f32; 2],
    },
    /// A polygon pulled along the axis.
    Extrusion(Outline),
    /// A square block whose top is a landscape.
    HeightField {
        /// Hills per unit.
        frequency: f32,
        /// From the lowest possible to the highest possible point.
        relief: f32,
        /// Where in the noise it lies.
        offset: Vec3,
    },
    /// A thin round wire along a curve, with rounded ends: handles, springs, cables.
    Wire {
        /// The curve's points, evenly spaced in the parameter.
        line: Vec<Vec3>,
        /// A direction that the curve never runs along.
        across: Vec3,
        /// Half the thickness.
        radius: f32,
    },
}

/// What [`Shape`] is called, without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ShapeName {
    Box,
    Sphere,
    Cylinder,
    Cone,
    Revolved,
    Torus,
    Superquadric,
    Extrusion,
    HeightField,
    Wire,
}

impl ShapeName {
    /// All of them, with how often parts of objects are one.
    pub(super) const WEIGHTS: [(Self, f32); 10] = [
        (Self::Box, 1.4),
        (Self::Sphere, 0.9),
        (Self::Cylinder, 1.2),
        (Self::Cone, 0.6),
        (Self::Revolved, 1.2),
        (Self::Torus, 0.8),
        (Self::Superquadric, 1.4),
        (Self::Extrusion, 1.3),
        (Self::HeightField, 0.4),
        (Self::Wire, 0.5),
    ];
}

impl Shape {
    /// One of the name, its numbers left to chance.
    pub(super) fn random(name: ShapeName, dice: &mut Dice) -> Self {
        match name {
            ShapeName::Box => Self::Box,
            ShapeName::Sphere => Self::Sphere,
            ShapeName::Cylinder => Self::Revolved(Profile::cylinder()),
            ShapeName::Cone => {
                let top = dice.unless(0.0, 0.5, 0.0, 0.8);
                Self::Revolved(Profile::cone(top))
            }
            ShapeName::Revolved => Self::Revolved(Profile::random(dice)),
            ShapeName::Torus => Self::Torus {
                tube: dice.factor(0.06, 0.42),
                arc: if dice.chance(0.6) {
                    TAU
                } else {
                    dice.between(0.4 * PI, 1.8 * PI)
                },
            },
            ShapeName::Superquadric => Self::Superquadric {
                exponents: [dice.factor(0.12, 2.2), dice.factor(0.12, 2.2)],
            },
            ShapeName::Extrusion => Self::Extrusion(Outline::random(dice)),
            ShapeName::HeightField => Self::HeightField {
                frequency: dice.factor(0.8, 3.5),
                relief: dice.between(0.5, 1.6),
                offset: dice.vector(16.0),
            },
            ShapeName::Wire => wire(dice),
        }
    }

    /// Whether [`Self::contains`] knows: wires are too thin to cut or to be cut.
    pub(super) fn can_be_cut(&self) -> bool {
        !matches!(self, Self::Wire { .. })
    }

    /// Whether a point lies within.
    pub(super) fn contains(&self, p: Vec3) -> bool {
        match self {
            Self::Box => p.abs().max_element() < 1.0,
            Self::Sphere => p.length_squared() < 1.0,
            Self::Revolved(profile) => {
                let r = profile.radius(p.y);
                p.y.abs() < 1.0 && p.x * p.x + p.z * p.z < r * r
            }
            Self::Torus { tube, arc } => {
                let from_line = Vec2::new(p.x, p.z).length() - (1.0 - tube);
                from_line * from_line + p.y * p.y < tube * tube
                    && (TAU <= *arc || p.z.atan2(p.x).rem_euclid(TAU) < *arc)
            }
            Self::Superquadric { exponents } => superquadric(*exponents, p) < 1.0,
            Self::Extrusion(outline) => p.y.abs() < 1.0 && outline.contains(Vec2::new(p.x, p.z)),
            Self::HeightField { .. } => {
                p.x.abs().max(p.z.abs()) < 1.0 && -1.0 < p.y && p.y < self.height(p.x, p.z)
            }
            Self::Wire { .. } => false,
        }
    }

    /// The landscape's height over a point of the ground; 0 for other shapes.
    pub(super) fn height(&self, x: f32, z: f32) -> f32 {
        let Self::HeightField {
            frequency,
            relief,
            offset,
        } = self
        else {
            return 0.0;
        };
        let p = Vec3::new(x, 0.0, z) * *frequency + *offset;
        (relief * (noise::octaves(p, 3, 0.45) - 0.5)).clamp(-0.95, 1.0)
    }
}

/// Barr's inside-outside function, made homogeneous of degree one: 1 on the surface.
fn superquadric([side, above]: [f32; 2], p: Vec3) -> f32 {
    let p = p.abs();
    let around = (p.x.powf(2.0 / above) + p.z.powf(2.0 / above)).powf(above / side);
    (around + p.y.powf(2.0 / side)).powf(0.5 * side)
}

/// A handle, a spring, an S or a free curve.
fn wire(dice: &mut Dice) -> Shape {
    const POINTS: usize = 25;
    let t = (0..POINTS).map(|i| i as f32 / (POINTS - 1) as f32);
    let radius = dice.factor(0.03, 0.12);
    let reach = 1.0 - radius;
    let (line, across): (Vec<Vec3>, Vec3) = match dice.below(4) {
        0 => {
            let rise = dice.between(0.5, 1.8);
            let arch = |t: f32| Vec3::new(-(PI * t).cos(), rise * (PI * t).sin() - 0.9, 0.0);
            (t.map(|t| reach * arch(t)).collect(), Vec3::Z)
        }
        1 => {
            let turns = dice.between(1.5, 4.0);
            let spring = |t: f32| {
                let (sin, cos) = (TAU * turns * t).sin_cos();
                Vec3::new(cos, 2.0 * t - 1.0, sin)
            };
            let finer = (0..4 * POINTS).map(|i| i as f32 / (4 * POINTS - 1) as f32);
            (finer.map(|t| reach * spring(t)).collect(), Vec3::Y)
        }
        2 => {
            let swing = dice.between(0.3, 0.9);
            let bow = |t: f32| Vec3::new(swing * (TAU * t).sin(), 2.0 * t - 1.0, 0.0);
            (t.map(|t| reach * bow(t)).collect(), Vec3::Z)
        }
        _ => {
            let (a, b) = (dice.between(-0.8, 0.8), dice.between(-0.8, 0.8));
            let free = |t: f32| {
                let bow = (PI * t).sin();
                Vec3::new(2.0 * t - 1.0, a * bow, b * bow * (PI * t).cos())
            };
            // Its z never outruns its x, so that this direction stays across.
            (t.map(|t| reach * free(t)).collect(), Vec3::Z)
        }
    };
    Shape::Wire {
        line,
        across,
        radius,
    }
}
