//! `train/relocate.wgsl`: dead splats become copies of live ones (3DGS-MCMC).

use crate::gpu::{ChunkUniform, RelocateUniform};
use crate::shader;

kernel! {
    /// Shrinks what is copied, or writes the copies.
    Relocate = shader!("train/relocate"), {
        relocation: RelocateUniform,
        chunk: ChunkUniform,
        sources: u32,
        copies: u32,
        params: f32,
        first_moments: f32,
        second_moments: f32,
    }
}
