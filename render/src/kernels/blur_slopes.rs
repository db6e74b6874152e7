//! `train/blur_slopes.wgsl`: the slopes of SSIM under the window's rows.

use crate::gpu::LossUniform;
use crate::shader;

kernel! {
    /// Averages slopes along rows.
    BlurSlopes = shader!("train/blur_slopes"), {
        loss: LossUniform,
        slopes: [f32; 4],
        blurred_slopes: [f32; 4],
    }
}
