//! `splat/project.wgsl`: visible splats to ellipses in the image.

use crate::gpu::{ChunkUniform, FrameUniform};
use crate::shader;

kernel! {
    /// Projects the visible splats (EWA) and evaluates their colours.
    Project = shader!("splat/project"), {
        frame: FrameUniform,
        chunk: ChunkUniform,
        params: f32,
        visible_bits: u32,
        block_offsets: u32,
        depth_keys: u32,
        visible_ids: u32,
        projected_a: [f32; 4],
        projected_b: [f32; 4],
        projected_c: [f32; 4],
        tile_counts: u32,
    }
}
