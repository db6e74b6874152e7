//! `train/elect.wgsl`: the first in an order get what they stand for.

use crate::gpu::{DensifyTally, ElectUniform};
use crate::shader;

kernel! {
    /// Numbers of copies for the first splats of an order.
    Elect = shader!("train/elect"), {
        elect: ElectUniform,
        tally: DensifyTally,
        order: u32,
        copies: u32,
    }
}
