//! Colours by formula: noise, palettes, patterns. Display RGB, 0 to 1.

use std::f32::consts::TAU;

use glam::{IVec3, Vec3};

/// Smooth noise over space, another one for each seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    pub(super) seed: u64,
}

impl Noise {
    /// Sum of four octaves, 0 to 1; the coarsest has features of one unit.
    pub(super) fn cloud(self, p: Vec3) -> f32 {
        let octaves = (0..4).map(|it| f32::from(1_u8 << it));
        let sum: f32 = octaves.map(|it| self.value(p * it) / it).sum();
        sum / 1.875
    }

    /// Random values at whole coordinates, smoothly joined; 0 to 1.
    fn value(self, p: Vec3) -> f32 {
        let cell = p.floor();
        let t = p - cell;
        let t = t * t * (3.0 - 2.0 * t);
        let cell = cell.as_ivec3();
        let mut sum = 0.0;
        for corner in 0..8 {
            let step = IVec3::new(corner & 1, corner >> 1 & 1, corner >> 2);
            let weight = Vec3::select(step.cmpeq(IVec3::ONE), t, 1.0 - t);
            sum += weight.element_product() * self.at(cell + step);
        }
        sum
    }

    /// SplitMix64's finaliser over the coordinates.
    fn at(self, p: IVec3) -> f32 {
        let mut bits = self.seed;
        for k in p.to_array() {
            bits = (bits ^ u64::from(k as u32)).wrapping_add(0x9e37_79b9_7f4a_7c15);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^= bits >> 31;
        }
        (bits >> 40) as f32 / (1_u32 << 24) as f32
    }
}

/// Once around the rainbow, softly, as `t` goes from 0 to 1.
pub(super) fn rainbow(t: f32) -> Vec3 {
    let phase = TAU * (t + Vec3::new(0.0, 0.33, 0.67));
    0.55 + 0.42 * phase.map(f32::cos)
}

/// `a` and `b` in fields of a checkerboard with `fields` along each parameter.
pub(super) fn checker(u: f32, v: f32, fields: (f32, f32), a: Vec3, b: Vec3) -> Vec3 {
    let parity = (u * fields.0).floor() + (v * fields.1).floor();
    if parity.rem_euclid(2.0) < 0.5 { a } else { b }
}

/// `a` and `b` in waves of `t`, one of each per unit, with soft borders.
pub(super) fn stripes(t: f32, a: Vec3, b: Vec3) -> Vec3 {
    let wave = 0.5 + 0.5 * (TAU * t).sin();
    a.lerp(b, smoothstep(0.4, 0.6, wave))
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(super) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_smooth_within_bounds_and_its_own_per_seed() {
        let (one, two) = (Noise { seed: 1 }, Noise { seed: 2 });
        let mut differs = 0;
        for i in 0..1_000 {
            let p = Vec3::new(0.37, -0.21, 0.11) * i as f32;
            let value = one.cloud(p);
            assert!((0.0..=1.0).contains(&value));
            assert!((value - one.cloud(p + 1e-3)).abs() < 0.05, "{p}");
            differs += usize::from((value - two.cloud(p)).abs() > 1e-3);
        }
        assert!(900 < differs, "{differs}");
    }

    #[test]
    fn patterns_alternate() {
        let (a, b) = (Vec3::ZERO, Vec3::ONE);
        assert_eq!(checker(0.1, 0.1, (2.0, 2.0), a, b), a);
        assert_eq!(checker(0.6, 0.1, (2.0, 2.0), a, b), b);
        assert_eq!(checker(0.6, 0.6, (2.0, 2.0), a, b), a);
        assert_eq!((stripes(0.25, a, b), stripes(0.75, a, b)), (b, a));
    }
}
