//! `train/blend_backward.wgsl`: the gradient of compositing at each pixel, back to front, in f64.

use render::gpu::FrameUniform;
use render::gradient::SUMS;

use super::blend::ProjectedArrays;

/// What a splat has of a set of pixels: Σv; ΣvΔ; ΣvΔΔᵀ (xx, xy, yy); Σwg (rgb, depth).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) values: [f64; SUMS],
    /// The same sums of what was added and taken away: rounding is a part of these.
    pub(crate) sizes: [f64; SUMS],
}

/// ∂L/∂(pixel): rgb, alpha, depth.
pub(crate) type PixelGradient = [f64; 5];

/// A splat that is blended at a pixel.
struct Layer {
    splat: usize,
    alpha: f64,
    transmittance: f64,
    capped: bool,
    to_mean: [f64; 2],
}

/// Sums of each splat over the pixels of columns `x` and rows `y`.
pub(crate) fn blend_backward(
    splats: ProjectedArrays<'_>,
    frame: &FrameUniform,
    d_image: impl Fn(u32, u32) -> PixelGradient,
    x: std::ops::Range<u32>,
    y: std::ops::Range<u32>,
) -> Vec<Sums> {
    let mut order: Vec<usize> = (0..splats.a.len()).collect();
    order.sort_by(|&i, &j| splats.a[i][2].total_cmp(&splats.a[j][2]));
    let mut sums = vec![Sums::default(); splats.a.len()];
    for y in y {
        for x in x.clone() {
            let layers = layers(splats, &order, frame, [x, y]);
            pixel_backward(splats, frame, &layers, d_image(x, y), &mut sums);
        }
    }
    sums
}

fn layers(
    splats: ProjectedArrays<'_>,
    order: &[usize],
    frame: &FrameUniform,
    [x, y]: [u32; 2],
) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut transmittance = 1.0_f64;
    for &splat in order {
        let [u, v, ..] = splats.a[splat].map(f64::from);
        let [xx, xy, yy, opacity] = splats.b[splat].map(f64::from);
        let [dx, dy] = [u - (f64::from(x) + 0.5), v - (f64::from(y) + 0.5)];
        let sigma = 0.5 * (xx * dx * dx + yy * dy * dy) + xy * dx * dy;
        let raw = opacity * (-sigma).exp();
        if sigma < 0.0 || raw < f64::from(frame.alpha_min) {
            continue;
        }
        let alpha = raw.min(f64::from(frame.alpha_max));
        let next = transmittance * (1.0 - alpha);
        if next <= f64::from(frame.transmittance_stop) {
            break;
        }
        layers.push(Layer {
            splat,
            alpha,
            transmittance,
            capped: alpha < raw,
            to_mean: [dx, dy],
        });
        transmittance = next;
    }
    layers
}

fn pixel_backward(
    splats: ProjectedArrays<'_>,
    frame: &FrameUniform,
    layers: &[Layer],
    g: PixelGradient,
    sums: &mut [Sums],
) {
    let last = layers.last();
    let left = last.map_or(1.0, |it| it.transmittance * (1.0 - it.alpha));
    let gives = |it: &Layer| -> [f64; 4] {
        let [r, green, b, _] = splats.c[it.splat].map(f64::from);
        let z = f64::from(splats.a[it.splat][2]);
        [r * g[0], green * g[1], b * g[2], z * g[4]]
    };
    // What lies behind, from the background on; alpha is one minus what is left.
    let background = (0..3).map(|k| f64::from(frame.background[k]) * g[k]);
    let mut behind = left * (background.clone().sum::<f64>() - g[3]);
    let all = left * (background.map(f64::abs).sum::<f64>() + g[3].abs())
        + layers
            .iter()
            .map(|it| it.alpha * it.transmittance * gives(it).map(f64::abs).iter().sum::<f64>())
            .sum::<f64>();
    for it in layers.iter().rev() {
        let e: f64 = gives(it).iter().sum();
        let weight = it.alpha * it.transmittance;
        let d_alpha = it.transmittance * e - behind / (1.0 - it.alpha);
        let size = it.alpha * (it.transmittance * e.abs() + all / (1.0 - it.alpha));
        behind += weight * e;
        let (v, size) = if it.capped {
            (0.0, 0.0)
        } else {
            (-it.alpha * d_alpha, size)
        };
        let [dx, dy] = it.to_mean;
        let moments = [1.0, dx, dy, dx * dx, dx * dy, dy * dy];
        let Sums { values, sizes } = &mut sums[it.splat];
        for (k, moment) in moments.into_iter().enumerate() {
            values[k] += v * moment;
            sizes[k] += size * moment.abs();
        }
        for (k, g) in [g[0], g[1], g[2], g[4]].into_iter().enumerate() {
            values[6 + k] += weight * g;
            sizes[6 + k] += (weight * g).abs();
        }
    }
}
