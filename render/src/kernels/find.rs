//! `edit/find.wgsl`: which splats a query matches.

use crate::gpu::{ChunkUniform, FrameUniform, QueryUniform};
use crate::shader;

kernel! {
    /// Marks the splats that match a query.
    Find = shader!("edit/find"), {
        frame: FrameUniform,
        query: QueryUniform,
        chunk: ChunkUniform,
        params: f32,
        mask: u32,
        matched_bits: u32,
    }
}
