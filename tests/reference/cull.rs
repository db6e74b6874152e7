//! `splat/cull.wgsl`: which splats reach the image.

use render::Splats;
use render::gpu::FrameUniform;

use super::project::project;

/// Whether the box around the visible part of each splat meets the image widened by `slack_px`
/// (negative: narrowed). Splats nearer to the image's border than a rounding error may go either way.
pub(crate) fn cull(splats: &Splats, frame: &FrameUniform, slack_px: f64) -> Vec<bool> {
    let [left, top] = frame.origin.map(f64::from);
    let [width, height] = frame.image_size.map(f64::from);
    (0..splats.len())
        .map(|i| {
            project(splats, i, frame).is_some_and(|it| {
                let low = it.mean2d - it.extent;
                let high = it.mean2d + it.extent;
                low.x <= left + width + slack_px
                    && low.y <= top + height + slack_px
                    && left - slack_px <= high.x
                    && top - slack_px <= high.y
            })
        })
        .collect()
}
