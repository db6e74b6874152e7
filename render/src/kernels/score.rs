//! `train/score.wgsl`: what a view says of each splat.

use crate::gpu::{ChunkUniform, FrameUniform};
use crate::shader;

kernel! {
    /// Adds importance and errors to statistics.
    Score = shader!("train/score"), {
        frame: FrameUniform,
        chunk: ChunkUniform,
        visible_bits: u32,
        block_offsets: u32,
        splat_sums: f32,
        statistics: f32,
    }
}
