//! `train/nominate.wgsl`: whether a splat stays, and how eager it is to grow.

use render::Splats;
use render::training::Growth;

use super::doubt::is_candidate;

/// Whether splat `i` stays.
pub(crate) fn stays(splats: &Splats, i: usize, growth: &Growth) -> bool {
    splats.means[i].is_finite() && !is_candidate(splats, i, growth)
}

/// Its mean gradient, where that makes it grow. `statistics`: Σ of lengths, frames, importance.
pub(crate) fn nominate(
    statistics: [f32; 3],
    growth: &Growth,
    least_importance: Option<f32>,
) -> Option<f32> {
    let [lengths, frames, importance] = statistics;
    let gradient = lengths / frames.max(1.0);
    let matters = least_importance.is_none_or(|it| it < importance);
    (matters && growth.gradient_threshold < gradient).then_some(gradient)
}
