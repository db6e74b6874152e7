//! `train/add_noise.wgsl`: noise times the covariance, by matrices, in f64.

use glam::{DMat3, DQuat, DVec3};
use render::Splats;
use render::gpu::NoiseUniform;

/// How far the mean of splat `i` moves.
pub(crate) fn add_noise(splats: &Splats, i: usize, unit: DVec3, noise: &NoiseUniform) -> DVec3 {
    let [w, x, y, z] = splats.quats[i].map(f64::from);
    let rotation = DMat3::from_quat(DQuat::from_xyzw(x, y, z, w).normalize());
    let m = rotation * DMat3::from_diagonal(splats.log_scales[i].as_dvec3().exp());
    let opacity = 1.0 / (1.0 + (-f64::from(splats.opacity_logits[i])).exp());
    let over = opacity - f64::from(noise.gate_opacity);
    let gate = 1.0 / (1.0 + (f64::from(noise.gate_slope) * over).exp());
    m * m.transpose() * unit * gate * f64::from(noise.scale)
}
