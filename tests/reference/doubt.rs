//! `train/doubt.wgsl`: whether a splat may be pruned, and when its turn comes, in f64.

use render::Splats;
use render::training::Growth;

use super::random::{fraction, scrambled};

/// Whether it is faint or too large.
pub(crate) fn is_candidate(splats: &Splats, i: usize, growth: &Growth) -> bool {
    let opacity = 1.0 / (1.0 + (-f64::from(splats.opacity_logits[i])).exp());
    let largest = splats.log_scales[i].max_element();
    opacity < f64::from(growth.least_opacity) || growth.largest_scale.ln() < largest
}

/// Candidates are pruned in this order, where the picture has this mean error.
pub(crate) fn doubt(place: u32, seed: u32, error: f64) -> f64 {
    let chance = f64::from(fraction(scrambled(place ^ scrambled(seed))));
    -chance.ln() * (1.000_001 - error.clamp(0.0, 1.0))
}
