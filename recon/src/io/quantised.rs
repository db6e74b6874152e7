//! What the quantising formats share: opacity in a byte, and which splats they can hold at all.

use render::Splats;
use render::splats::{logit, sigmoid};

use super::FormatError;

/// Opacities of exactly 0 and 1 have no finite logit; these are as good, and stay finite.
const MIN_OPACITY: f32 = 1e-6;

/// The logit of the opacity `byte / 255`, finite.
pub(super) fn logit_from_byte(byte: u8) -> f32 {
    logit((f32::from(byte) / 255.0).clamp(MIN_OPACITY, 1.0 - MIN_OPACITY))
}

/// The opacity of a logit, in 255ths, rounded.
pub(super) fn byte_from_logit(logit: f32) -> u8 {
    byte_from_unit(sigmoid(logit))
}

/// 0 to 1 in 255ths, rounded; what lies outside is clamped.
pub(super) fn byte_from_unit(x: f32) -> u8 {
    (x * 255.0).round() as u8
}

/// Refuses what has no nearest quantised value: arrays that disagree, positions that are not
/// finite, anything that is NaN. Infinite opacities and scales do have one.
pub(super) fn check_quantisable(splats: &Splats) -> Result<(), FormatError> {
    splats
        .check()
        .map_err(|it| FormatError::Malformed(it.to_string()))?;
    let broken = |i: usize| {
        !splats.means[i].is_finite()
            || splats.quats[i].iter().any(|it| !it.is_finite())
            || splats.log_scales[i].is_nan()
            || splats.opacity_logits[i].is_nan()
            || splats.sh(i).iter().flatten().any(|it| !it.is_finite())
    };
    let mut indices = (0..splats.len()).filter(|&i| broken(i));
    let Some(first) = indices.next() else {
        return Ok(());
    };
    Err(FormatError::Malformed(format!(
        "{} splats (the first is number {first}) hold values that are not numbers. Only .ply can \
         store them; remove them or write a .ply",
        1 + indices.count()
    )))
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    #[test]
    fn every_byte_survives_its_logit() {
        for byte in 0..=u8::MAX {
            assert!(logit_from_byte(byte).is_finite());
            assert_eq!(byte_from_logit(logit_from_byte(byte)), byte);
        }
        assert_eq!(byte_from_logit(f32::INFINITY), 255);
        assert_eq!(byte_from_logit(f32::NEG_INFINITY), 0);
    }

    #[test]
    fn what_is_not_a_number_is_refused_by_its_index() {
        let mut splats = Splats {
            means: vec![Vec3::ZERO; 3],
            quats: vec![[1.0, 0.0, 0.0, 0.0]; 3],
            log_scales: vec![Vec3::NEG_INFINITY; 3],
            opacity_logits: vec![f32::INFINITY; 3],
            sh_coeffs: vec![[0.0; 3]; 3],
            sh_degree: 0,
        };
        assert!(check_quantisable(&splats).is_ok());
        splats.means[1].y = f32::NAN;
        splats.means[2].x = f32::INFINITY;
        let error = check_quantisable(&splats).unwrap_err().to_string();
        assert!(
            error.contains("2 splats (the first is number 1)"),
            "{error}"
        );
    }
}
