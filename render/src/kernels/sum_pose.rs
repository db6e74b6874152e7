//! `train/sum_pose.wgsl`: the blocks' parts to the gradient of the pose.

use crate::gpu::FrameUniform;
use crate::shader;

kernel! {
    /// Adds up the gradient of the world-to-camera matrix.
    SumPose = shader!("train/sum_pose"), {
        frame: FrameUniform,
        pose_parts: f32,
        d_pose: [f32; 4],
    }
}
