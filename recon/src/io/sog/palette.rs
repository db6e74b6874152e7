//! A palette of harmonics: k-means in 9, 24 or 45 dimensions, fast enough to run on export.
//!
//! Plain k-means compares each of N splats with each of N/2 entries, in each round. Here a
//! [`SplitTree`] makes the first entries and limits which are compared. With two splats an entry
//! (up to 131,072 splats) the first entries are also the last; with more, a few rounds polish.
//! There is no randomness: equal splats give equal files.

use rayon::prelude::*;

use super::meta::MAX_PALETTE;
use super::split_tree::{Points, SplitTree, square_distance};

/// Most rounds of moving entries to the mean of their splats.
const MAX_ROUNDS: usize = 4;

/// No further round where only one in this many splats changed its entry.
const SETTLED: usize = 100;

/// Entries that a splat is compared with.
const SEARCH_BUDGET: usize = 48;

/// Splats that the tree is grown from; of more, evenly spread ones are taken.
const MAX_SAMPLES: usize = 1 << 19;

/// Entries, and which of them each splat has.
pub(super) struct ShPalette {
    /// `[num_entries × dim]`
    pub entries: Vec<f32>,
    /// Values per entry.
    pub dim: usize,
    /// Entry of each splat. `[num_splats]`
    pub labels: Vec<u32>,
}

/// Entries of the palette of `count` splats: the largest power of two up to `count`, at most
/// 65,536 (the rule of splat-transform).
pub(super) fn palette_len(count: usize) -> usize {
    let power = count.max(1).ilog2().min(MAX_PALETTE.ilog2());
    1 << power
}

impl ShPalette {
    /// Fits a palette of at most `max_entries` to points of `dim` values each. Fewer come out
    /// where there are fewer different points; those are then kept exactly.
    pub(super) fn fit(rows: &[&[f32]], dim: usize, max_entries: usize) -> Self {
        let all = Points::new(rows.iter().copied(), dim);
        let stride = rows.len().div_ceil(MAX_SAMPLES).max(1);
        let samples = Points::new(rows.iter().copied().step_by(stride), dim);
        let (tree, mut centres, mut labels) = SplitTree::grow(&samples, max_entries);
        for _ in 0..MAX_ROUNDS {
            let nearest = assign(&tree, &centres, &samples, |i| Some(labels[i]));
            let changed = labels.iter().zip(&nearest).filter(|(a, b)| a != b).count();
            labels = nearest;
            move_centres(&mut centres, &samples, &labels);
            if changed <= samples.len() / SETTLED {
                break;
            }
        }
        if stride != 1 {
            labels = assign(&tree, &centres, &all, |_| None);
        }
        Self {
            entries: centres
                .chunks(all.stride())
                .flat_map(|it| &it[..dim])
                .copied()
                .collect(),
            dim,
            labels,
        }
    }
}

/// The centre nearest to each point, as far as it is found; never farther than the known one.
fn assign(
    tree: &SplitTree,
    centres: &[f32],
    points: &Points,
    known: impl Fn(usize) -> Option<u32> + Sync,
) -> Vec<u32> {
    let stride = points.stride();
    (0..points.len())
        .into_par_iter()
        .map(|i| {
            let point = points.point(i);
            let best = known(i).map_or((0, f32::INFINITY), |label| {
                let start = label as usize * stride;
                let centre = &centres[start..start + stride];
                (label, square_distance(point, centre))
            });
            tree.search(point, centres, SEARCH_BUDGET, best).0
        })
        .collect()
}

/// Each centre goes to the mean of its points; one without any stays.
fn move_centres(centres: &mut [f32], points: &Points, labels: &[u32]) {
    let stride = points.stride();
    let mut sums = vec![0.0_f32; centres.len()];
    let mut counts = vec![0_u32; centres.len() / stride];
    for (i, &label) in labels.iter().enumerate() {
        let start = label as usize * stride;
        counts[label as usize] += 1;
        for (sum, it) in sums[start..start + stride].iter_mut().zip(points.point(i)) {
            *sum += it;
        }
    }
    let moved = centres
        .chunks_mut(stride)
        .zip(sums.chunks(stride))
        .zip(counts);
    for ((centre, sum), count) in moved.filter(|(_, count)| *count != 0) {
        for (to, from) in centre.iter_mut().zip(sum) {
            *to = from / count as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn palette_sizes_follow_the_rule() {
        for (count, len) in [
            (1, 1),
            (500, 256),
            (1024, 1024),
            (3000, 2048),
            (65_535, 32_768),
            (65_536, 65_536),
            (9_000_000, 65_536),
        ] {
            assert_eq!(palette_len(count), len, "{count}");
        }
    }

    #[test]
    fn separate_groups_get_an_entry_each() {
        // 32 groups, far apart: the error that remains is that within a group.
        let mut rng = rand_pcg::Pcg32::seed_from_u64(8);
        let rows: Vec<[f32; 9]> = (0..3200)
            .map(|i| {
                std::array::from_fn(|k| {
                    let group = if (i % 32) >> (k % 5) & 1 == 1 {
                        1.0
                    } else {
                        -1.0
                    };
                    group + rng.random_range(-0.01..0.01)
                })
            })
            .collect();
        let slices: Vec<&[f32]> = rows.iter().map(|it| &it[..]).collect();
        let palette = ShPalette::fit(&slices, 9, 32);
        assert_eq!(palette.entries.len(), 32 * 9);
        for (row, &label) in rows.iter().zip(&palette.labels) {
            let start = label as usize * 9;
            let entry = &palette.entries[start..start + 9];
            for (a, b) in row.iter().zip(entry) {
                assert!((a - b).abs() < 0.02);
            }
        }
    }

    #[test]
    fn few_different_points_are_kept_exactly() {
        let rows: Vec<[f32; 9]> = (0..1000).map(|i| [(i % 10) as f32 * 0.125; 9]).collect();
        let slices: Vec<&[f32]> = rows.iter().map(|it| &it[..]).collect();
        let palette = ShPalette::fit(&slices, 9, 512);
        for (row, &label) in rows.iter().zip(&palette.labels) {
            assert_eq!(palette.entries[label as usize * 9], row[0]);
        }
    }
}
