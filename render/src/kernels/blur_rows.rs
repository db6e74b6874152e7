//! `train/blur_rows.wgsl`: frame and photo under the window's rows.

use crate::gpu::LossUniform;
use crate::shader;

kernel! {
    /// Averages means and moments along rows.
    BlurRows = shader!("train/blur_rows"), {
        loss: LossUniform,
        image: [f32; 4],
        targets: u32,
        moments: [f32; 4],
    }
}
