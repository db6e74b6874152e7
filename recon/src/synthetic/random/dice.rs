//! Random choices in the shapes in which scenes need them.

use std::f32::consts::TAU;

use glam::{Quat, Vec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A stream of random choices.
pub(super) struct Dice(Pcg64Mcg);

impl Dice {
    /// The stream `stream` of `seed`: streams of one seed do not depend on one another, so that
    /// a choice more in one of them leaves the others as they are.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        // SplitMix64's increment keeps neighbouring seeds and streams apart.
        let mixed = seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(Pcg64Mcg::seed_from_u64(mixed))
    }

    /// Evenly from `low` up to `high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.random::<f32>()
    }

    /// From `low` up to `high`, each factor between them as likely; both are positive.
    pub(super) fn factor(&mut self, low: f32, high: f32) -> f32 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.0.random::<f32>() < probability
    }

    /// 0 up to and without `count`, which is not 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }

    /// One of them.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// The index of one of them, as likely as its weight says.
    pub(super) fn weighted(&mut self, weights: &[f32]) -> usize {
        let mut rest = self.between(0.0, weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// With this probability from `low` up to `high`, else `usual`.
    pub(super) fn unless(&mut self, usual: f32, probability: f32, low: f32, high: f32) -> f32 {
        if self.chance(probability) {
            self.between(low, high)
        } else {
            usual
        }
    }

    /// Each component evenly within ± `size`.
    pub(super) fn vector(&mut self, size: f32) -> Vec3 {
        Vec3::from([(); 3].map(|()| self.between(-size, size)))
    }

    /// Any direction, each as likely; of unit length.
    pub(super) fn direction(&mut self) -> Vec3 {
        let y = self.between(-1.0, 1.0);
        let (sin, cos) = self.between(0.0, TAU).sin_cos();
        let r = (1.0 - y * y).max(0.0).sqrt();
        Vec3::new(r * cos, y, r * sin)
    }

    /// Any rotation, or often one that keeps the y axis upright or lays it down: made things are
    /// rarely askew.
    pub(super) fn rotation(&mut self) -> Quat {
        let turn = Quat::from_rotation_y(self.between(0.0, TAU));
        match self.weighted(&[0.45, 0.2, 0.35]) {
            0 => turn,
            1 => turn * Quat::from_rotation_x(0.25 * TAU),
            _ => Quat::from_axis_angle(self.direction(), self.between(0.0, 0.5 * TAU)),
        }
    }
}
