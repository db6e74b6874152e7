//! `train/weigh.wgsl`: what a splat weighs in the draws, in f64.

use render::Splats;

/// `None` where the splat is given up. Frozen ones are not asked: they stay, and weigh nothing.
pub(crate) fn weigh(
    splats: &Splats,
    i: usize,
    least_opacity: f64,
    importance: Option<f32>,
) -> Option<f64> {
    let numbers = splats.means[i]
        .to_array()
        .into_iter()
        .chain(splats.quats[i])
        .chain(splats.log_scales[i].to_array())
        .chain([splats.opacity_logits[i]]);
    let opacity = 1.0 / (1.0 + (-f64::from(splats.opacity_logits[i])).exp());
    let alive = numbers.into_iter().all(f32::is_finite) && least_opacity < opacity;
    let importance = importance.map_or(1.0, |it| f64::from(it.max(1e-6)));
    alive.then_some(opacity * importance)
}
