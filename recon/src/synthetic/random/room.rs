//! Furnished rooms, seen from inside. They are made with y up and the floor at 0, then turned.

mod furniture;

use std::f32::consts::TAU;
use std::sync::Arc;

use glam::{Affine3A, Quat, Vec2, Vec3};
use image::RgbImage;
use render::Camera;

use super::super::UP;
use super::CameraPlan;
use super::cameras::lens;
use super::dice::Dice;
use super::light::{Lamp, Window};
use super::object::Paint;
use super::scene::{Cut, Part, Scene};
use super::shape::Shape;
use super::solid::{Solid, place};
use super::surface::{Pattern, Surface};

/// Half the thickness of walls.
const WALL: f32 = 0.05;

/// Cameras keep this far from solids.
const CLEARANCE: f32 = 0.14;

/// A room as it was planned.
pub(super) struct Room {
    /// Half the floor's sides (x, z), and the height.
    half: Vec2,
    height: f32,
    pub(super) parts: Vec<Part>,
    windows: Vec<Window>,
    /// Vertical field of view of the cameras, radians.
    fov: f32,
}

/// From the room as it is made to the world.
fn world_from_plan(height: f32) -> Affine3A {
    let turn = Quat::from_rotation_x(0.5 * TAU);
    Affine3A::from_rotation_translation(turn, turn * Vec3::new(0.0, -0.5 * height, 0.0))
}

impl Room {
    /// Plans and furnishes a room.
    pub(super) fn random(pictures: Option<&Arc<Vec<RgbImage>>>, dice: &mut Dice) -> Self {
        let half = Vec2::new(dice.between(1.1, 2.1), dice.between(1.1, 2.1));
        let mut room = Self {
            half,
            height: dice.between(1.3, 1.9),
            parts: Vec::new(),
            windows: Vec::new(),
            fov: dice.between(52.0, 72.0).to_radians(),
        };
        room.build(pictures, dice);
        furniture::furnish(&mut room, pictures, dice);
        let to_world = world_from_plan(room.height);
        for it in &mut room.parts {
            it.moved(&to_world);
        }
        for window in &mut room.windows {
            window.middle = to_world.transform_point3(window.middle);
            window.sides = window.sides.map(|it| to_world.transform_vector3(it));
        }
        room
    }

    /// Floor, ceiling and walls, with windows.
    fn build(&mut self, pictures: Option<&Arc<Vec<RgbImage>>>, dice: &mut Dice) {
        let (half, height) = (self.half, self.height);
        let paint = Paint::random(pictures, dice);
        let wall = wall_surface(&paint, dice);
        let other = if dice.chance(0.3) {
            wall_surface(&paint, dice)
        } else {
            wall.clone()
        };
        let mut slab = |size: Vec3, middle: Vec3, surface: Surface| {
            let solid = boxed(size, middle);
            let mut part = Part::new(solid, surface);
            part.is_wall = true;
            self.parts.push(part);
        };
        let flat = Vec3::new(half.x + 2.0 * WALL, WALL, half.y + 2.0 * WALL);
        slab(flat, Vec3::new(0.0, -WALL, 0.0), paint.surface(dice));
        let ceiling = Surface::matt(Pattern::Plain(Vec3::splat(dice.between(0.5, 0.85))));
        slab(flat, Vec3::new(0.0, height + WALL, 0.0), ceiling);
        for (side, surface) in [(1.0, &wall), (-1.0, &wall)] {
            let middle = Vec3::new(side * (half.x + WALL), 0.5 * height, 0.0);
            slab(
                Vec3::new(WALL, 0.5 * height, half.y),
                middle,
                surface.clone(),
            );
        }
        for (side, surface) in [(1.0, &other), (-1.0, &wall)] {
            let middle = Vec3::new(0.0, 0.5 * height, side * (half.y + WALL));
            slab(
                Vec3::new(half.x, 0.5 * height, WALL),
                middle,
                surface.clone(),
            );
        }
        let first = dice.below(4);
        for k in 0..dice.below(3) {
            self.open_window((first + k) % 4, dice);
        }
    }

    /// Cuts a window into a wall (0: +x, 1: -x, 2: +z, 3: -z) and puts a frame around it.
    fn open_window(&mut self, wall: usize, dice: &mut Dice) {
        let (is_x, side) = (wall < 2, if wall.is_multiple_of(2) { 1.0 } else { -1.0 });
        let (across, length) = if is_x {
            (Vec3::Z, self.half.y)
        } else {
            (Vec3::X, self.half.x)
        };
        let outward = side * if is_x { Vec3::X } else { Vec3::Z };
        let depth = if is_x { self.half.x } else { self.half.y };
        let wide = dice.between(0.2, 0.55) * length;
        let high = dice.between(0.16, 0.3) * self.height;
        let shift = dice.between(-1.0, 1.0) * (length - wide - 0.1).max(0.0);
        let middle = shift * across + Vec3::Y * 0.57 * self.height + (depth + WALL) * outward;
        let size = wide * across + high * Vec3::Y + 2.0 * WALL * outward.abs();
        let part = &mut self.parts[2 + wall];
        part.cuts.push(Cut {
            solid: boxed(size, middle),
            keeps_inside: false,
        });
        self.windows.push(Window {
            middle,
            sides: [wide * across, high * Vec3::Y],
        });
        let frame = Surface::matt(Pattern::Plain(Vec3::splat(dice.pick(&[0.75, 0.3, 0.08]))));
        let thick = 0.018;
        let bars = [
            (Vec3::ZERO, high * Vec3::Y, thick * across),
            (Vec3::ZERO, wide * across, thick * Vec3::Y),
            (high * Vec3::Y, wide * across, thick * Vec3::Y),
            (-high * Vec3::Y, wide * across, thick * Vec3::Y),
        ];
        for (at, along, thin) in bars {
            let size = along + thin + 0.02 * outward.abs();
            self.parts
                .push(Part::new(boxed(size, middle + at), frame.clone()));
        }
    }

    /// The radius of the ball around the origin that holds the room.
    pub(super) fn radius(&self) -> f32 {
        Vec3::new(self.half.x, 0.5 * self.height, self.half.y).length() + 2.0 * WALL
    }

    /// World units of a picture's height at a usual distance.
    pub(super) fn seen_height(&self) -> f32 {
        2.0 * (0.5 * self.fov).tan() * self.half.min_element()
    }

    /// A lamp under the ceiling, and the sun in a window; after the scene's parts are in place.
    pub(super) fn lamps(&self, scene: &Scene, side: u32, dice: &mut Dice) -> Vec<Lamp> {
        let mut lamps = Vec::new();
        let has_sun = !self.windows.is_empty() && dice.chance(0.75);
        let warm = Vec3::ONE.lerp(Vec3::new(1.2, 0.95, 0.7), dice.between(0.0, 1.0));
        if !has_sun || dice.chance(0.7) {
            let shift = Vec3::new(0.5 * self.half.x, 0.0, 0.5 * self.half.y) * dice.vector(1.0);
            let position = 0.43 * self.height * UP + shift;
            let strength = dice.between(0.4, 0.9);
            let mut lamp = Lamp::new(position, strength * warm);
            let floor = Vec3::new(position.x, 0.5 * self.height, position.z);
            let reach = position.distance(floor);
            let softness = dice.between(0.02, 0.08);
            lamp.throw_shadows(scene, (floor, reach), 2 * side, softness);
            lamps.push(lamp);
        }
        if has_sun {
            let window = self.windows[0];
            let outward = (window.middle * Vec3::new(1.0, 0.0, 1.0)).normalize_or(Vec3::X);
            let along = window.sides[0].cross(window.sides[1]).normalize_or(Vec3::X);
            let outward = along * along.dot(outward).signum();
            let mut towards = outward + dice.between(0.35, 1.1) * UP;
            towards += dice.between(-0.7, 0.7) * window.sides[0].normalize_or(Vec3::Z);
            let strength = dice.between(0.9, 1.8);
            let mut lamp = Lamp::new(
                8.0 * self.radius() * towards.normalize(),
                strength * Vec3::new(1.1, 1.0, 0.85),
            );
            lamp.throw_shadows(scene, (Vec3::ZERO, self.radius()), 3 * side, 0.01);
            lamp.window = Some(window);
            lamps.push(lamp);
        }
        lamps
    }

    /// Corners get less of the light from all around than the middle of walls.
    pub(super) fn darken_corners(&self, scene: &mut Scene) {
        let half = Vec3::new(self.half.x, 0.5 * self.height, self.half.y);
        let vertices = scene.mesh.positions.iter().zip(&scene.mesh.normals);
        for (light, (p, normal)) in scene.ambient.iter_mut().zip(vertices) {
            for axis in 0..3 {
                if normal[axis].abs() < 0.7 {
                    let off = (half[axis] - p[axis].abs()).max(0.0);
                    *light *= 1.0 - 0.35 * (-off / 0.25).exp();
                }
            }
        }
    }

    /// Cameras that stand clear of the furniture and look across the room.
    pub(super) fn cameras(
        &self,
        plan: CameraPlan,
        count: usize,
        size: [u32; 2],
        dice: &mut Dice,
    ) -> Vec<Camera> {
        let intrinsics = lens(self.fov, size);
        let turn = dice.between(0.0, TAU);
        let sweep = dice.pick(&[-1.0, 1.0]) * dice.between(0.35, 1.0) * TAU;
        let (near, rise) = (dice.between(0.3, 0.6), dice.between(0.0, TAU));
        (0..count)
            .map(|i| {
                let t = i as f32 / count.max(2) as f32;
                let mut angle = turn + sweep * t;
                let mut reach = near;
                let mut up = 0.12 + 0.12 * (TAU * t + rise).sin();
                if plan == CameraPlan::Scattered {
                    angle = dice.between(0.0, TAU);
                    reach = dice.between(0.1, 0.75);
                    up = dice.between(-0.15, 0.3);
                }
                let ray = Vec3::new(self.half.x * angle.cos(), 0.0, self.half.y * angle.sin());
                let unsteady = if plan == CameraPlan::Path { 0.04 } else { 0.35 };
                // Step by step to where there is room: in, and up.
                let clear = (0..12).map(|step| {
                    let step = step as f32 / 12.0;
                    (reach * (1.0 - step)) * ray + (up + step * (0.36 - up)) * self.height * UP
                });
                let eye = clear.clone().find(|it| self.is_clear(*it));
                let eye = eye.unwrap_or(0.36 * self.height * UP);
                let across = Vec3::new(-0.6 * ray.x, 0.14 * self.height, -0.6 * ray.z);
                let target = across + unsteady * dice.direction();
                Camera::look_at(intrinsics, eye, target, UP)
            })
            .collect()
    }

    fn is_clear(&self, eye: Vec3) -> bool {
        let around = [Vec3::X, Vec3::Y, Vec3::Z, Vec3::ZERO];
        let mut points = around
            .into_iter()
            .flat_map(|it| [eye + CLEARANCE * it, eye - CLEARANCE * it]);
        points.all(|point| !self.parts.iter().any(|it| it.solid.contains(point)))
    }
}

/// An upright box by half its sides and its middle.
fn boxed(half: Vec3, middle: Vec3) -> Solid {
    Solid::new(
        Shape::Box,
        super::deform::Deform::default(),
        place(half, Quat::IDENTITY, middle),
    )
}

/// Paint, wallpaper, panels; light more often than not.
fn wall_surface(paint: &Paint, dice: &mut Dice) -> Surface {
    if dice.chance(0.5) {
        return paint.surface(dice);
    }
    let mut surface = super::surface::plain_surface(dice);
    if let Pattern::Plain(colour) = &mut surface.under {
        *colour = colour.lerp(Vec3::splat(0.75), 0.6);
    }
    surface
}
