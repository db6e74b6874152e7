//! `train/weigh.wgsl`: how likely each splat is to be copied (3DGS-MCMC).

use crate::gpu::{ChunkUniform, DensifyTally, WeighUniform};
use crate::shader;

kernel! {
    /// Weights of all splats, and which of them are given up.
    Weigh = shader!("train/weigh"), {
        weigh: WeighUniform,
        chunk: ChunkUniform,
        params: f32,
        statistics: f32,
        sums: u32,
        copies: u32,
        tally: DensifyTally,
    }
}
