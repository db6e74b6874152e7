//! `train/measure_loss.wgsl`: a frame against a photo: L1, squared error, SSIM.

use crate::gpu::LossUniform;
use crate::shader;

kernel! {
    /// Measures, run by run, and keeps how SSIM changes with the local moments.
    MeasureLoss = shader!("train/measure_loss"), {
        loss: LossUniform,
        image: [f32; 4],
        targets: u32,
        moments: [f32; 4],
        slopes: [f32; 4],
        parts: [f32; 4],
    }
}
