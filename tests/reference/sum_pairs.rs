//! `train/sum_pairs.wgsl`: adds each pair's sums to its splat's.

use render::gradient::SUMS;

/// `pair_splats[k]` is whose `pair_sums[k]` is; those of pairs in no tile's range do not count.
pub(crate) fn sum_pairs(
    tile_ranges: &[[u32; 2]],
    pair_splats: &[u32],
    pair_sums: &[[f32; SUMS]],
    splats: usize,
) -> Vec<[f64; SUMS]> {
    let mut sums = vec![[0.0; SUMS]; splats];
    for pair in tile_ranges.iter().flat_map(|&[first, end]| first..end) {
        let pair = pair as usize;
        let sum = &mut sums[pair_splats[pair] as usize];
        for (sum, more) in sum.iter_mut().zip(pair_sums[pair]) {
            *sum += f64::from(more);
        }
    }
    sums
}
