//! `train/divide.wgsl`: makes of copies in one place what belongs there.

use crate::gpu::{ChunkUniform, DivideUniform};
use crate::shader;

kernel! {
    /// Shares opacity and size among copies, or clones and splits.
    Divide = shader!("train/divide"), {
        divide: DivideUniform,
        chunk: ChunkUniform,
        sources: u32,
        copies: u32,
        params: f32,
        geometry_moments: f32,
        sh_first: u32,
        sh_second: f32,
    }
}
