//! `train/expose.wgsl`: a frame as a photo's exposure would have it.

use crate::gpu::ExposureUniform;
use crate::shader;

kernel! {
    /// Exposes a frame in place and keeps it as it was.
    Expose = shader!("train/expose"), {
        exposure: ExposureUniform,
        exposures: f32,
        image: [f32; 4],
        bare: [f32; 4],
    }
}
