//! `splat/pair_count.wgsl`: pairs per block of splats in depth order.

use crate::gpu::Counters;
use crate::shader;

kernel! {
    /// Counts the (tile, splat) pairs of each block of 256 splats in the order of depth.
    PairCount = shader!("splat/pair_count"), {
        counters: Counters,
        order: u32,
        tile_counts: u32,
        block_sums: u32,
    }
}
