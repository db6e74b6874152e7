//! `train/loss_backward.wgsl`: the gradient of the loss at each pixel.

use crate::gpu::LossUniform;
use crate::shader;

kernel! {
    /// L1 and SSIM, and alpha where it is compared.
    LossBackward = shader!("train/loss_backward"), {
        loss: LossUniform,
        image: [f32; 4],
        targets: u32,
        blurred_slopes: [f32; 4],
        d_image: f32,
    }
}
