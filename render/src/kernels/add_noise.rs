//! `train/add_noise.wgsl`: noise of the shape of each splat (3DGS-MCMC).

use crate::gpu::{ChunkUniform, NoiseUniform};
use crate::shader;

kernel! {
    /// Moves the means of faint splats at random.
    AddNoise = shader!("train/add_noise"), {
        noise: NoiseUniform,
        chunk: ChunkUniform,
        given: f32,
        params: f32,
    }
}
