//! `train/draw.wgsl`: which splats are copied (3DGS-MCMC).

use crate::gpu::{DensifyTally, DrawUniform};
use crate::shader;

kernel! {
    /// Draws splats by weight and counts how often each is drawn.
    Draw = shader!("train/draw"), {
        draw: DrawUniform,
        tally: DensifyTally,
        sums: u32,
        copies: u32,
    }
}
