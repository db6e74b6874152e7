//! `train/find_errors.wgsl`: how far each pixel is from the photo.

use crate::gpu::LossUniform;
use crate::shader;

kernel! {
    /// Errors of pixels, and their range.
    FindErrors = shader!("train/find_errors"), {
        loss: LossUniform,
        image: [f32; 4],
        targets: u32,
        marks: f32,
        extremes: u32,
    }
}
