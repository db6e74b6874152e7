//! `train/fade.wgsl`: opacities become fainter, in f64.

/// The logit after; `None` where it stays to the bit.
pub(crate) fn fade(logit: f32, keep: f64, largest_opacity: f64) -> Option<f64> {
    let opacity = 1.0 / (1.0 + (-f64::from(logit)).exp());
    let faded = (opacity * keep).min(largest_opacity);
    (faded < opacity && 1e-30 < faded).then(|| (faded / (1.0 - faded)).ln())
}
