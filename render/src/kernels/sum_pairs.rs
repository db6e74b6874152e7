//! `train/sum_pairs.wgsl`: the sums of pairs to those of splats.

use crate::gpu::{Counters, FrameUniform};
use crate::shader;

kernel! {
    /// Adds up each visible splat's pairs, found by binary search in the tiles it touches.
    SumPairs = shader!("train/sum_pairs"), {
        frame: FrameUniform,
        counters: Counters,
        tile_ranges: [u32; 2],
        pair_splats: u32,
        projected_a: [f32; 4],
        projected_b: [f32; 4],
        projected_c: [f32; 4],
        pair_sums: f32,
        splat_sums: f32,
    }
}
