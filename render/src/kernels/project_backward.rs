//! `train/project_backward.wgsl`: sums over pixels to gradients of what is stored.

use crate::gpu::{ChunkUniform, FrameUniform};
use crate::shader;

kernel! {
    /// The gradients of projection and harmonics, and each block's part of the pose's.
    ProjectBackward = shader!("train/project_backward"), {
        frame: FrameUniform,
        chunk: ChunkUniform,
        params: f32,
        visible_bits: u32,
        block_offsets: u32,
        splat_sums: f32,
        d_params: f32,
        pose_parts: f32,
    }
}
