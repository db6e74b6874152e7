//! `train/blend_backward_eights.wgsl`: the gradient of blending, eight threads a tile.

use crate::gpu::FrameUniform;
use crate::shader;

kernel! {
    /// Leaves the sums of each (tile, splat) pair. Needs
    /// [`Capabilities::has_eights`](crate::gpu::Capabilities::has_eights).
    BlendBackwardEights = shader!("train/blend_backward_eights"), {
        frame: FrameUniform,
        tile_ranges: [u32; 2],
        pair_splats: u32,
        projected_a: [f32; 4],
        projected_b: [f32; 4],
        projected_c: [f32; 4],
        image: [f32; 4],
        depths: f32,
        d_image: f32,
        pair_sums: f32,
    }
}
