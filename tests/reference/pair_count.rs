//! `splat/pair_count.wgsl`: pairs per 256 splats in the order of depth.

/// Sum of `tile_counts` over each 256 entries of `order`.
pub(crate) fn pair_count(order: &[u32], tile_counts: &[u32]) -> Vec<u32> {
    order
        .chunks(256)
        .map(|block| block.iter().map(|&it| tile_counts[it as usize]).sum())
        .collect()
}
