//! `train/divide.wgsl`: equation 9 of 3DGS-MCMC as the double sum it is, and 3DGS's split, in f64.

use glam::{DQuat, DVec3};
use render::Splats;

use super::random::normal_noise;

/// Opacity of each of `n` copies, and what their scales are multiplied by.
pub(crate) fn share(opacity: f64, n: u32, smallest_opacity: f64) -> (f64, f64) {
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

/// Where the mean of new splat `j` is that was split off splat `i`, and its log-scales.
pub(crate) fn split(splats: &Splats, i: usize, j: u32, seed: u32) -> (DVec3, DVec3) {
    let [w, x, y, z] = splats.quats[i].map(f64::from);
    let rotation = DQuat::from_xyzw(x, y, z, w).normalize();
    let log_scales = splats.log_scales[i].as_dvec3();
    let offset = rotation * (log_scales.exp() * normal_noise(j, seed));
    let mean = splats.means[i].as_dvec3() + offset;
    (mean, log_scales - 1.6_f64.ln())
}
