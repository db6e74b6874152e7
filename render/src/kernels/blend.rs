//! `splat/blend.wgsl`: splats to pixels, tile by tile.

use crate::gpu::FrameUniform;
use crate::shader;

kernel! {
    /// Blends the splats of each tile, nearest first.
    Blend = shader!("splat/blend"), {
        frame: FrameUniform,
        tile_ranges: [u32; 2],
        pair_splats: u32,
        projected_a: [f32; 4],
        projected_b: [f32; 4],
        projected_c: [f32; 4],
        image: [f32; 4],
        depths: f32,
        pixels: u32,
    }
}
