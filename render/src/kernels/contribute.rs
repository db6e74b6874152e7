//! `edit/contribute.wgsl`: what each splat gives to a picture.

use crate::gpu::{ChunkUniform, FrameUniform};
use crate::shader;

kernel! {
    /// Adds a view's Σ α T to each splat's.
    Contribute = shader!("edit/contribute"), {
        frame: FrameUniform,
        chunk: ChunkUniform,
        visible_bits: u32,
        block_offsets: u32,
        splat_sums: f32,
        contributions: f32,
    }
}
