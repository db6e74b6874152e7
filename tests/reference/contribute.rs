//! `edit/contribute.wgsl`: the weight of each splat's colour in a picture, pixel by pixel in f64.

use render::gpu::FrameUniform;

use super::blend::ProjectedArrays;

/// Σ α T of each projected splat over the pixels that `counts` says.
pub(crate) fn contribute(
    splats: ProjectedArrays<'_>,
    frame: &FrameUniform,
    counts: impl Fn(u32, u32) -> bool,
) -> Vec<f64> {
    let mut order: Vec<usize> = (0..splats.a.len()).collect();
    order.sort_by(|&i, &j| splats.a[i][2].total_cmp(&splats.a[j][2]));
    let mut sums = vec![0.0; splats.a.len()];
    let [width, height] = frame.image_size;
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        let mut transmittance = 1.0;
        for &i in &order {
            let [u, v, ..] = splats.a[i].map(f64::from);
            let [xx, xy, yy, opacity] = splats.b[i].map(f64::from);
            let (dx, dy) = (u - f64::from(x) - 0.5, v - f64::from(y) - 0.5);
            let sigma = 0.5 * (xx * dx * dx + yy * dy * dy) + xy * dx * dy;
            let alpha = (opacity * (-sigma).exp()).min(f64::from(frame.alpha_max));
            if sigma < 0.0 || alpha < f64::from(frame.alpha_min) {
                continue;
            }
            let next = transmittance * (1.0 - alpha);
            if next <= f64::from(frame.transmittance_stop) {
                break;
            }
            sums[i] += alpha * transmittance * f64::from(u8::from(counts(x, y)));
            transmittance = next;
        }
    }
    sums
}
