//! `train/sum_loss.wgsl`: means of sums, weighed.

use render::gpu::LossUniform;

use super::measure_loss::Measured;

/// Loss, L1, squared error, SSIM, alpha.
pub(crate) fn sum_loss(loss: &LossUniform, sums: &Measured) -> [f64; 5] {
    let [width, height] = loss.image_size.map(i64::from);
    let border = i64::from(loss.border);
    let counted = (width - 2 * border).max(0) * (height - 2 * border).max(0);
    let pixels = (width * height) as f64;
    let l1 = sums.l1 / (3.0 * pixels);
    let ssim = sums.ssim / (3.0 * counted.max(1) as f64);
    let alpha = sums.alpha / pixels;
    let (ssim_weight, alpha_weight) = (f64::from(loss.ssim_weight), f64::from(loss.alpha_weight));
    [
        (1.0 - ssim_weight) * l1 + ssim_weight * (1.0 - ssim) + alpha_weight * alpha,
        l1,
        sums.squares / (3.0 * pixels),
        ssim,
        alpha,
    ]
}
