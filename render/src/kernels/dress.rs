//! `edit/dress.wgsl`: splats as an editor shows them.

use crate::gpu::{ChunkUniform, LookUniform};
use crate::shader;

kernel! {
    /// Writes splats whose marks have changed.
    Dress = shader!("edit/dress"), {
        look: LookUniform,
        chunk: ChunkUniform,
        base: f32,
        marks_before: u32,
        marks: u32,
        params: f32,
    }
}
