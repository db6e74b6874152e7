//! The words a splat is packed into, each way.

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

use glam::Vec3;

/// Largest value of 10 and of 11 bits.
const MAX_10: f32 = 1023.0;
const MAX_11: f32 = 2047.0;

/// Range of a higher SH coefficient: -4 to 4 in a byte.
const SH_RANGE: f32 = 8.0;

/// Lower and upper corner of what a chunk holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) low: Vec3,
    pub(super) high: Vec3,
}

impl Bounds {
    /// The bounds of `points`.
    pub(super) fn of(points: impl Iterator<Item = Vec3>) -> Self {
        let none = Self {
            low: Vec3::INFINITY,
            high: Vec3::NEG_INFINITY,
        };
        points.fold(none, |bounds, it| Self {
            low: bounds.low.min(it),
            high: bounds.high.max(it),
        })
    }

    /// 0 to 1 along each axis; 0 along one without extent.
    pub(super) fn unit_from_point(self, point: Vec3) -> Vec3 {
        let size = self.high - self.low;
        let unit = |at: f32, size: f32| if 0.0 < size { at / size } else { 0.0 };
        let at = point - self.low;
        Vec3::new(unit(at.x, size.x), unit(at.y, size.y), unit(at.z, size.z))
    }

    pub(super) fn point_from_unit(self, unit: Vec3) -> Vec3 {
        // Not `low + t (high - low)`: at 1 this gives `high` exactly.
        self.low * (Vec3::ONE - unit) + self.high * unit
    }
}

/// `x` 0 to 1 in that many steps, rounded.
fn steps(x: f32, max: f32) -> u32 {
    (x.clamp(0.0, 1.0) * max).round() as u32
}

/// 0 to 1 along each axis in 11, 10 and 11 bits, x uppermost.
pub(super) fn word_from_unit(unit: Vec3) -> u32 {
    steps(unit.x, MAX_11) << 21 | steps(unit.y, MAX_10) << 11 | steps(unit.z, MAX_11)
}

pub(super) fn unit_from_word(word: u32) -> Vec3 {
    Vec3::new(
        (word >> 21) as f32 / MAX_11,
        (word >> 11 & 0x3ff) as f32 / MAX_10,
        (word & 0x7ff) as f32 / MAX_11,
    )
}

/// The index of the largest of `w x y z` in two bits, the others in order in ten each. The zero
/// quaternion becomes the identity.
pub(super) fn word_from_quat(quat: [f32; 4]) -> u32 {
    let norm = quat.iter().map(|it| it * it).sum::<f32>().sqrt();
    let quat = if norm.is_normal() {
        quat.map(|it| it / norm)
    } else {
        [1.0, 0.0, 0.0, 0.0]
    };
    let larger = |best: usize, i: usize| {
        if quat[best].abs() < quat[i].abs() {
            i
        } else {
            best
        }
    };
    let largest = (1..4).fold(0, larger);
    // q and -q are the same rotation: the one whose largest component is positive.
    let sign = 1.0f32.copysign(quat[largest]);
    (0..4)
        .filter(|it| *it != largest)
        .fold(largest as u32, |word, i| {
            word << 10 | steps(sign * quat[i] * FRAC_1_SQRT_2 + 0.5, MAX_10)
        })
}

/// Normalised, as nearly as the bits allow.
pub(super) fn quat_from_word(word: u32) -> [f32; 4] {
    let component = |shift: u32| ((word >> shift & 0x3ff) as f32 / MAX_10 - 0.5) * SQRT_2;
    let [a, b, c] = [component(20), component(10), component(0)];
    let d = (1.0 - (a * a + b * b + c * c)).max(0.0).sqrt();
    match word >> 30 {
        0 => [d, a, b, c],
        1 => [a, d, b, c],
        2 => [a, b, d, c],
        _ => [a, b, c, d],
    }
}

/// A higher SH coefficient in a byte.
pub(super) fn byte_from_sh(value: f32) -> u8 {
    ((value / SH_RANGE + 0.5) * 256.0) as u8 // `as` truncates and saturates
}

pub(super) fn sh_from_byte(byte: u8) -> f32 {
    let unit = match byte {
        0 => 0.0,
        255 => 1.0,
        _ => (f32::from(byte) + 0.5) / 256.0,
    };
    (unit - 0.5) * SH_RANGE
}
