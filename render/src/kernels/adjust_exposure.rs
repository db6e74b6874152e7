//! `train/adjust_exposure.wgsl`: a step of Adam for a photo's exposure.

use crate::gpu::ExposureUniform;
use crate::shader;

kernel! {
    /// Adds up the gradient of a photo's exposure and moves it.
    AdjustExposure = shader!("train/adjust_exposure"), {
        exposure: ExposureUniform,
        parts: f32,
        exposures: f32,
    }
}
