//! `train/relocate.wgsl`: equation 9 of 3DGS-MCMC as the double sum it is, in f64.

/// Opacity of each of `n` copies, and what their scales are multiplied by.
pub(crate) fn relocate(opacity: f64, n: u32, smallest_opacity: f64) -> (f64, f64) {
    let each = 1.0 - (1.0 - opacity).powf(1.0 / f64::from(n));
    let each = each.clamp(smallest_opacity, 1.0 - f64::from(f32::EPSILON));
    let mut sum = 0.0;
    for i in 1..=n {
        let mut binomial = 1.0; // C(i − 1, k)
        for k in 0..i {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            let power = f64::from(k + 1);
            sum += binomial * sign / power.sqrt() * each.powf(power);
            binomial *= f64::from(i - 1 - k) / power;
        }
    }
    (each, opacity / sum)
}
