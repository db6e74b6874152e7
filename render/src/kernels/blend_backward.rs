//! `train/blend_backward.wgsl`: the gradient of blending, a thread a column of pixels.

use crate::gpu::FrameUniform;
use crate::shader;

kernel! {
    /// Leaves the sums of each (tile, splat) pair.
    BlendBackward = shader!("train/blend_backward"), {
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
