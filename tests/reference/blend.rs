//! `splat/blend.wgsl`: front-to-back compositing of every splat at every pixel, in f64.

use render::gpu::FrameUniform;

/// A pixel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pixel {
    /// With the background behind it.
    pub(crate) rgb: [f64; 3],
    pub(crate) alpha: f64,
    /// Σ α T z.
    pub(crate) depth: f64,
    /// How many splats were blended.
    pub(crate) count: u32,
    /// Some decision hangs on the last bits of a float.
    pub(crate) undecided: bool,
}

/// The projected splats as the kernel reads them: `mean2d, depth, extent.y`, `conic, opacity`,
/// `rgb, extent.x`.
#[derive(Clone, Copy)]
pub(crate) struct ProjectedArrays<'a> {
    pub(crate) a: &'a [[f32; 4]],
    pub(crate) b: &'a [[f32; 4]],
    pub(crate) c: &'a [[f32; 4]],
}

/// Blends all splats, row by row from the top left. `[height × width]`
pub(crate) fn blend(splats: ProjectedArrays<'_>, frame: &FrameUniform) -> Vec<Pixel> {
    let mut order: Vec<usize> = (0..splats.a.len()).collect();
    order.sort_by(|&i, &j| splats.a[i][2].total_cmp(&splats.a[j][2]));
    let [width, height] = frame.image_size;
    (0..width * height)
        .map(|at| blend_pixel(splats, &order, frame, [at % width, at / width]))
        .collect()
}

fn blend_pixel(
    splats: ProjectedArrays<'_>,
    order: &[usize],
    frame: &FrameUniform,
    [x, y]: [u32; 2],
) -> Pixel {
    let hard = frame.shape != 0;
    let mut pixel = Pixel::default();
    let mut transmittance = 1.0_f64;
    for &i in order {
        let [u, v, z, _] = splats.a[i].map(f64::from);
        let [xx, xy, yy, opacity] = splats.b[i].map(f64::from);
        let dx = u - (f64::from(x + frame.origin[0]) + 0.5);
        let dy = v - (f64::from(y + frame.origin[1]) + 0.5);
        let terms = [0.5 * xx * dx * dx, 0.5 * yy * dy * dy, xy * dx * dy];
        let sigma: f64 = terms.iter().sum();
        let noise = 1e-6 * terms.iter().map(|it| it.abs()).sum::<f64>();
        let (drawn, alpha, margin) = if hard {
            let cut = if frame.shape == 1 { 0.5 } else { 1.125 };
            (sigma <= cut, 1.0, (sigma / cut).ln().abs())
        } else {
            let raw = opacity * (-sigma).exp();
            let alpha_min = f64::from(frame.alpha_min);
            let drawn = 0.0 <= sigma && alpha_min <= raw;
            let margin = (raw / alpha_min).ln().abs();
            (drawn, raw.min(f64::from(frame.alpha_max)), margin)
        };
        // The second: needles whose terms cancel, so that the sign of σ is in doubt.
        pixel.undecided |= margin < noise + 1e-6 || sigma.abs() < noise;
        if !drawn {
            continue;
        }
        let next = transmittance * (1.0 - alpha);
        let stop = f64::from(frame.transmittance_stop);
        pixel.undecided |= !hard && (next - stop).abs() < 1e-5 * stop;
        if !hard && next <= stop {
            break;
        }
        let weight = alpha * transmittance;
        let light = if hard { light(sigma, frame) } else { 1.0 };
        for k in 0..3 {
            pixel.rgb[k] += weight * light * f64::from(splats.c[i][k]);
        }
        pixel.depth += weight * z;
        pixel.count += 1;
        transmittance = next;
        if hard {
            break;
        }
    }
    pixel.alpha = 1.0 - transmittance;
    for k in 0..3 {
        pixel.rgb[k] += transmittance * f64::from(frame.background[k]);
    }
    pixel
}

/// A ball lit from the viewer: the cosine between its surface and the view, never below 0.3.
fn light(sigma: f64, frame: &FrameUniform) -> f64 {
    let cut = if frame.shape == 1 { 0.5 } else { 1.125 };
    0.3 + 0.7 * (1.0 - sigma / cut).max(0.0).sqrt()
}
