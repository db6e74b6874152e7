//! Surfaces of the primitives, patch by patch.

use std::f32::consts::{PI, TAU};

use glam::{Vec2, Vec3};

use super::{Outline, Profile, Shape, superquadric};

/// A map from the unit square onto a part of a surface, smooth within; ∂u × ∂v points out.
pub(in super::super) struct Patch<'a> {
    /// The map.
    pub(in super::super) at: Box<dyn Fn(f32, f32) -> Vec3 + 'a>,
    /// Whether lines of constant v and of constant u are straight.
    pub(in super::super) is_straight: [bool; 2],
    /// How many times a picture is laid around it along u.
    pub(in super::super) repeats: f32,
}

impl<'a> Patch<'a> {
    fn new(is_straight: [bool; 2], at: impl Fn(f32, f32) -> Vec3 + 'a) -> Self {
        Self {
            at: Box::new(at),
            is_straight,
            repeats: 1.0,
        }
    }

    /// Once around the axis; a picture on it keeps its proportions about twice.
    fn around(at: impl Fn(f32, f32) -> Vec3 + 'a) -> Self {
        Self {
            at: Box::new(at),
            is_straight: [false, false],
            repeats: 2.0,
        }
    }
}

impl Shape {
    /// The whole surface.
    pub(in super::super) fn patches(&self) -> Vec<Patch<'_>> {
        match self {
            Self::Box => (0..6).map(|it| face(it, |p| p)).collect(),
            Self::Sphere => vec![Patch::around(sphere)],
            Self::Revolved(profile) => revolved(profile),
            Self::Torus { tube, arc } => torus(*tube, *arc),
            Self::Superquadric { exponents } => {
                let exponents = *exponents;
                vec![Patch::around(move |u, v| {
                    let d = sphere(u, v);
                    d / superquadric(exponents, d)
                })]
            }
            Self::Extrusion(outline) => extrusion(outline),
            Self::HeightField { .. } => (0..6)
                .map(|index| {
                    let is_low = index == BOTTOM;
                    let mut patch = face(index, move |p| {
                        let top = self.height(p.x, p.z);
                        Vec3::new(p.x, -1.0 + 0.5 * (p.y + 1.0) * (top + 1.0), p.z)
                    });
                    patch.is_straight = [is_low; 2];
                    patch
                })
                .collect(),
            Self::Wire {
                line,
                across,
                radius,
            } => vec![wire(line, *across, *radius)],
        }
    }
}

/// The index of the cube's face towards -y.
const BOTTOM: usize = 3;

/// A face of the cube, carried elsewhere by `map`.
fn face<'a>(index: usize, map: impl Fn(Vec3) -> Vec3 + 'a) -> Patch<'a> {
    let (axis, is_low) = (index / 2, index % 2 == 1);
    let (mut i, mut j) = ((axis + 1) % 3, (axis + 2) % 3);
    if is_low {
        (i, j) = (j, i);
    }
    Patch::new([true; 2], move |u, v| {
        let mut p = Vec3::ZERO;
        p[axis] = if is_low { -1.0 } else { 1.0 };
        p[i] = 2.0 * u - 1.0;
        p[j] = 2.0 * v - 1.0;
        map(p)
    })
}

/// The unit sphere; v goes from the top to the bottom.
fn sphere(u: f32, v: f32) -> Vec3 {
    let (sin_u, cos_u) = (TAU * u).sin_cos();
    let (sin_v, cos_v) = (PI * v).sin_cos();
    Vec3::new(sin_v * cos_u, cos_v, sin_v * sin_u)
}

fn on_circle(radius: f32, y: f32, u: f32) -> Vec3 {
    let (sin, cos) = (TAU * u).sin_cos();
    Vec3::new(radius * cos, y, radius * sin)
}

fn revolved(profile: &Profile) -> Vec<Patch<'_>> {
    let (top, bottom) = (profile.radius(1.0), profile.radius(-1.0));
    let mut patches = Vec::new();
    if 1e-3 < top {
        patches.push(Patch::new([false, true], move |u, v| {
            on_circle(v * top, 1.0, u)
        }));
    }
    let pieces = if profile.is_smooth {
        1
    } else {
        profile.radii.len() - 1
    };
    for piece in 0..pieces {
        let mut patch = Patch::around(move |u, v| {
            let y = 1.0 - 2.0 * (piece as f32 + v) / pieces as f32;
            on_circle(profile.radius(y), y, u)
        });
        patch.is_straight[1] = !profile.is_smooth;
        patches.push(patch);
    }
    if 1e-3 < bottom {
        patches.push(Patch::new([false, true], move |u, v| {
            on_circle((1.0 - v) * bottom, -1.0, u)
        }));
    }
    patches
}

fn torus<'a>(tube: f32, arc: f32) -> Vec<Patch<'a>> {
    let ring = 1.0 - tube;
    let mut around = Patch::around(move |u, v| {
        let (sin_a, cos_a) = (arc * u).sin_cos();
        let (sin_b, cos_b) = (TAU * v).sin_cos();
        let r = ring + tube * cos_b;
        Vec3::new(r * cos_a, -tube * sin_b, r * sin_a)
    });
    around.repeats = 4.0;
    let mut patches = vec![around];
    if arc < TAU {
        for (angle, is_end) in [(0.0_f32, false), (arc, true)] {
            let (sin, cos) = angle.sin_cos();
            let outward = Vec3::new(cos, 0.0, sin);
            let (first, second) = if is_end {
                (Vec3::Y, outward)
            } else {
                (outward, Vec3::Y)
            };
            patches.push(Patch::new([false, true], move |u, v| {
                let (sin, cos) = (TAU * u).sin_cos();
                ring * outward + v * tube * (cos * first + sin * second)
            }));
        }
    }
    patches
}

fn extrusion(outline: &Outline) -> Vec<Patch<'_>> {
    let flat = |p: Vec2, y: f32| Vec3::new(p.x, y, p.y);
    let mut patches = Vec::new();
    for [a, b] in outline.sides() {
        patches.push(Patch::new([true; 2], move |u, v| {
            flat(v * a.lerp(b, u), 1.0)
        }));
        patches.push(Patch::new([true; 2], move |u, v| {
            flat((1.0 - v) * a.lerp(b, u), -1.0)
        }));
        if !outline.is_smooth {
            patches.push(Patch::new([true; 2], move |u, v| {
                flat(a.lerp(b, u), 1.0 - 2.0 * v)
            }));
        }
    }
    if outline.is_smooth {
        let corners = &outline.corners;
        patches.push(Patch::around(move |u, v| {
            let along = u.rem_euclid(1.0) * corners.len() as f32;
            let i = along as usize % corners.len();
            let side = corners[i].lerp(corners[(i + 1) % corners.len()], along.fract());
            flat(side, 1.0 - 2.0 * v)
        }));
    }
    patches
}

fn wire(line: &[Vec3], across: Vec3, radius: f32) -> Patch<'_> {
    let last = line.len() - 1;
    let point = move |t: f32| {
        let along = t.clamp(0.0, 1.0) * last as f32;
        let i = (along as usize).min(last - 1);
        line[i].lerp(line[i + 1], along - i as f32)
    };
    let mut patch = Patch::around(move |u, v| {
        let step = 0.75 / last as f32;
        let forward = point(v + step) - point(v - step);
        let side = across.cross(forward).normalize_or(Vec3::X);
        let rise = forward.cross(side).normalize_or(Vec3::Y);
        // The last hundredth at each end is a half ball.
        let to_end = (100.0 * v.min(1.0 - v)).clamp(0.0, 1.0);
        let thick = radius * (to_end * (2.0 - to_end)).sqrt();
        let (sin, cos) = (TAU * u).sin_cos();
        point(v) + thick * (cos * side + sin * rise)
    });
    patch.repeats = 1.0;
    patch
}
