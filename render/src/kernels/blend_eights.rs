//! `splat/blend_eights.wgsl`: splats to pixels, for subgroups of eight.

use crate::gpu::FrameUniform;
use crate::shader;

kernel! {
    /// Blends the splats of each tile, nearest first. Needs
    /// [`Capabilities::has_eights`](crate::gpu::Capabilities::has_eights).
    BlendEights = shader!("splat/blend_eights"), {
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
