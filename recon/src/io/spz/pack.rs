//! From splats to the bytes of the columns (v3 and v4).

use glam::Vec3;
use render::Splats;

use super::axes::AxisSigns;
use super::header::Header;
use super::rotations::word_from_quat;
use super::{COLOUR_SCALE, MIN_LOG_SCALE, SCALE_STEPS, SH_ZERO};
use crate::io::FormatError;
use crate::io::quantised::{byte_from_logit, byte_from_unit};

/// Fractional bits of positions unless the scene is too large: 0.24 mm in a scene in metres.
const FRACTIONAL_BITS: u8 = 12;

/// The largest magnitude of a 24-bit number.
const MAX_FIXED: f32 = 8_388_607.0;

/// Steps of 1/128 that a coefficient of degree 1 is rounded to: 5 bits of the byte, which is what
/// makes the format pack well. The format's default.
const SH1_STEP: f32 = 8.0;

/// The same for higher degrees: 4 bits.
const SH_REST_STEP: f32 = 16.0;

/// As many fractional bits as fit the farthest position into 24 bits, at most 12: within ±2048
/// units there are 12, each doubling of the scene costs one.
pub(super) fn fractional_bits(splats: &Splats) -> Result<u8, FormatError> {
    let farthest = splats
        .means
        .iter()
        .map(|it| it.abs().max_element())
        .fold(0.0, f32::max);
    (0..=FRACTIONAL_BITS)
        .rev()
        .find(|&bits| farthest * f32::from(bits).exp2() <= MAX_FIXED)
        .ok_or_else(|| {
            FormatError::Unsupported(format!(
                "a splat is {farthest} units from the origin, SPZ reaches {MAX_FIXED}. Scale the \
                 scene down, or write another format"
            ))
        })
}

/// The columns of `splats`, in the order of the file.
pub(super) fn pack(splats: &Splats, header: &Header) -> [Vec<u8>; 6] {
    let signs = AxisSigns::RUB;
    let units = f32::from(header.fractional_bits).exp2();
    let count = splats.len();
    let coeffs = splats.coeffs_per_splat();
    [
        splats
            .means
            .iter()
            .flat_map(|&it| (signs.turn_mean(it) * units).to_array())
            .flat_map(|it| {
                let [b0, b1, b2, _] = (it.round() as i32).to_le_bytes();
                [b0, b1, b2]
            })
            .collect(),
        splats
            .opacity_logits
            .iter()
            .map(|&it| byte_from_logit(it))
            .collect(),
        splats
            .sh_coeffs
            .iter()
            .step_by(coeffs)
            .flat_map(|rgb| rgb.map(|it| byte_from_unit(COLOUR_SCALE * it + 0.5)))
            .collect(),
        splats
            .log_scales
            .iter()
            .flat_map(Vec3::to_array)
            .map(|it| ((it - MIN_LOG_SCALE) * SCALE_STEPS).round() as u8)
            .collect(),
        (0..count)
            .flat_map(|i| {
                let q = splats.rotation(i);
                word_from_quat(signs.turn_quat([q.w, q.x, q.y, q.z])).to_le_bytes()
            })
            .collect(),
        (0..count)
            .flat_map(|i| splats.sh(i)[1..].iter().enumerate())
            .flat_map(|(k, rgb)| {
                let step = if k < 3 { SH1_STEP } else { SH_REST_STEP };
                rgb.map(|it| byte_from_coeff(signs.sh_sign(k) * it, step))
            })
            .collect(),
    ]
}

/// A coefficient in 128ths around 128, rounded to a multiple of `step`. Zero stays zero.
fn byte_from_coeff(coeff: f32, step: f32) -> u8 {
    ((coeff * SH_ZERO / step).round() * step + SH_ZERO) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_at(x: f32) -> Splats {
        Splats {
            means: vec![Vec3::new(0.0, -x, 0.0)],
            ..Splats::default()
        }
    }

    #[test]
    fn large_scenes_get_fewer_fractional_bits() {
        for (x, bits) in [
            (0.0, 12),
            (2047.9, 12),
            (2048.0, 11),
            (10_000.0, 9),
            (8_388_607.0, 0),
        ] {
            assert_eq!(fractional_bits(&one_at(x)).unwrap(), bits, "{x}");
        }
        assert!(matches!(
            fractional_bits(&one_at(1e7)),
            Err(FormatError::Unsupported(_))
        ));
    }

    #[test]
    fn coefficients_stay_within_half_a_step() {
        for i in -127..=112 {
            let coeff = i as f32 / 128.0;
            for step in [SH1_STEP, SH_REST_STEP] {
                let back = (f32::from(byte_from_coeff(coeff, step)) - SH_ZERO) / SH_ZERO;
                assert!((back - coeff).abs() <= 0.5 * step / SH_ZERO, "{coeff}");
            }
        }
        assert_eq!(byte_from_coeff(0.0, SH_REST_STEP), 128);
        assert_eq!(byte_from_coeff(7.0, SH_REST_STEP), 255);
        assert_eq!(byte_from_coeff(-7.0, SH_REST_STEP), 0);
    }
}
