//! `train/encode.wgsl`: Morton codes of the means.

use crate::gpu::{ChunkUniform, EncodeUniform};
use crate::shader;

kernel! {
    /// Keys that sort splats by where they are.
    Encode = shader!("train/encode"), {
        encode: EncodeUniform,
        chunk: ChunkUniform,
        params: f32,
        keys: u32,
        splats: u32,
    }
}
