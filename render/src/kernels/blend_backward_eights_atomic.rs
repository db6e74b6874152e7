//! `train/blend_backward_eights_atomic.wgsl`: the same with atomic sums of f32.

use crate::gpu::FrameUniform;
use crate::shader;

kernel! {
    /// Adds up the sums of each splat. Needs
    /// [`Capabilities::float32_atomics`](crate::gpu::Capabilities) and `has_eights` there.
    BlendBackwardEightsAtomic = shader!("train/blend_backward_eights_atomic"), {
        frame: FrameUniform,
        tile_ranges: [u32; 2],
        pair_splats: u32,
        projected_a: [f32; 4],
        projected_b: [f32; 4],
        projected_c: [f32; 4],
        image: [f32; 4],
        depths: f32,
        d_image: f32,
        splat_sums: f32,
    }
}
