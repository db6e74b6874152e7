//! What surfaces look like: patterns in space and on the surface, and how glossy they are.

mod pattern;

use std::sync::Arc;

use glam::{Vec2, Vec3};
use image::RgbImage;

use super::colour;
use super::dice::Dice;
use super::noise;

pub(super) use pattern::{Pattern, PatternName};

/// A material with its colours.
#[derive(Clone, Debug)]
pub(super) struct Surface {
    pub(super) under: Pattern,
    /// A second pattern where the mask says.
    over: Option<(Mask, Pattern)>,
    /// Fine irregularity of the brightness: how much, and how fine.
    grain: [f32; 2],
    /// Share of the light that is thrown back as from a mirror, seen straight on, 0 to 1.
    pub(super) gloss: Vec3,
    /// Blinn's exponent.
    pub(super) shininess: f32,
    /// Light of its own, linear.
    pub(super) glow: Vec3,
}

/// Where a second pattern lies.
#[derive(Clone, Copy, Debug)]
enum Mask {
    /// In patches of noise.
    Patches { frequency: f32, share: f32 },
    /// In a rectangle of the surface: a label.
    Label { low: Vec2, high: Vec2 },
    /// In bands across an axis.
    Bands {
        axis: Vec3,
        frequency: f32,
        share: f32,
    },
}

impl Mask {
    fn random(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Patches {
                frequency: dice.factor(1.2, 6.0),
                share: dice.between(0.4, 0.6),
            },
            1 => {
                let low = Vec2::new(dice.between(0.05, 0.4), dice.between(0.05, 0.4));
                let size = Vec2::new(dice.between(0.25, 0.6), dice.between(0.2, 0.5));
                Self::Label {
                    low,
                    high: low + size,
                }
            }
            _ => Self::Bands {
                axis: dice.pick(&[Vec3::X, Vec3::Y, Vec3::Z]),
                frequency: dice.factor(0.6, 3.0),
                share: dice.between(0.15, 0.6),
            },
        }
    }

    fn covers(self, p: Vec3, uv: Vec2) -> bool {
        match self {
            Self::Patches { frequency, share } => noise::octaves(frequency * p, 2, 0.5) < share,
            Self::Label { low, high } => {
                let uv = uv.fract_gl();
                uv.cmpge(low).all() && uv.cmplt(high).all()
            }
            Self::Bands {
                axis,
                frequency,
                share,
            } => (frequency * axis.dot(p) + 0.37).rem_euclid(1.0) < share,
        }
    }
}

impl Surface {
    /// Any, with colours of `palette` and, where given, with pictures.
    pub(super) fn random(
        palette: &[Vec3],
        pictures: Option<&Arc<Vec<RgbImage>>>,
        dice: &mut Dice,
    ) -> Self {
        let name = PatternName::random(pictures.is_some(), dice);
        let under = Pattern::random(name, palette, pictures, dice);
        let over = dice.chance(0.35).then(|| {
            let name = PatternName::random(pictures.is_some(), dice);
            let pattern = Pattern::random(name, palette, pictures, dice);
            (Mask::random(dice), pattern)
        });
        let grain = if dice.chance(0.5) {
            [dice.between(0.05, 0.35), dice.factor(4.0, 16.0)]
        } else {
            [0.0, 1.0]
        };
        let mut surface = Self {
            under,
            over,
            grain,
            gloss: Vec3::ZERO,
            shininess: 1.0,
            glow: Vec3::ZERO,
        };
        surface.polish(palette, dice);
        surface
    }

    /// Without gloss.
    pub(super) fn matt(under: Pattern) -> Self {
        Self {
            under,
            over: None,
            grain: [0.0, 1.0],
            gloss: Vec3::ZERO,
            shininess: 1.0,
            glow: Vec3::ZERO,
        }
    }

    fn polish(&mut self, palette: &[Vec3], dice: &mut Dice) {
        match dice.weighted(&[0.45, 0.4, 0.15]) {
            0 => {}
            1 => {
                self.gloss = Vec3::splat(dice.between(0.03, 0.1));
                self.shininess = dice.factor(8.0, 160.0);
            }
            _ => {
                let tint = Vec3::splat(0.7).lerp(dice.pick(palette), dice.between(0.0, 0.7));
                self.gloss = dice.between(0.35, 0.8) * tint;
                self.shininess = dice.factor(10.0, 90.0);
            }
        }
    }

    /// The share of light that the surface scatters, linear RGB. `p` is the point in the
    /// texture's space, in world units, `uv` its place on the surface.
    pub(super) fn albedo(&self, p: Vec3, uv: Vec2) -> Vec3 {
        let pattern = match &self.over {
            Some((mask, over)) if mask.covers(p, uv) => over,
            _ => &self.under,
        };
        let [strength, frequency] = self.grain;
        let colour = pattern.at(p, uv);
        if strength == 0.0 {
            return colour;
        }
        let grain = noise::octaves(frequency * p, 2, 0.6) - 0.5;
        (colour * (1.0 + 2.0 * strength * grain)).clamp(Vec3::ZERO, Vec3::ONE)
    }
}

/// The colour of wood, stone or cloth: for rooms.
pub(super) fn plain_surface(dice: &mut Dice) -> Surface {
    let mut surface = Surface::matt(Pattern::Plain(colour::random(dice)));
    if dice.chance(0.6) {
        surface.grain = [dice.between(0.05, 0.3), dice.factor(3.0, 16.0)];
    }
    surface
}
