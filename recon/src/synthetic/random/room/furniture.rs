//! What stands in rooms: tables, seats, shelves, lamps, rugs, pictures and things of chance.

use std::f32::consts::TAU;
use std::sync::Arc;

use glam::{Affine3A, Quat, Vec2, Vec3};
use image::RgbImage;

use super::super::deform::Deform;
use super::super::dice::Dice;
use super::super::object::{self, Paint};
use super::super::scene::Part;
use super::super::shape::{Profile, Shape};
use super::super::solid::{Solid, place};
use super::super::surface::{Pattern, Surface};
use super::{Room, boxed};

type Pictures<'a> = Option<&'a Arc<Vec<RgbImage>>>;

/// Fills the room along its walls, its middle, its floor and its walls.
pub(super) fn furnish(room: &mut Room, pictures: Pictures<'_>, dice: &mut Dice) {
    let (half, height) = (room.half, room.height);
    for wall in 0..4 {
        let (inward, along, depth, length) = match wall {
            0 => (Vec3::NEG_X, Vec3::Z, half.x, half.y),
            1 => (Vec3::X, Vec3::Z, half.x, half.y),
            2 => (Vec3::NEG_Z, Vec3::X, half.y, half.x),
            _ => (Vec3::Z, Vec3::X, half.y, half.x),
        };
        let facing = Quat::from_rotation_arc(Vec3::Z, inward);
        let facing = if wall == 2 {
            Quat::from_rotation_y(0.5 * TAU)
        } else {
            facing
        };
        let mut at = -length + 0.35;
        while at < length - 0.35 {
            let wide = dice.between(0.22, 0.45);
            if dice.chance(0.72) {
                let size = Vec3::new(wide, dice.between(0.3, 0.75) * height, 0.16);
                let parts = against_wall(size, pictures, dice);
                let middle = (at + wide) * along - (depth - size.z - 0.02) * inward;
                stand(room, parts, facing, middle);
            }
            at += 2.0 * wide + dice.between(0.05, 0.5);
        }
        if dice.chance(0.6) {
            let paint = Paint::random(pictures, dice);
            let size = Vec2::new(dice.between(0.1, 0.3), dice.between(0.1, 0.22));
            let shift = dice.between(-0.6, 0.6) * length;
            let middle = shift * along + 0.68 * height * Vec3::Y - (depth - 0.012) * inward;
            let picture = boxed(size.extend(0.012), Vec3::ZERO);
            stand(
                room,
                vec![Part::new(picture, paint.surface(dice))],
                facing,
                middle,
            );
        }
    }
    let turn = Quat::from_rotation_y(dice.between(0.0, TAU));
    if dice.chance(0.6) {
        let paint = Paint::random(pictures, dice);
        let wide = dice.between(0.35, 0.7) * half.min_element();
        let shape = if dice.chance(0.4) {
            Shape::Revolved(Profile::cylinder())
        } else {
            Shape::Box
        };
        let own = place(Vec3::new(wide, 0.006, 0.8 * wide), turn, 0.006 * Vec3::Y);
        let rug = Solid::new(shape, Deform::default(), own);
        room.parts.push(Part::new(rug, paint.surface(dice)));
    }
    if dice.chance(0.6) {
        let size = Vec3::new(dice.between(0.25, 0.45), 0.0, dice.between(0.2, 0.35));
        let parts = table(size + dice.between(0.25, 0.45) * Vec3::Y, pictures, dice);
        stand(room, parts, turn, Vec3::ZERO);
    }
    for _ in 0..dice.below(4) {
        let paint = Paint::random(pictures, dice);
        let spot = Vec3::new(half.x, 0.0, half.y) * dice.vector(0.75);
        let radius = dice.between(0.1, 0.24);
        let turn = Quat::from_rotation_y(dice.between(0.0, TAU));
        let parts = if dice.chance(0.4) {
            chair(&paint, dice)
        } else {
            object::standing(radius, pictures, dice)
        };
        stand(room, parts, turn, spot);
    }
}

/// Moves furniture to its place.
fn stand(room: &mut Room, mut parts: Vec<Part>, facing: Quat, position: Vec3) {
    let by = Affine3A::from_rotation_translation(facing, position);
    for it in &mut parts {
        it.moved(&by);
    }
    room.parts.extend(parts);
}

/// Furniture with its back to -z, within ± x and ± z and up to y of `size`.
fn against_wall(size: Vec3, pictures: Pictures<'_>, dice: &mut Dice) -> Vec<Part> {
    let paint = Paint::random(pictures, dice);
    match dice.below(6) {
        0 => shelf(size, pictures, dice),
        1 => cupboard(size * Vec3::new(1.0, 0.8, 1.0), &paint, dice),
        2 => seat(size, &paint, dice),
        3 => table(
            Vec3::new(size.x, dice.between(0.3, 0.5), size.z),
            pictures,
            dice,
        ),
        4 => lamp(size.y, &paint, dice),
        _ => object::standing(dice.between(0.14, 0.3), pictures, dice),
    }
}

fn bar(half: Vec3, middle: Vec3, surface: &Surface) -> Part {
    Part::new(boxed(half, middle), surface.clone())
}

fn legs(size: Vec3, thick: f32, surface: &Surface, dice: &mut Dice) -> Vec<Part> {
    let shape = if dice.chance(0.5) {
        Shape::Box
    } else {
        Shape::Revolved(Profile::cone(dice.between(0.8, 1.8)))
    };
    let corner = |(x, z): (f32, f32)| {
        let middle = Vec3::new(x * (size.x - thick), 0.5 * size.y, z * (size.z - thick));
        let own = place(
            Vec3::new(thick, 0.5 * size.y, thick),
            Quat::IDENTITY,
            middle,
        );
        let solid = Solid::new(shape.clone(), Deform::default(), own);
        Part::new(solid, surface.clone())
    };
    [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)]
        .map(corner)
        .into()
}

/// A table with things on it.
fn table(size: Vec3, pictures: Pictures<'_>, dice: &mut Dice) -> Vec<Part> {
    let paint = Paint::random(pictures, dice);
    let surface = paint.surface(dice);
    let thick = dice.between(0.01, 0.03);
    let mut parts = legs(size, thick.max(0.014), &surface, dice);
    let top = Vec3::new(size.x, thick, size.z);
    parts.push(bar(top, (size.y - thick) * Vec3::Y, &surface));
    for _ in 0..=dice.below(3) {
        let radius = dice.between(0.06, 0.14);
        let mut thing = object::standing(radius, pictures, dice);
        let spot = Vec3::new(size.x, 0.0, size.z) * dice.vector(0.7) + size.y * Vec3::Y;
        let by = Affine3A::from_translation(spot);
        for it in &mut thing {
            it.moved(&by);
        }
        parts.extend(thing);
    }
    parts
}

fn chair(paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let surface = paint.surface(dice);
    let size = Vec3::new(0.14, dice.between(0.2, 0.28), 0.14);
    let mut parts = legs(size, 0.014, &surface, dice);
    let seat = paint.surface(dice);
    parts.push(bar(Vec3::new(0.14, 0.012, 0.14), size.y * Vec3::Y, &seat));
    let back = Vec3::new(0.0, size.y + 0.15, -0.13);
    parts.push(bar(Vec3::new(0.14, 0.13, 0.01), back, &seat));
    parts
}

/// Boards between two sides, with books and things.
fn shelf(size: Vec3, pictures: Pictures<'_>, dice: &mut Dice) -> Vec<Part> {
    let paint = Paint::random(pictures, dice);
    let surface = paint.surface(dice);
    let side = Vec3::new(0.012, 0.5 * size.y, size.z);
    let mut parts = Vec::new();
    for x in [-size.x, size.x] {
        parts.push(bar(side, Vec3::new(x, 0.5 * size.y, 0.0), &surface));
    }
    let count = 2 + dice.below(3);
    let step = size.y / count as f32;
    for i in 0..=count {
        let y = (i as f32 * step).max(0.012);
        let board = Vec3::new(size.x, 0.012, size.z);
        parts.push(bar(board, y * Vec3::Y, &surface));
        if i == count {
            continue;
        }
        if dice.chance(0.4) {
            let radius = (0.4 * step).min(0.8 * size.z);
            let mut thing = object::standing(radius, pictures, dice);
            let spot = Vec3::new(dice.between(-0.6, 0.6) * size.x, y + 0.012, 0.0);
            let by = Affine3A::from_translation(spot);
            for it in &mut thing {
                it.moved(&by);
            }
            parts.extend(thing);
            continue;
        }
        let mut x = -0.95 * size.x;
        while x < dice.between(0.0, 0.9) * size.x {
            let thick = dice.between(0.012, 0.035);
            let half = Vec3::new(thick, step * dice.between(0.25, 0.42), 0.8 * size.z);
            let middle = Vec3::new(x + thick, y + 0.012 + half.y, -0.1 * size.z);
            parts.push(bar(half, middle, &paint.surface(dice)));
            x += 2.0 * thick + 0.002;
        }
    }
    parts
}

/// A box with doors and knobs.
fn cupboard(size: Vec3, paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let (body, door) = (paint.surface(dice), paint.surface(dice));
    let half = Vec3::new(size.x, 0.5 * size.y, size.z);
    let mut parts = vec![bar(half, half.y * Vec3::Y, &body)];
    let (columns, rows) = (1 + dice.below(3), 1 + dice.below(3));
    let cell = Vec2::new(half.x / columns as f32, half.y / rows as f32);
    for i in 0..columns * rows {
        let (column, row) = ((i % columns) as f32, (i / columns) as f32);
        let middle = Vec3::new(
            -half.x + (2.0 * column + 1.0) * cell.x,
            (2.0 * row + 1.0) * cell.y,
            half.z,
        );
        parts.push(bar((0.9 * cell).extend(0.008), middle, &door));
        let knob = place(
            Vec3::splat(0.012),
            Quat::IDENTITY,
            middle + Vec3::new(0.65 * cell.x, 0.0, 0.018),
        );
        let knob = Solid::new(Shape::Sphere, Deform::default(), knob);
        parts.push(Part::new(knob, body.clone()));
    }
    parts
}

/// Upholstery: a sofa, an armchair, a bed.
fn seat(size: Vec3, paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let cloth = paint.surface(dice);
    let round = [dice.between(0.15, 0.5), dice.between(0.15, 0.5)];
    let soft = |half: Vec3, middle: Vec3, surface: &Surface| {
        let shape = Shape::Superquadric { exponents: round };
        let own = place(half, Quat::IDENTITY, middle);
        Part::new(Solid::new(shape, Deform::default(), own), surface.clone())
    };
    let low = dice.between(0.09, 0.13);
    let back = low + dice.between(0.14, 0.24);
    let (x, z) = (size.x, size.z);
    let mut parts = vec![
        soft(Vec3::new(x, low, z), Vec3::new(0.0, low, 0.0), &cloth),
        soft(
            Vec3::new(x, back, 0.3 * z),
            Vec3::new(0.0, back, -0.7 * z),
            &cloth,
        ),
    ];
    if dice.chance(0.7) {
        for side in [-1.0, 1.0] {
            let half = Vec3::new(0.05, 0.7 * back, z);
            parts.push(soft(half, Vec3::new(side * x, 0.7 * back, 0.0), &cloth));
        }
    }
    for _ in 0..dice.below(3) {
        let spot = Vec3::new(dice.between(-0.6, 0.6) * x, 2.0 * low + 0.06, -0.2 * z);
        parts.push(soft(
            Vec3::new(0.08, 0.07, 0.035),
            spot,
            &paint.surface(dice),
        ));
    }
    parts
}

/// A foot, a rod and a shade that glows.
fn lamp(height: f32, paint: &Paint, dice: &mut Dice) -> Vec<Part> {
    let metal = paint.surface(dice);
    let wide = dice.between(0.07, 0.13);
    let turned = |profile: Profile, half: Vec3, y: f32, surface: &Surface| {
        let own = place(half, Quat::IDENTITY, y * Vec3::Y);
        let solid = Solid::new(Shape::Revolved(profile), Deform::default(), own);
        Part::new(solid, surface.clone())
    };
    let mut shade = Surface::matt(Pattern::Plain(Vec3::new(0.8, 0.75, 0.6)));
    shade.glow = dice.between(0.0, 0.6) * Vec3::new(1.0, 0.9, 0.7);
    let rod = Vec3::new(0.01, 0.5 * height, 0.01);
    vec![
        turned(
            Profile::cylinder(),
            Vec3::new(wide, 0.01, wide),
            0.01,
            &metal,
        ),
        turned(Profile::cylinder(), rod, 0.5 * height, &metal),
        turned(
            Profile::cone(dice.between(0.3, 1.0)),
            Vec3::new(wide, 0.8 * wide, wide),
            height,
            &shade,
        ),
    ]
}
