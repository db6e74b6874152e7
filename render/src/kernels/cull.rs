//! `splat/cull.wgsl`: which splats reach the image.

use crate::gpu::{ChunkUniform, FrameUniform};
use crate::shader;

kernel! {
    /// Marks the splats that reach the image and counts them per block of 256.
    Cull = shader!("splat/cull"), {
        frame: FrameUniform,
        chunk: ChunkUniform,
        params: f32,
        visible_bits: u32,
        block_sums: u32,
    }
}
