//! `train/expose_backward.wgsl`: the gradients of a bare frame and of its photo's exposure.

use crate::gpu::ExposureUniform;
use crate::shader;

kernel! {
    /// Takes a frame and the gradient at its pixels back to before it was exposed.
    ExposeBackward = shader!("train/expose_backward"), {
        exposure: ExposureUniform,
        exposures: f32,
        bare: [f32; 4],
        image: [f32; 4],
        d_image: f32,
        parts: f32,
    }
}
