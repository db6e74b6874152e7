//! Quaternions in three bytes (v1, v2) and in four (v3, v4).

use std::f32::consts::FRAC_1_SQRT_2;

/// Largest magnitude in the nine bits of a component; stands for `√½`.
const MAX_MAGNITUDE: f32 = 511.0;

/// The quaternion `w, x, y, z` of three bytes: x, y and z in steps of `2/255` from -1; w ≥ 0
/// follows from the length.
pub(super) fn quat_from_3_bytes(bytes: [u8; 3]) -> [f32; 4] {
    let [x, y, z] = bytes.map(|it| f32::from(it) / 127.5 - 1.0);
    let w = (1.0 - (x * x + y * y + z * z)).max(0.0).sqrt();
    [w, x, y, z]
}

/// The quaternion `w, x, y, z` of a packed word. Top two bits: which of x, y, z, w (in this
/// order) is the largest and left out, being positive and following from the length. Below, the
/// other three in order, the first in the highest bits: a sign and nine bits of magnitude each.
pub(super) fn quat_from_word(word: u32) -> [f32; 4] {
    let largest = (word >> 30) as usize;
    let mut xyzw = [0.0_f32; 4];
    let mut rest = word;
    let mut squares = 0.0;
    for i in (0..4).rev().filter(|&i| i != largest) {
        let magnitude = (rest & 0x1ff) as f32 / MAX_MAGNITUDE * FRAC_1_SQRT_2;
        xyzw[i] = if rest & 0x200 == 0 {
            magnitude
        } else {
            -magnitude
        };
        squares += magnitude * magnitude;
        rest >>= 10;
    }
    xyzw[largest] = (1.0 - squares).max(0.0).sqrt();
    let [x, y, z, w] = xyzw;
    [w, x, y, z]
}

/// The packed word of a unit quaternion `w, x, y, z`; the inverse of [`quat_from_word`].
pub(super) fn word_from_quat([w, x, y, z]: [f32; 4]) -> u32 {
    let xyzw = [x, y, z, w];
    let largest = (1..4).fold(0, |best, i| {
        if xyzw[best].abs() < xyzw[i].abs() {
            i
        } else {
            best
        }
    });
    let negate = xyzw[largest] < 0.0;
    (0..4)
        .filter(|&i| i != largest)
        .fold(largest as u32, |word, i| {
            let magnitude = (xyzw[i].abs() / FRAC_1_SQRT_2 * MAX_MAGNITUDE).round();
            let magnitude = magnitude.min(MAX_MAGNITUDE) as u32;
            let sign = u32::from((xyzw[i] < 0.0) != negate);
            word << 10 | sign << 9 | magnitude
        })
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn a_word_keeps_a_quaternion_within_half_a_step() {
        // Three components with half a step of error each; the fourth follows from them.
        let step = FRAC_1_SQRT_2 / MAX_MAGNITUDE;
        let mut rng = rand_pcg::Pcg32::seed_from_u64(3);
        for _ in 0..2000 {
            let q: [f32; 4] = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
            let length = q.iter().map(|it| it * it).sum::<f32>().sqrt();
            let q = q.map(|it| it / length);
            let back = quat_from_word(word_from_quat(q));
            let dot: f32 = q.iter().zip(back).map(|(a, b)| a * b).sum();
            let worst = q
                .iter()
                .zip(back)
                .map(|(a, b)| (a - dot.signum() * b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1.5 * step * 1.1, "{q:?} {back:?}");
        }
    }

    #[test]
    fn identity_and_half_turns() {
        for q in [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ] {
            assert_eq!(quat_from_word(word_from_quat(q)), q);
        }
        let [w, x, y, z] = quat_from_3_bytes([128, 128, 127]);
        assert!(0.9999 < w && x.abs() < 0.005 && y.abs() < 0.005 && z.abs() < 0.005);
    }
}
