//! `train/sum_loss.wgsl`: the loss from the sums of tiles.

use crate::gpu::{LossUniform, LossValues};
use crate::shader;

kernel! {
    /// Adds up and weighs.
    SumLoss = shader!("train/sum_loss"), {
        loss: LossUniform,
        parts: [f32; 4],
        measured: LossValues,
    }
}
