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
    offset: Vec3,
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
        let strength = dice.between(0.3, 0.75);
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
            offset,
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
        let p = 2.2 * direction + self.offset;
        let shade = if 0.0 <= height {
            let cloud = noise::octaves(p * Vec3::new(1.0, 2.5, 1.0), 4, 0.55);
            let cover = (2.5 * (cloud - 0.45)).clamp(0.0, 1.0) * self.clouds;
            glow.lerp(Vec3::splat(0.9), cover)
        } else {
            glow * (0.4 + 1.2 * noise::octaves(3.0 * p, 4, 0.6))
        };
        shade.map(colour::shown)
    }
}
