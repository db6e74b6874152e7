//! The best 256 numbers for many numbers: exact k-means in one dimension.

use rayon::prelude::*;

use super::meta::CODEBOOK_LEN;

/// Rounds of moving entries to the middle of what is nearest to them; they settle in 20 to 60.
const MAX_ROUNDS: usize = 100;

/// Bins that estimate how dense the numbers lie, for the first entries.
const BINS: usize = 4096;

/// Numbers that codebooks are made from; of more, evenly spread ones are taken.
const MAX_SAMPLES: usize = 4 << 20;

/// A codebook: ascending numbers, to be named by a byte.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Codebook {
    /// Ascending.
    pub entries: [f32; CODEBOOK_LEN],
}

impl Codebook {
    /// The codebook of least squared error (a local optimum) for finite `values`. Up to 256
    /// different values are kept exactly.
    pub(super) fn fit(values: &[f32]) -> Self {
        let stride = values.len().div_ceil(MAX_SAMPLES).max(1);
        let mut sorted: Vec<f32> = values.iter().copied().step_by(stride).collect();
        sorted.par_sort_unstable_by(f32::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        let Some(&last) = distinct.last() else {
            return Self {
                entries: [0.0; CODEBOOK_LEN],
            };
        };
        if distinct.len() <= CODEBOOK_LEN {
            distinct.resize(CODEBOOK_LEN, last);
            let mut entries = [0.0; CODEBOOK_LEN];
            entries.copy_from_slice(&distinct);
            return Self { entries };
        }
        let mut sums = Vec::with_capacity(sorted.len() + 1);
        sums.push(0.0);
        sums.extend(sorted.iter().scan(0.0, |sum, &it| {
            *sum += f64::from(it);
            Some(*sum)
        }));
        let mut entries = first_entries(&sorted);
        for _ in 0..MAX_ROUNDS {
            let moved = move_entries(&entries, &sorted, &sums);
            if moved == entries {
                break;
            }
            entries = moved;
        }
        Self { entries }
    }

    /// The byte of the entry nearest to `value`.
    pub(super) fn nearest(&self, value: f32) -> u8 {
        let above = self.entries.partition_point(|&it| it < value);
        let below = above.saturating_sub(1);
        let above = above.min(CODEBOOK_LEN - 1);
        let nearest = if (self.entries[above] - value).abs() < (value - self.entries[below]).abs() {
            above
        } else {
            below
        };
        nearest as u8
    }
}

/// Entries spread with the cube root of the density of the numbers, which is optimal for many
/// entries (Panter and Dite 1951). `sorted` has at least two different numbers.
fn first_entries(sorted: &[f32]) -> [f32; CODEBOOK_LEN] {
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    let width = (high - low) / BINS as f32;
    let mut counts = [0_u32; BINS];
    for value in sorted {
        counts[(((value - low) / width) as usize).min(BINS - 1)] += 1;
    }
    let weights = counts.map(|it| f64::from(it).cbrt());
    let total: f64 = weights.iter().sum();
    let mut entries = [high; CODEBOOK_LEN];
    let mut bin = 0;
    let mut passed = 0.0;
    for (i, entry) in entries.iter_mut().enumerate() {
        let goal = total * (i as f64 + 0.5) / CODEBOOK_LEN as f64;
        while bin + 1 < BINS && passed + weights[bin] < goal {
            passed += weights[bin];
            bin += 1;
        }
        let within = ((goal - passed) / weights[bin]).clamp(0.0, 1.0);
        *entry = low + width * (bin as f32 + within as f32);
    }
    entries
}

/// Each entry goes to the mean of the numbers that are nearest to it; one without any stays.
/// `sums[i]` is the sum of the first `i` numbers.
fn move_entries(
    entries: &[f32; CODEBOOK_LEN],
    sorted: &[f32],
    sums: &[f64],
) -> [f32; CODEBOOK_LEN] {
    let mut moved = *entries;
    let mut start = 0;
    for i in 0..CODEBOOK_LEN {
        let end = match entries.get(i + 1) {
            Some(next) => {
                let middle = 0.5 * (entries[i] + next);
                start + sorted[start..].partition_point(|&it| it < middle)
            }
            None => sorted.len(),
        };
        if start < end {
            moved[i] = ((sums[end] - sums[start]) / (end - start) as f64) as f32;
        }
        start = end;
    }
    moved
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn few_values_are_kept_exactly() {
        let values: Vec<f32> = (0..600).map(|i| (i % 200) as f32 * 0.37 - 9.0).collect();
        let codebook = Codebook::fit(&values);
        for value in values {
            assert_eq!(codebook.entries[codebook.nearest(value) as usize], value);
        }
        assert_eq!(Codebook::fit(&[]).entries, [0.0; CODEBOOK_LEN]);
        assert_eq!(Codebook::fit(&[2.5]).entries, [2.5; CODEBOOK_LEN]);
    }

    #[test]
    fn uniform_numbers_get_even_steps() {
        let mut rng = rand_pcg::Pcg32::seed_from_u64(1);
        let values: Vec<f32> = (0..100_000).map(|_| rng.random_range(-1.0..1.0)).collect();
        let codebook = Codebook::fit(&values);
        assert!(codebook.entries.is_sorted());
        let mean_square = mean_square(&codebook, &values);
        // A uniform quantiser with step s has the mean square s²/12.
        let uniform = (2.0_f64 / 256.0).powi(2) / 12.0;
        assert!(mean_square < 1.03 * uniform, "{mean_square} {uniform}");
    }

    #[test]
    fn peaked_numbers_are_served_as_well_as_can_be() {
        // Cubes of uniform numbers: the limit of Panter and Dite, (∫ f^⅓)³ / (12 · 256²), is
        // 0.708 of the error of even steps.
        let mut rng = rand_pcg::Pcg32::seed_from_u64(1);
        let values: Vec<f32> = (0..100_000)
            .map(|_| rng.random_range(-1.0_f32..1.0).powi(3))
            .collect();
        let uniform = (2.0_f64 / 256.0).powi(2) / 12.0;
        assert!(mean_square(&Codebook::fit(&values), &values) < 0.72 * uniform);
    }

    fn mean_square(codebook: &Codebook, values: &[f32]) -> f64 {
        let square = |value: f32| {
            let entry = codebook.entries[codebook.nearest(value) as usize];
            f64::from(entry - value).powi(2)
        };
        values.iter().map(|&it| square(it)).sum::<f64>() / values.len() as f64
    }
}
