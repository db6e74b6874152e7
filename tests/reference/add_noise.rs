//! `train/add_noise.wgsl`: noise times the covariance, by matrices, in f64; and the noise itself.

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

/// Three normal numbers for a splat, from a seed.
pub(crate) fn normal_noise(splat: u32, seed: u32) -> DVec3 {
    let mut bits = [0; 4];
    let mut next = splat ^ scrambled(seed);
    for it in &mut bits {
        *it = scrambled(next);
        next = *it ^ 0x9e37_79b9;
    }
    let [a, b, c, d] = bits.map(|it| (f64::from(it >> 9) + 0.5) / 8_388_608.0);
    let length = |it: f64| (-2.0 * it.ln()).sqrt();
    let turns = |it: f64| std::f64::consts::TAU * it;
    DVec3::new(
        length(a) * turns(c).cos(),
        length(a) * turns(c).sin(),
        length(b) * turns(d).cos(),
    )
}

fn scrambled(number: u32) -> u32 {
    let mut x = number;
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}
