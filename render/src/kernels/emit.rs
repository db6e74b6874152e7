//! `splat/emit.wgsl`: the (tile, splat) pairs.

use crate::gpu::{Counters, FrameUniform};
use crate::shader;

kernel! {
    /// Writes the (tile, splat) pairs, nearest splat first.
    Emit = shader!("splat/emit"), {
        frame: FrameUniform,
        counters: Counters,
        order: u32,
        tile_counts: u32,
        block_offsets: u32,
        projected_a: [f32; 4],
        projected_b: [f32; 4],
        projected_c: [f32; 4],
        pair_tiles: u32,
        pair_splats: u32,
    }
}
