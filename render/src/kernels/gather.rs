//! `train/gather.wgsl`: splats in a new order.

use crate::gpu::{ChunkUniform, GatherUniform};
use crate::shader;

kernel! {
    /// Writes planes of a chunk from copies of planes.
    Gather = shader!("train/gather"), {
        part: GatherUniform,
        chunk: ChunkUniform,
        sources: u32,
        staged: u32,
        planes: u32,
    }
}
