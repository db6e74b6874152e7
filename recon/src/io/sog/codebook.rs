//! The best 256 numbers for many numbers: k-means in one dimension.
//!
//! Numbers on a line have clusters that are intervals, so the best intervals of a few thousand
//! groups of neighbours are found exactly by dynamic programming (Wu 1991); some rounds of plain
//! k-means on the numbers themselves then move the bounds within the groups. Plain k-means alone
//! stays where it began: rare numbers far out would share entries.

use rayon::prelude::*;

use super::meta::CODEBOOK_LEN;

/// Rounds of moving entries to the middle of what is nearest to them; they settle in 20 to 60.
const MAX_ROUNDS: usize = 100;

/// Cuts between groups: this many evenly in value, so that rare numbers get groups of their own,
/// and as many evenly in rank, so that dense ones do.
const CUTS: usize = 2048;

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
        let mut entries = best_of_groups(&group(&sorted, &sums));
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

/// Sums over the first groups: how many numbers, their sum, the sum of their squares.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

/// Cuts ascending numbers into groups: moments of all groups before each cut, from none to all.
/// `sums[i]` is the sum of the first `i` numbers.
fn group(sorted: &[f32], sums: &[f64]) -> Vec<Moments> {
    let (count, low) = (sorted.len(), sorted[0]);
    let width = (sorted[count - 1] - low) / CUTS as f32;
    let mut cuts: Vec<usize> = (0..=CUTS).map(|i| i * count / CUTS).collect();
    cuts.extend((1..CUTS).map(|i| sorted.partition_point(|&it| it < low + width * i as f32)));
    cuts.sort_unstable();
    cuts.dedup();
    let mut squares = 0.0;
    let mut done = 0;
    cuts.into_iter()
        .map(|cut| {
            squares += sorted[done..cut]
                .iter()
                .map(|&it| f64::from(it) * f64::from(it))
                .sum::<f64>();
            done = cut;
            Moments {
                count: cut as f64,
                sum: sums[cut],
                squares,
            }
        })
        .collect()
}

/// Means of the 256 runs of groups with the least squared error in all.
fn best_of_groups(moments: &[Moments]) -> [f32; CODEBOOK_LEN] {
    let groups = moments.len() - 1;
    let runs = CODEBOOK_LEN.min(groups);
    // errors[j]: of the first j groups in as many runs as there are rows so far.
    let mut errors: Vec<f64> = (0..=groups).map(|j| run_error(moments, 0, j)).collect();
    // starts[r][j]: where the last of r + 2 runs over the first j groups begins.
    let mut starts: Vec<Vec<u16>> = Vec::with_capacity(runs);
    for run in 1..runs {
        let mut row = Row {
            moments,
            before: &errors,
            errors: vec![f64::INFINITY; groups + 1],
            starts: vec![0; groups + 1],
        };
        row.solve(run + 1..groups + 1, run, groups);
        starts.push(row.starts);
        errors = row.errors;
    }
    let mut entries = [0.0; CODEBOOK_LEN];
    let mut end = groups;
    for run in (0..runs).rev() {
        let start = match run.checked_sub(1) {
            Some(row) => usize::from(starts[row][end]),
            None => 0,
        };
        let count = moments[end].count - moments[start].count;
        entries[run] = ((moments[end].sum - moments[start].sum) / count) as f32;
        end = start;
    }
    let last = entries[runs - 1];
    entries[runs..].fill(last);
    entries
}

/// Squared error of the groups `start..end` about their mean.
fn run_error(moments: &[Moments], start: usize, end: usize) -> f64 {
    let (a, b) = (moments[start], moments[end]);
    let (count, sum) = (b.count - a.count, b.sum - a.sum);
    if count == 0.0 {
        return 0.0;
    }
    (b.squares - a.squares - sum * sum / count).max(0.0)
}

/// One more run: the best errors of the first groups, from those with a run less.
struct Row<'a> {
    moments: &'a [Moments],
    before: &'a [f64],
    errors: Vec<f64>,
    starts: Vec<u16>,
}

impl Row<'_> {
    /// Solves for all ends in a range whose last runs begin in `first..=last`. The best start
    /// grows with the end, so that of the middle one halves the starts to try for the others.
    fn solve(&mut self, ends: std::ops::Range<usize>, first: usize, last: usize) {
        if ends.is_empty() {
            return;
        }
        let end = ends.start.midpoint(ends.end);
        for start in first..=last.min(end - 1) {
            let error = self.before[start] + run_error(self.moments, start, end);
            if error < self.errors[end] {
                self.errors[end] = error;
                self.starts[end] = start as u16;
            }
        }
        let best = usize::from(self.starts[end]);
        self.solve(ends.start..end, first, best);
        self.solve(end + 1..ends.end, best, last);
    }
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
    fn rare_numbers_have_entries_of_their_own() {
        let mut values: Vec<f32> = (0..20_000).map(|i| i as f32 / 20_000.0).collect();
        values.extend([-50.0, -49.0, 30.0, 900.0]);
        let codebook = Codebook::fit(&values);
        for value in [-50.0, -49.0, 30.0, 900.0] {
            assert_eq!(codebook.entries[codebook.nearest(value) as usize], value);
        }
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
