//! `train/confine.wgsl`: splats stay in a region.

use crate::gpu::{ChunkUniform, ConfineUniform};
use crate::shader;

kernel! {
    /// Brings the means of splats that left a region back to its border.
    Confine = shader!("train/confine"), {
        confine: ConfineUniform,
        chunk: ChunkUniform,
        params: f32,
    }
}
