//! `shared/random.wgsl`: numbers by chance from a seed and a place.

use glam::DVec3;

/// Three normal numbers.
pub(crate) fn normal_noise(place: u32, seed: u32) -> DVec3 {
    let mut bits = [0; 4];
    let mut next = place ^ scrambled(seed);
    for it in &mut bits {
        *it = scrambled(next);
        next = *it ^ 0x9e37_79b9;
    }
    let [a, b, c, d] = bits.map(|it| f64::from(fraction(it)));
    let length = |it: f64| (-2.0 * it.ln()).sqrt();
    let turns = |it: f64| std::f64::consts::TAU * it;
    DVec3::new(
        length(a) * turns(c).cos(),
        length(a) * turns(c).sin(),
        length(b) * turns(d).cos(),
    )
}

/// In (0, 1); exact.
pub(crate) fn fraction(bits: u32) -> f32 {
    ((bits >> 9) as f32 + 0.5) / 8_388_608.0
}

/// The finaliser of `MurmurHash3`.
pub(crate) fn scrambled(number: u32) -> u32 {
    let mut x = number;
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}
