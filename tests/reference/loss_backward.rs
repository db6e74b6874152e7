//! `train/loss_backward.wgsl`: the derivative of SSIM's definition, pixel by pixel, in f64.

use render::gpu::LossUniform;

use super::measure_loss::{Local, Pair, around, counts, local};

/// ∂L/∂(rgb, alpha) of the frame at each pixel, row by row.
pub(crate) fn loss_backward(loss: &LossUniform, pair: &Pair) -> Vec<[f64; 4]> {
    let [width, height] = loss.image_size;
    let pixels = f64::from(width * height);
    let counted = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .filter(|&(x, y)| counts(loss, x, y))
        .count() as f64;
    let (ssim_weight, alpha_weight) = (f64::from(loss.ssim_weight), f64::from(loss.alpha_weight));
    let mut d = vec![[0.0; 4]; pair.frame.len()];
    let scale = -ssim_weight / (3.0 * counted.max(1.0));
    let counting = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .filter(|&(x, y)| counts(loss, x, y));
    for (x, y) in counting {
        for channel in [0, 1, 2] {
            let here = local(loss, pair, x, y, channel);
            for (at, w) in around(loss.image_size, x, y) {
                d[at][channel] += scale * w * slope(&here, pair, at, channel);
            }
        }
    }
    for (at, d) in d.iter_mut().enumerate() {
        for (channel, d) in d.iter_mut().take(3).enumerate() {
            let apart = pair.frame[at][channel] - pair.photo[at][channel];
            *d += (1.0 - ssim_weight) * sign(apart) / (3.0 * pixels);
            *d *= pair.weight[at];
        }
        if loss.alpha_use == 2 {
            d[3] = alpha_weight * sign(pair.alphas[at][0] - pair.alphas[at][1]) / pixels;
        }
    }
    d
}

/// ∂S/∂x of one pixel in the window over the window's weight there. With ∂μ₁ = w, ∂E₁₁ = 2wx and
/// ∂E₁₂ = wy.
fn slope(here: &Local, pair: &Pair, at: usize, channel: usize) -> f64 {
    let [m1, m2] = here.means;
    let [a, b, c, d] = here.terms;
    let (x, y) = (pair.frame[at][channel], pair.photo[at][channel]);
    let d_a = 2.0 * m2;
    let d_b = 2.0 * (y - m2);
    let d_c = 2.0 * m1;
    let d_d = 2.0 * (x - m1);
    (d_a * b + a * d_b) / (c * d) - a * b / (c * d) * (d_c / c + d_d / d)
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
