//! `train/fade.wgsl`: splats become fainter.

use crate::gpu::{ChunkUniform, FadeUniform};
use crate::shader;

kernel! {
    /// Takes a part of every opacity, and cuts the largest.
    Fade = shader!("train/fade"), {
        fade: FadeUniform,
        chunk: ChunkUniform,
        params: f32,
        geometry_moments: f32,
    }
}
