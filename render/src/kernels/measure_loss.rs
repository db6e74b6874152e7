//! `train/measure_loss.wgsl`: a frame against a photo: L1, squared error, SSIM.

use crate::gpu::LossUniform;
use crate::shader;

kernel! {
    /// Measures, tile by tile, and keeps how SSIM changes with the local moments.
    MeasureLoss = shader!("train/measure_loss"), {
        loss: LossUniform,
        image: [f32; 4],
        targets: u32,
        slopes: f32,
        parts: [f32; 4],
    }
}
