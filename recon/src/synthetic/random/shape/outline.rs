//! Curves in the plane: what is pulled to an extrusion and what is turned to a pot.

use std::f32::consts::TAU;

use glam::Vec2;

use super::super::dice::Dice;

/// A polygon around the origin, every corner of which is seen from there; turns from x to z.
#[derive(Clone, Debug)]
pub(in super::super) struct Outline {
    pub(super) corners: Vec<Vec2>,
    /// Sides meet softly: the surface's normals go around without a step.
    pub(super) is_smooth: bool,
}

impl Outline {
    /// A regular polygon, a star, a gear, a polygon of chance or a soft blob.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let sides = 3 + dice.below(6);
        match dice.below(5) {
            0 => Self::from_radii(&vec![1.0; sides], false),
            1 => {
                let inner = dice.between(0.35, 0.75);
                let radii: Vec<f32> = (0..2 * sides)
                    .map(|i| if i % 2 == 0 { 1.0 } else { inner })
                    .collect();
                Self::from_radii(&radii, false)
            }
            2 => {
                let inner = dice.between(0.7, 0.88);
                let teeth = 5 + dice.below(6);
                let radii: Vec<f32> = (0..4 * teeth)
                    .map(|i| if i % 4 < 2 { 1.0 } else { inner })
                    .collect();
                Self::from_radii(&radii, false)
            }
            3 => {
                let radii: Vec<f32> = (0..sides).map(|_| dice.between(0.4, 1.0)).collect();
                Self::from_radii(&radii, false)
            }
            _ => {
                let waves = [(); 4].map(|()| (dice.between(0.0, 0.22), dice.between(0.0, TAU)));
                let radius = |i: usize| {
                    let angle = TAU * i as f32 / 48.0;
                    let wave = |(k, (size, phase)): (usize, &(f32, f32))| {
                        size / (k + 1) as f32 * ((k + 2) as f32 * angle + phase).sin()
                    };
                    0.75 + waves.iter().enumerate().map(wave).sum::<f32>()
                };
                let radii: Vec<f32> = (0..48).map(|i| radius(i).clamp(0.3, 1.1)).collect();
                Self::from_radii(&radii, true)
            }
        }
    }

    /// Corners at even angles, with these distances from the origin.
    fn from_radii(radii: &[f32], is_smooth: bool) -> Self {
        let corner = |(i, radius): (usize, &f32)| {
            let (sin, cos) = (TAU * i as f32 / radii.len() as f32).sin_cos();
            *radius * Vec2::new(cos, sin)
        };
        Self {
            corners: radii.iter().enumerate().map(corner).collect(),
            is_smooth,
        }
    }

    /// The sides, each from corner to corner.
    pub(super) fn sides(&self) -> impl Iterator<Item = [Vec2; 2]> {
        let next = self.corners.iter().cycle().skip(1);
        self.corners.iter().zip(next).map(|(a, b)| [*a, *b])
    }

    /// Whether a point lies within.
    pub(super) fn contains(&self, p: Vec2) -> bool {
        self.sides().any(|[a, b]| {
            0.0 <= a.perp_dot(p) && 0.0 <= p.perp_dot(b) && 0.0 < (b - a).perp_dot(p - a)
        })
    }
}

/// A radius for each height, -1 to 1.
#[derive(Clone, Debug)]
pub(in super::super) struct Profile {
    /// At even heights from the top, y = 1, to the bottom; two at least.
    pub(super) radii: Vec<f32>,
    /// Joined by curves; else by straight lines with edges between them.
    pub(super) is_smooth: bool,
}

impl Profile {
    /// Radius 1 everywhere.
    pub(in super::super) fn cylinder() -> Self {
        Self::cone(1.0)
    }

    /// From `top` to 1 at the bottom.
    pub(in super::super) fn cone(top: f32) -> Self {
        Self {
            radii: vec![top, 1.0],
            is_smooth: false,
        }
    }

    /// A vase, a bottle, a turned leg, a stack of discs.
    pub(in super::super) fn random(dice: &mut Dice) -> Self {
        let count = 3 + dice.below(5);
        let mut radii: Vec<f32> = (0..count).map(|_| dice.between(0.2, 1.0)).collect();
        if dice.chance(0.3) {
            radii[0] = 0.0;
        }
        let widest = radii.iter().copied().fold(0.1, f32::max);
        for it in &mut radii {
            *it /= widest;
        }
        Self {
            radii,
            is_smooth: dice.chance(0.7),
        }
    }

    /// The same curve, narrower by a factor.
    pub(in super::super) fn narrower(&self, by: f32) -> Self {
        Self {
            radii: self.radii.iter().map(|it| by * it).collect(),
            is_smooth: self.is_smooth,
        }
    }

    /// The radius at height `y`, cut to -1 … 1.
    pub(in super::super) fn radius(&self, y: f32) -> f32 {
        let last = self.radii.len() - 1;
        let along = 0.5 * (1.0 - y.clamp(-1.0, 1.0)) * last as f32;
        let i = (along as usize).min(last.saturating_sub(1));
        let t = along - i as f32;
        let [a, b] = [self.radii[i], self.radii[(i + 1).min(last)]];
        if !self.is_smooth {
            return a + t * (b - a);
        }
        // Catmull and Rom's curve, the ends carried on straight.
        let before = if i == 0 {
            2.0 * a - b
        } else {
            self.radii[i - 1]
        };
        let after = self.radii.get(i + 2).copied().unwrap_or(2.0 * b - a);
        let (slope_a, slope_b) = (0.5 * (b - before), 0.5 * (after - a));
        let (t2, t3) = (t * t, t * t * t);
        let curve = (2.0 * t3 - 3.0 * t2 + 1.0) * a
            + (t3 - 2.0 * t2 + t) * slope_a
            + (3.0 * t2 - 2.0 * t3) * b
            + (t3 - t2) * slope_b;
        curve.max(0.0)
    }
}
