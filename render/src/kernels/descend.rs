//! `train/descend.wgsl`: from the sums over pixels to a step of Adam.

use crate::gpu::{ChunkUniform, DescentUniform, FrameUniform};
use crate::shader;

kernel! {
    /// Moves everything stored of a chunk of splats.
    Descend = shader!("train/descend"), {
        frame: FrameUniform,
        descent: DescentUniform,
        chunk: ChunkUniform,
        visible_bits: u32,
        block_offsets: u32,
        splat_sums: f32,
        params: f32,
        geometry: f32,
        sh_first: u32,
        sh_second: f32,
        statistics: f32,
    }
}
