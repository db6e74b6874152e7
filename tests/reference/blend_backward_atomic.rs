//! `train/blend_backward_atomic.wgsl`: the sums of each splat over the whole image.

use render::gpu::FrameUniform;

use super::blend::ProjectedArrays;
use super::blend_backward::{PixelGradient, Sums, blend_backward};

/// As [`blend_backward`], of all pixels.
pub(crate) fn blend_backward_atomic(
    splats: ProjectedArrays<'_>,
    frame: &FrameUniform,
    d_image: impl Fn(u32, u32) -> PixelGradient,
) -> Vec<Sums> {
    let [width, height] = frame.image_size;
    blend_backward(splats, frame, d_image, 0..width, 0..height)
}
