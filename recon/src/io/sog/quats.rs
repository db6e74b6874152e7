//! Quaternions in a pixel: the three smaller components, and which one is left out.

use std::f32::consts::SQRT_2;

use crate::io::quantised::byte_from_unit;

/// Alpha of a quaternion whose largest component is w; x, y and z follow.
const FIRST_TAG: u8 = 252;

/// The quaternion `w, x, y, z` of a pixel; `None` where its alpha is no tag.
pub(super) fn quat_from_pixel([r, g, b, tag]: [u8; 4]) -> Option<[f32; 4]> {
    let largest = usize::from(tag.checked_sub(FIRST_TAG)?);
    let mut smaller = [r, g, b]
        .map(|it| (f32::from(it) / 255.0 * 2.0 - 1.0) / SQRT_2)
        .into_iter();
    let mut quat = [0.0; 4];
    let mut squares = 0.0;
    for i in (0..4).filter(|&i| i != largest) {
        quat[i] = smaller.next().unwrap_or_default();
        squares += quat[i] * quat[i];
    }
    quat[largest] = (1.0_f32 - squares).max(0.0).sqrt();
    Some(quat)
}

/// The pixel of a unit quaternion `w, x, y, z`; its sign is chosen so that the component that is
/// left out is positive.
pub(super) fn pixel_from_quat(quat: [f32; 4]) -> [u8; 4] {
    let largest = (1..4).fold(0, |best, i| {
        if quat[best].abs() < quat[i].abs() {
            i
        } else {
            best
        }
    });
    let sign = quat[largest].signum();
    let mut pixel = [0, 0, 0, FIRST_TAG + largest as u8];
    let smaller = (0..4).filter(|&i| i != largest);
    for (channel, i) in pixel.iter_mut().zip(smaller) {
        *channel = byte_from_unit(0.5 * (sign * quat[i] * SQRT_2 + 1.0));
    }
    pixel
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn a_quaternion_returns_within_half_a_step() {
        let step = SQRT_2 / 255.0;
        let mut rng = rand_pcg::Pcg32::seed_from_u64(3);
        for _ in 0..2000 {
            let q: [f32; 4] = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
            let length = q.iter().map(|it| it * it).sum::<f32>().sqrt();
            let q = q.map(|it| it / length);
            let pixel = pixel_from_quat(q);
            let back = quat_from_pixel(pixel).unwrap();
            let left_out = usize::from(pixel[3] - FIRST_TAG);
            assert!(0.0 < back[left_out]);
            let sign = q[left_out].signum();
            for i in 0..4 {
                // The one left out gathers the errors of the three; it is at least as large as
                // each of them, so by at most three times half a step.
                let bound = if i == left_out { 1.65 } else { 0.5001 } * step;
                assert!((sign * q[i] - back[i]).abs() <= bound, "{q:?} {back:?}");
            }
        }
        assert_eq!(quat_from_pixel([0, 0, 0, 251]), None);
    }
}
