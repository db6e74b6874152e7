//! What is seen around a scene, and how it lights it.

use glam::Vec3;

use super::super::UP;
use super::Backdrop;
use super::colour;
use super::dice::Dice;
use super::noise;

/// A sky over a ground, or a plain studio. Colours are linear.
#[derive(Clone, Debug)]
pub(super) struct Sky {
    zenith: Vec3,
    horizon: Vec3,
    ground: Vec3,
    clouds: f32,
    /// Features of the clouds and of the ground, per radian.
    frequency: f32,
    offset: Vec3,
    /// Walls with fields on them instead of clouds and ground: how far the fields differ.
    walls: Option<f32>,
    /// A second colour on one side of the horizon: a sunset, a lit wall.
    side: (Vec3, Vec3),
    /// One colour everywhere (display RGB), whatever the light.
    plain: Option<Vec3>,
}

impl Sky {
    /// Chosen by the seed; a backdrop of one colour leaves the light as it is.
    pub(super) fn random(backdrop: Backdrop, dice: &mut Dice) -> Self {
        let tint = |dice: &mut Dice, amount: f32| {
            let hue = colour::random(dice);
            Vec3::ONE.lerp(hue / hue.max_element().max(0.05), amount)
        };
        let strength = dice.between(0.4, 0.9);
        let is_day = dice.chance(0.4);
        let zenith = if is_day {
            Vec3::new(0.3, 0.5, 1.0)
        } else {
            let amount = dice.between(0.0, 0.3);
            tint(dice, amount)
        };
        let amount = dice.between(0.0, 0.25);
        let horizon = dice.between(0.7, 1.3) * tint(dice, amount);
        let ground = dice.between(0.15, 0.8) * tint(dice, 0.4);
        let side = (dice.direction(), dice.between(0.0, 0.7) * tint(dice, 0.7));
        let (clouds, offset) = (dice.between(0.0, 1.0), dice.vector(16.0));
        let frequency = dice.factor(1.2, 5.0);
        let walls = dice.chance(0.35).then(|| dice.between(0.4, 1.6));
        let own = colour::random(dice).map(colour::shown);
        let any = dice.weighted(&[0.35, 0.3, 0.35]);
        let plain = match (backdrop, any) {
            (Backdrop::White, _) | (Backdrop::Any, 0) => Some(Vec3::ONE),
            (Backdrop::Coloured, _) | (Backdrop::Any, 1) => Some(own),
            (Backdrop::Environment | Backdrop::Any, _) => None,
        };
        Self {
            zenith: strength * zenith,
            horizon: strength * horizon,
            ground: strength * ground,
            clouds,
            frequency,
            offset,
            walls,
            side: (side.0, strength * side.1),
            plain,
        }
    }

    /// The light from a direction, without fine detail; linear.
    pub(super) fn glow(&self, direction: Vec3) -> Vec3 {
        let height = direction.dot(UP);
        let base = if 0.0 <= height {
            self.horizon.lerp(self.zenith, height.sqrt())
        } else {
            self.horizon.lerp(self.ground, (-4.0 * height).min(1.0))
        };
        let side = direction.dot(self.side.0).max(0.0);
        base + side * side * self.side.1
    }

    /// What a camera sees in a direction, display RGB.
    pub(super) fn seen(&self, direction: Vec3) -> Vec3 {
        if let Some(plain) = self.plain {
            return plain;
        }
        let height = direction.dot(UP);
        let glow = self.glow(direction);
        if let Some(unrest) = self.walls {
            return (glow * self.field(direction, unrest)).map(colour::shown);
        }
        let p = self.frequency * direction + self.offset;
        let shade = if 0.0 <= height {
            let cloud = noise::octaves(p * Vec3::new(1.0, 2.5, 1.0), 4, 0.55);
            let cover = (2.5 * (cloud - 0.45)).clamp(0.0, 1.0) * self.clouds;
            glow.lerp(Vec3::splat(0.9), cover)
        } else {
            glow * (0.4 + 1.2 * noise::octaves(2.0 * p, 4, 0.6))
        };
        shade.map(colour::shown)
    }

    /// The tint of a wall in a direction: fields of several sizes on the faces of a cube.
    fn field(&self, direction: Vec3, unrest: f32) -> Vec3 {
        let axis = direction.abs().max_position();
        let on_face = direction / direction[axis].abs().max(1e-6);
        let salt = 2 * axis as i32 + i32::from(direction[axis] < 0.0);
        let mut tint = Vec3::ONE;
        for (k, size) in [(0, 1.0), (1, 2.6)] {
            let cell = (self.frequency * size * on_face + self.offset).floor();
            let at = |channel: i32| noise::of_cell(cell, salt + 7 * k + 3 * channel) - 0.5;
            let grey = at(0);
            let colour = 0.3 * Vec3::new(at(1), at(2), at(3)) + grey;
            tint += unrest / size * colour;
        }
        tint.clamp(Vec3::splat(0.05), Vec3::splat(2.0))
    }
}
