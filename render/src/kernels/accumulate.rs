//! `train/accumulate.wgsl`: one level of running sums.

use crate::gpu::LevelUniform;
use crate::shader;

kernel! {
    /// Sums of blocks of 256 up to and with each element.
    Accumulate = shader!("train/accumulate"), {
        level: LevelUniform,
        sums: u32,
    }
}
