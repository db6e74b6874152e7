//! `train/doubt.wgsl`: which splats may be pruned.

use crate::gpu::{ChunkUniform, DensifyTally, DoubtUniform};
use crate::shader;

kernel! {
    /// Keys of a draw among faint and large splats, likelier where the picture is wrong.
    Doubt = shader!("train/doubt"), {
        doubt: DoubtUniform,
        chunk: ChunkUniform,
        params: f32,
        statistics: f32,
        copies: u32,
        keys: u32,
        splats: u32,
        tally: DensifyTally,
    }
}
