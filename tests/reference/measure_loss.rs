//! `train/measure_loss.wgsl`: L1, squared error and SSIM by the 11×11 window itself, in f64.

use render::gpu::LossUniform;

/// Two pictures as they are compared, row by row; what the frame was multiplied by; alphas.
pub(crate) struct Pair {
    pub(crate) frame: Vec<[f64; 3]>,
    pub(crate) photo: Vec<[f64; 3]>,
    pub(crate) weight: Vec<f64>,
    pub(crate) alphas: Vec<[f64; 2]>,
}

/// Sums over pixels and channels.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) l1: f64,
    pub(crate) squares: f64,
    pub(crate) ssim: f64,
    pub(crate) alpha: f64,
}

/// Local moments under the window, and SSIM of them.
pub(crate) struct Local {
    pub(crate) means: [f64; 2],
    /// a, b, c, d of `S = ab / cd`.
    pub(crate) terms: [f64; 4],
}

/// Pairs the frame (rgb, alpha) with the photo's RGBA, 0..1, both row by row.
pub(crate) fn pair(loss: &LossUniform, image: &[[f32; 4]], photo: &[[f64; 4]]) -> Pair {
    let mut pair = Pair {
        frame: Vec::new(),
        photo: Vec::new(),
        weight: Vec::new(),
        alphas: Vec::new(),
    };
    for (shown, rgba) in image.iter().zip(photo) {
        let [r, g, b, alpha] = shown.map(f64::from);
        let opacity = rgba[3];
        let weight = if loss.alpha_use == 1 { opacity } else { 1.0 };
        pair.frame.push([r, g, b].map(|it| it * weight));
        pair.photo.push([0, 1, 2].map(|k| match loss.alpha_use {
            2 => rgba[k] * opacity + f64::from(loss.background[k]) * (1.0 - opacity),
            _ => rgba[k] * weight,
        }));
        pair.weight.push(weight);
        pair.alphas.push([alpha, opacity]);
    }
    pair
}

/// A normalised Gaussian of σ = 1.5 over 11×11 pixels, at an offset from its middle.
pub(crate) fn window(dx: i64, dy: i64) -> f64 {
    tap(dx) * tap(dy)
}

/// The same along one axis.
pub(crate) fn tap(d: i64) -> f64 {
    let bell = |d: i64| (-(d * d) as f64 / (2.0 * 1.5 * 1.5)).exp();
    bell(d) / (-5..=5).map(bell).sum::<f64>()
}

/// Pixels within reach of the window around `(x, y)`, with its weight there.
pub(crate) fn around(
    [width, height]: [u32; 2],
    x: u32,
    y: u32,
) -> impl Iterator<Item = (usize, f64)> {
    (-5..=5).flat_map(move |dy| {
        (-5..=5).filter_map(move |dx| {
            let (x, y) = (i64::from(x) + dx, i64::from(y) + dy);
            let inside = 0 <= x && 0 <= y && x < i64::from(width) && y < i64::from(height);
            inside.then(|| ((y * i64::from(width) + x) as usize, window(dx, dy)))
        })
    })
}

/// What SSIM is made of at a pixel.
pub(crate) fn local(loss: &LossUniform, pair: &Pair, x: u32, y: u32, channel: usize) -> Local {
    let (mut m1, mut m2, mut e11, mut e22, mut e12) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (at, w) in around(loss.image_size, x, y) {
        let (a, b) = (pair.frame[at][channel], pair.photo[at][channel]);
        m1 += w * a;
        m2 += w * b;
        e11 += w * a * a;
        e22 += w * b * b;
        e12 += w * a * b;
    }
    let (c1, c2) = (0.01 * 0.01, 0.03 * 0.03);
    Local {
        means: [m1, m2],
        terms: [
            2.0 * m1 * m2 + c1,
            2.0 * (e12 - m1 * m2) + c2,
            m1 * m1 + m2 * m2 + c1,
            e11 - m1 * m1 + e22 - m2 * m2 + c2,
        ],
    }
}

/// Whether SSIM counts there.
pub(crate) fn counts(loss: &LossUniform, x: u32, y: u32) -> bool {
    let [width, height] = loss.image_size;
    let border = loss.border;
    border <= x && border <= y && x + border < width && y + border < height
}

/// Sums over the pictures.
pub(crate) fn measure_loss(loss: &LossUniform, pair: &Pair) -> Measured {
    let [width, height] = loss.image_size;
    let mut sums = Measured::default();
    for y in 0..height {
        for x in 0..width {
            let at = (y * width + x) as usize;
            for channel in 0..3 {
                let apart = pair.frame[at][channel] - pair.photo[at][channel];
                sums.l1 += apart.abs();
                sums.squares += apart * apart;
                if counts(loss, x, y) {
                    let [a, b, c, d] = local(loss, pair, x, y, channel).terms;
                    sums.ssim += a * b / (c * d);
                }
            }
            if loss.alpha_use == 2 {
                sums.alpha += (pair.alphas[at][0] - pair.alphas[at][1]).abs();
            }
        }
    }
    sums
}
