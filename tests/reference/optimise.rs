//! `train/optimise.wgsl`: Adam with bias correction, one number at a time, in f64.

/// A number and its moments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moving {
    pub(crate) value: f64,
    pub(crate) first: f64,
    pub(crate) second: f64,
}

/// Step `t`, counted from 1, along the gradient `d`.
pub(crate) fn optimise(at: Moving, d: f64, rate: f64, t: i32) -> Moving {
    let (beta1, beta2): (f64, f64) = (0.9, 0.999);
    let first = beta1 * at.first + (1.0 - beta1) * d;
    let second = beta2 * at.second + (1.0 - beta2) * d * d;
    let unbiased_first = first / (1.0 - beta1.powi(t));
    let unbiased_second = second / (1.0 - beta2.powi(t));
    Moving {
        value: at.value - rate * unbiased_first / (unbiased_second.sqrt() + 1e-15),
        first,
        second,
    }
}
