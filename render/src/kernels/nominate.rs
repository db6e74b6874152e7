//! `train/nominate.wgsl`: which splats want to grow.

use crate::gpu::{ChunkUniform, DensifyTally, NominateUniform};
use crate::shader;

kernel! {
    /// Keys by how far a splat would move in the image, most eager first.
    Nominate = shader!("train/nominate"), {
        nominate: NominateUniform,
        chunk: ChunkUniform,
        params: f32,
        statistics: f32,
        copies: u32,
        keys: u32,
        splats: u32,
        tally: DensifyTally,
    }
}
