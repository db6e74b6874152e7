//! `train/mark_errors.wgsl`: what blending backward carries to the splats instead of a gradient.

use crate::gpu::LossUniform;
use crate::shader;

kernel! {
    /// Marks pixels that are clearly wrong.
    MarkErrors = shader!("train/mark_errors"), {
        loss: LossUniform,
        extremes: u32,
        marks: f32,
    }
}
