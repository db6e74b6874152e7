//! Objects: a few primitives, put together by chance or by simple rules of how things are built.

use std::f32::consts::TAU;
use std::sync::Arc;

use glam::{Affine3A, Quat, Vec3};
use image::RgbImage;

use super::colour;
use super::deform::{Bumps, Deform};
use super::dice::Dice;
use super::scene::{Cut, Part};
use super::shape::{Profile, Shape, ShapeName};
use super::solid::{Solid, place};
use super::surface::Surface;

/// What an object is painted with.
pub(super) struct Paint {
    palette: [Vec3; 4],
    pictures: Option<Arc<Vec<RgbImage>>>,
}

impl Paint {
    pub(super) fn random(pictures: Option<&Arc<Vec<RgbImage>>>, dice: &mut Dice) -> Self {
        Self {
            palette: colour::palette(dice),
            pictures: pictures.cloned(),
        }
    }

    /// A surface in its colours.
    pub(super) fn surface(&self, dice: &mut Dice) -> Surface {
        Surface::random(&self.palette, self.pictures.as_ref(), dice)
    }
}

/// An object within the ball of radius 1 around the origin, which it touches. The y axis of its
/// making points to [`super::super::UP`].
pub(super) fn random(pictures: Option<&Arc<Vec<RgbImage>>>, dice: &mut Dice) -> Vec<Part> {
    let mut parts = made(pictures, dice);
    fit(&mut parts);
    parts
}

/// An object that stands on the plane y = 0, with y up, around the axis and within `radius` of it.
pub(super) fn standing(
    radius: f32,
    pictures: Option<&Arc<Vec<RgbImage>>>,
    dice: &mut Dice,
) -> Vec<Part> {
    let mut parts = made(pictures, dice);
    let (low, high, reach) = extent(&parts);
    if (1e-6..1e6).contains(&reach) {
        let foot = Vec3::new(0.5 * (low.x + high.x), low.y, 0.5 * (low.z + high.z));
        let by =
            Affine3A::from_scale(Vec3::splat(radius / reach)) * Affine3A::from_translation(-foot);
        for it in &mut parts {
            it.moved(&by);
        }
    }
    parts
}

/// Parts as they come, of any size.
fn made(pictures: Option<&Arc<Vec<RgbImage>>>, dice: &mut Dice) -> Vec<Part> {
    let paint = Paint::random(pictures, dice);
    let mut parts = match dice.weighted(&[0.4, 0.2, 0.2, 0.2]) {
        0 => heap(&paint, dice),
        1 => stack(&paint, dice),
        2 => creature(&paint, dice),
        _ => vessel(&paint, dice),
    };
    if dice.chance(0.3) {
        parts.extend(row(&paint, dice));
    }
    parts
}

/// The box around parts, and the radius of the ball around its middle that holds them.
fn extent(parts: &[Part]) -> (Vec3, Vec3, f32) {
    let points: Vec<Vec3> = parts.iter().flat_map(Part::points).collect();
    let nothing = (Vec3::INFINITY, Vec3::NEG_INFINITY);
    let around = |(low, high): (Vec3, Vec3), it: &Vec3| (low.min(*it), high.max(*it));
    let (low, high) = points.iter().fold(nothing, around);
    let from_middle = points.iter().map(|it| it.distance(0.5 * (low + high)));
    (low, high, from_middle.fold(0.0, f32::max))
}

/// Moves and scales parts so that they fill the ball of radius 1, and turns them upright.
fn fit(parts: &mut [Part]) {
    let (low, high, reach) = extent(parts);
    let middle = 0.5 * (low + high);
    if !(1e-6..1e6).contains(&reach) {
        return;
    }
    let upright = Quat::from_rotation_x(0.5 * TAU);
    let by = Affine3A::from_scale_rotation_translation(
        Vec3::splat(reach.recip()),
        upright,
        upright * (-middle / reach),
    );
    for it in parts {
        it.moved(&by);
    }
}

/// A primitive of chance at a place.
fn solid(size: Vec3, rotation: Quat, position: Vec3, dice: &mut Dice) -> Solid {
    let weights: Vec<f32> = ShapeName::WEIGHTS.iter().map(|it| it.1).collect();
    let name = ShapeName::WEIGHTS[dice.weighted(&weights)].0;
    let shape = Shape::random(name, dice);
    let deform = Deform::random(dice);
    Solid::new(shape, deform, place(size, rotation, position))
}

/// Sizes along three axes: cubes, slabs and rods, within `scale`.
fn size(scale: f32, dice: &mut Dice) -> Vec3 {
    let mut any = || dice.factor(0.35, 1.0);
    let mut size = scale * Vec3::new(any(), any(), any());
    match dice.weighted(&[0.62, 0.2, 0.18]) {
        0 => {}
        1 => size[dice.below(3)] = dice.factor(0.02, 0.08),
        _ => {
            let along = dice.below(3);
            let thin = dice.factor(0.025, 0.1);
            size = Vec3::splat(thin);
            size[along] = scale;
        }
    }
    size
}

/// Sometimes takes something away from a part.
fn cut(part: &mut Part, dice: &mut Dice) {
    if !part.solid.shape.can_be_cut() || !dice.chance(0.35) {
        return;
    }
    let own = *part.solid.place();
    let keeps_inside = dice.chance(0.25);
    let weights = [1.0, 1.0, 1.2, 0.6, 0.0, 0.5, 0.8, 0.8, 0.0, 0.0];
    let name = ShapeName::WEIGHTS[dice.weighted(&weights)].0;
    let shape = Shape::random(name, dice);
    let (scale, shift) = if keeps_inside {
        (dice.between(0.75, 1.1), 0.35)
    } else {
        (dice.between(0.25, 0.8), 1.0)
    };
    let mut sizes = scale * Vec3::from([(); 3].map(|()| dice.between(0.6, 1.2)));
    if !keeps_inside && dice.chance(0.4) {
        // A hole right through.
        sizes.y = 1.6;
    }
    let within = place(sizes, dice.rotation(), dice.vector(shift));
    part.cuts.push(Cut {
        solid: Solid::new(shape, Deform::default(), own * within),
        keeps_inside,
    });
    if part.points().len() < 12 {
        part.cuts.pop();
    }
}

/// Parts wherever they happen to be: each sits in one before it.
fn heap(paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let count = 1 + dice.below(9);
    let mut parts: Vec<Part> = Vec::new();
    for i in 0..count {
        let scale = if i == 0 { 1.0 } else { dice.factor(0.25, 0.9) };
        let position = if i == 0 {
            Vec3::ZERO
        } else {
            let on = parts[dice.below(parts.len())].solid.place();
            on.transform_point3(dice.vector(0.9))
        };
        let (mut size, rotation) = (size(scale, dice), dice.rotation());
        if i == 0 {
            // What all else sits on is no hair.
            size = size.max(Vec3::splat(0.12));
        }
        let mut part = Part::new(solid(size, rotation, position, dice), paint.surface(dice));
        cut(&mut part, dice);
        parts.push(part);
    }
    parts
}

/// Parts on top of one another around an axis: lamps, towers, bottles, furniture.
fn stack(paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut top = 0.0;
    for _ in 0..2 + dice.below(4) {
        let half = dice.factor(0.04, 0.5);
        let width = dice.factor(0.08, 0.7);
        let sizes = Vec3::new(width, half, width * dice.between(0.6, 1.0));
        let turn = Quat::from_rotation_y(dice.between(0.0, TAU));
        let position = Vec3::new(0.0, top + 0.96 * half, 0.0);
        let mut part = Part::new(solid(sizes, turn, position, dice), paint.surface(dice));
        cut(&mut part, dice);
        parts.push(part);
        top += 1.92 * half;
    }
    parts
}

/// A body with limbs on both sides alike: animals, cars, chairs, shoes.
fn creature(paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let sizes = Vec3::from([(); 3].map(|()| dice.between(0.3, 0.9)));
    let upright = Quat::from_rotation_y(dice.pick(&[0.0, 0.25 * TAU]));
    let mut body = Part::new(solid(sizes, upright, Vec3::ZERO, dice), paint.surface(dice));
    cut(&mut body, dice);
    let mut parts = vec![body];
    for _ in 0..=dice.below(4) {
        let surface = paint.surface(dice);
        let scale = dice.factor(0.15, 0.6);
        let (size, rotation) = (size(scale, dice), dice.rotation());
        let place_on = sizes * dice.vector(1.1);
        let limb = solid(size, rotation, place_on, dice);
        let mut twin = limb.clone();
        twin.moved(&Affine3A::from_rotation_y(0.5 * TAU));
        if dice.chance(0.5) {
            // Turned back, the twin stands beside the limb instead of across the body.
            twin = limb.clone();
            twin.moved(&Affine3A::from_translation(Vec3::new(
                -2.0 * place_on.x,
                0.0,
                0.0,
            )));
        }
        parts.push(Part::new(limb, surface.clone()));
        parts.push(Part::new(twin, surface));
    }
    if dice.chance(0.6) {
        let scale = dice.between(0.2, 0.5);
        let (size, rotation) = (size(scale, dice), dice.rotation());
        let position = Vec3::new(0.0, sizes.y, sizes.z * dice.between(-1.0, 1.0));
        parts.push(Part::new(
            solid(size, rotation, position, dice),
            paint.surface(dice),
        ));
    }
    parts
}

/// A hollow pot, cup or box, often with handles or a lid.
fn vessel(paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let (wide, high) = (dice.between(0.4, 0.9), dice.between(0.3, 1.0));
    let shape = match dice.weighted(&[0.55, 0.2, 0.25]) {
        0 => Shape::Revolved(Profile::random(dice)),
        1 => Shape::Revolved(Profile::cone(dice.between(0.7, 1.4))),
        _ => Shape::Box,
    };
    let deform = Deform {
        bumps: dice.chance(0.15).then(|| Bumps::random(dice)),
        ..Deform::default()
    };
    let own = place(Vec3::new(wide, high, wide), Quat::IDENTITY, Vec3::ZERO);
    let mut pot = Part::new(Solid::new(shape, deform, own), paint.surface(dice));
    let wall = dice.between(0.06, 0.2);
    let hollow = match &pot.solid.shape {
        Shape::Revolved(profile) => Shape::Revolved(profile.narrower(1.0 - wall)),
        other => other.clone(),
    };
    let (narrow, foot) = match &hollow {
        Shape::Revolved(profile) => (1.0, profile.radius(-1.0)),
        _ => (1.0 - wall, 1.0),
    };
    // A little higher than the pot: its rim and its foot are open.
    let within = place(Vec3::new(narrow, 1.002, narrow), Quat::IDENTITY, Vec3::ZERO);
    pot.cuts.push(Cut {
        solid: Solid::new(hollow, deform, own * within),
        keeps_inside: false,
    });
    let floor = match &pot.solid.shape {
        Shape::Box => Shape::Box,
        _ => Shape::Revolved(Profile::cylinder()),
    };
    let wide_floor = wide * foot * (1.0 - 0.4 * wall);
    let floor_place = place(
        Vec3::new(wide_floor, wall * high, wide_floor),
        Quat::IDENTITY,
        (0.998 * wall - 1.0) * high * Vec3::Y,
    );
    let bottom = Solid::new(floor, Deform::default(), floor_place);
    let bottom = Part::new(bottom, pot.surface.clone());
    let mut parts = vec![pot, bottom];
    if dice.chance(0.6) {
        let surface = paint.surface(dice);
        let shape = Shape::Torus {
            tube: dice.between(0.08, 0.25),
            arc: TAU,
        };
        let sizes = high * Vec3::new(dice.between(0.3, 0.5), dice.between(0.25, 0.5), 0.5);
        let upright = Quat::from_rotation_x(0.25 * TAU);
        let twins = 1 + dice.below(2);
        for side in [1.0, -1.0].into_iter().take(twins) {
            let position = Vec3::new(side * wide, 0.1 * high, 0.0);
            let own = place(sizes, upright, position);
            let solid = Solid::new(shape.clone(), Deform::default(), own);
            let mut handle = Part::new(solid, surface.clone());
            // Nothing of the handle reaches into the hollow.
            let mut hollow = parts[0].cuts[0].clone();
            hollow.keeps_inside = false;
            handle.cuts.push(hollow);
            parts.push(handle);
        }
    }
    if dice.chance(0.35) {
        let sizes = Vec3::new(wide, dice.between(0.04, 0.3), wide);
        let position = Vec3::new(0.0, high * dice.between(1.0, 1.3), 0.0);
        let turn = Quat::from_rotation_z(dice.unless(0.0, 0.5, -0.6, 0.6));
        parts.push(Part::new(
            solid(sizes, turn, position, dice),
            paint.surface(dice),
        ));
    }
    parts
}

/// Equal things in a row or a ring: legs, buttons, spokes, books.
fn row(paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let count = 3 + dice.below(6);
    let scale = dice.factor(0.06, 0.3);
    let (size, rotation) = (size(scale, dice), dice.rotation());
    let height = dice.between(-0.7, 0.7);
    let one = solid(size, rotation, Vec3::ZERO, dice);
    let surface = paint.surface(dice);
    let is_ring = dice.chance(0.6);
    let reach = dice.between(0.3, 0.8);
    (0..count)
        .map(|i| {
            let t = i as f32 / count as f32;
            let by = if is_ring {
                Affine3A::from_rotation_y(TAU * t)
                    * Affine3A::from_translation(Vec3::new(reach, height, 0.0))
            } else {
                Affine3A::from_translation(Vec3::new(2.0 * reach * (t - 0.5), height, 0.3))
            };
            let mut twin = one.clone();
            twin.moved(&by);
            Part::new(twin, surface.clone())
        })
        .collect()
}
