//! `train/optimise.wgsl`: a step of Adam.

use crate::gpu::{AdamUniform, ChunkUniform};
use crate::shader;

kernel! {
    /// Moves everything stored of a chunk of splats.
    Optimise = shader!("train/optimise"), {
        adam: AdamUniform,
        chunk: ChunkUniform,
        visible_bits: u32,
        d_params: f32,
        params: f32,
        first_moments: f32,
        second_moments: f32,
    }
}
