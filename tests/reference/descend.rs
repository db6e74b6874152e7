//! `train/descend.wgsl`: Adam with bias correction, one number at a time, in f64.

const BETAS: [f64; 2] = [0.9, 0.999];

/// A number and its moments.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moving {
    pub(crate) value: f64,
    pub(crate) first: f64,
    pub(crate) second: f64,
}

/// Step `t`, counted from 1, along the gradient `d`.
pub(crate) fn descend(at: Moving, d: f64, rate: f64, t: i32) -> Moving {
    let first = BETAS[0] * at.first + (1.0 - BETAS[0]) * d;
    let second = BETAS[1] * at.second + (1.0 - BETAS[1]) * d * d;
    let unbiased_first = first / (1.0 - BETAS[0].powi(t));
    let unbiased_second = second / (1.0 - BETAS[1].powi(t));
    Moving {
        value: at.value - rate * unbiased_first / (unbiased_second.sqrt() + 1e-15),
        first,
        second,
    }
}

/// The harmonics of a splat, plane by plane.
#[derive(Clone, Debug)]
pub(crate) struct Harmonics {
    pub(crate) values: Vec<f64>,
    /// First moments over the root of the second, as f16.
    pub(crate) ratios: Vec<f64>,
    /// Mean of the squares of the gradient of degree 0.
    pub(crate) second: f64,
}

/// Step `t` along `d`, for the first `moving` planes; `rates` of degree 0 and of the others.
pub(crate) fn descend_harmonics(
    at: &mut Harmonics,
    d: &[f64],
    (rates, t): ([f64; 2], i32),
    moving: usize,
) {
    let before = at.second.sqrt();
    let squares = d[..3].iter().map(|it| it * it).sum::<f64>() / 3.0;
    at.second = BETAS[1] * at.second + (1.0 - BETAS[1]) * squares;
    let unbiased_second = at.second / (1.0 - BETAS[1].powi(t));
    for plane in 0..moving {
        let first = BETAS[0] * at.ratios[plane] * before + (1.0 - BETAS[0]) * d[plane];
        let unbiased_first = first / (1.0 - BETAS[0].powi(t));
        let rate = rates[usize::from(3 <= plane)];
        at.values[plane] -= rate * unbiased_first / (unbiased_second.sqrt() + 1e-15);
        at.ratios[plane] = if 0.0 < at.second {
            rounded_to_f16(first / at.second.sqrt())
        } else {
            0.0
        };
    }
}

/// With 11 binary digits, as f16 has them.
fn rounded_to_f16(x: f64) -> f64 {
    if x == 0.0 {
        return x;
    }
    let digit = 2.0_f64.powf(x.abs().log2().floor().max(-14.0) - 10.0);
    (x / digit).round() * digit
}

/// The number that the bits of an f16 mean, of a finite one.
pub(crate) fn from_f16(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f64::from(bits & 1023) / 1024.0;
    sign * if exponent == 0 {
        fraction * 2.0_f64.powi(-14)
    } else {
        (1.0 + fraction) * 2.0_f64.powi(exponent - 15)
    }
}
