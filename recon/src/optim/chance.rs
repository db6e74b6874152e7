//! All chance of an optimisation, as a function of seed and step: what goes on from a checkpoint
//! draws the same lots as what never stopped.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Lots that have nothing to do with each other.
#[derive(Clone, Copy)]
enum Purpose {
    Order = 1,
    Background = 2,
    Kernels = 3,
}

/// Draws lots.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    seed: u64,
    /// The round that was shuffled last.
    round: Option<(u64, Vec<usize>)>,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, round: None }
    }

    fn rng(&self, purpose: Purpose, number: u64) -> Pcg64 {
        // Distinct seeds for distinct (seed, purpose, number): each is mixed in by itself.
        let mixed = [purpose as u64, number].iter().fold(self.seed, |sum, it| {
            let x = (sum ^ it.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x632b_e59b);
            (x ^ (x >> 31)).wrapping_mul(0xd6e8_feb8_6659_fd93)
        });
        Pcg64::seed_from_u64(mixed)
    }

    /// Which of `count` photos step `step` (from 0) has: in each round each comes once.
    pub(super) fn target(&mut self, step: u32, count: usize) -> usize {
        let count = count.max(1);
        let (round, at) = (u64::from(step) / count as u64, step as usize % count);
        if self
            .round
            .as_ref()
            .is_none_or(|(it, order)| *it != round || order.len() != count)
        {
            let mut order: Vec<usize> = (0..count).collect();
            order.shuffle(&mut self.rng(Purpose::Order, round));
            self.round = Some((round, order));
        }
        self.round.as_ref().map_or(0, |(_, order)| order[at])
    }

    /// A background colour for step `step`.
    pub(super) fn colour(&self, step: u32) -> [f32; 3] {
        let mut rng = self.rng(Purpose::Background, u64::from(step));
        [0; 3].map(|_| rng.random())
    }

    /// A seed for the kernels of step `step`.
    pub(super) fn seed(&self, step: u32) -> u32 {
        self.rng(Purpose::Kernels, u64::from(step)).random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_has_each_photo_once_in_another_order() {
        let mut chance = Chance::new(5);
        let mut rounds = Vec::new();
        for round in 0..4 {
            let mut seen: Vec<usize> = (0..7).map(|it| chance.target(7 * round + it, 7)).collect();
            rounds.push(seen.clone());
            seen.sort_unstable();
            assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
        }
        assert_ne!(rounds[0], rounds[1]);
        // As after a resumption.
        assert_eq!(Chance::new(5).target(15, 7), rounds[2][1]);
        assert_ne!(Chance::new(5).seed(1), Chance::new(5).seed(2));
        assert_ne!(Chance::new(5).colour(1), Chance::new(6).colour(1));
    }
}
