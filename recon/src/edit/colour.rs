//! Changes of colour that hold from every side: affine in display rgb, so that harmonics take them
//! exactly.

use glam::{Mat3, Vec3};
use render::{Splats, sh};
use serde::{Deserialize, Serialize};

/// Weights of red, green and blue in brightness (ITU-R BT.709).
const LUMA: Vec3 = Vec3::new(0.2126, 0.7152, 0.0722);

/// How far `temperature` 1 moves red up and blue down, as a factor.
const WARMTH: f32 = 0.3;

/// Changes of colour. All zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColourChange {
    /// Stops: 1 is twice as bright (in display values).
    pub exposure: f32,
    /// −1 cold (blue) to 1 warm (red).
    pub temperature: f32,
    /// −1 grey to 1 twice as colourful.
    pub saturation: f32,
    /// −1 flat grey to 1 twice the distance from middle grey.
    pub contrast: f32,
}

impl ColourChange {
    /// Whether nothing changes.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether all its numbers are.
    pub fn is_finite(&self) -> bool {
        [
            self.exposure,
            self.temperature,
            self.saturation,
            self.contrast,
        ]
        .iter()
        .all(|it| it.is_finite())
    }

    /// As `rgb ↦ matrix · rgb + offset`, in display values.
    pub fn affine(&self) -> (Mat3, Vec3) {
        let warm = Vec3::new(
            1.0 + WARMTH * self.temperature,
            1.0,
            1.0 - WARMTH * self.temperature,
        );
        let gain = Mat3::from_diagonal(self.exposure.exp2() * warm);
        let keep = (1.0 + self.saturation).max(0.0);
        let grey = Mat3::from_cols(
            Vec3::splat(LUMA.x),
            Vec3::splat(LUMA.y),
            Vec3::splat(LUMA.z),
        );
        let colourful = keep * Mat3::IDENTITY + (1.0 - keep) * grey;
        let steep = (1.0 + self.contrast).max(0.0);
        (steep * (colourful * gain), Vec3::splat(0.5 * (1.0 - steep)))
    }

    /// Changes the wanted ones of the splats.
    pub(super) fn change_splats(&self, splats: &mut Splats, wanted: impl Fn(usize) -> bool) {
        let (matrix, offset) = self.affine();
        let coeffs = splats.coeffs_per_splat();
        for i in (0..splats.len()).filter(|it| wanted(*it)) {
            let own = &mut splats.sh_coeffs[i * coeffs..(i + 1) * coeffs];
            let rgb = matrix * sh::rgb_from_dc(own[0]) + offset;
            for coefficient in own.iter_mut().skip(1) {
                *coefficient = (matrix * Vec3::from(*coefficient)).into();
            }
            own[0] = sh::dc_from_rgb(rgb);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seen_colour_changes_as_promised_from_every_side() {
        let coeffs = sh::coeff_count(3);
        let mut splats = Splats {
            means: vec![Vec3::ZERO],
            quats: vec![[1.0, 0.0, 0.0, 0.0]],
            log_scales: vec![Vec3::ZERO],
            opacity_logits: vec![0.0],
            sh_coeffs: (0..coeffs)
                .map(|k| [0, 1, 2].map(|c| 0.1 * ((3 * k + c) as f32).sin()))
                .collect(),
            sh_degree: 3,
        };
        let change = ColourChange {
            exposure: 0.3,
            temperature: 0.4,
            saturation: -0.2,
            contrast: 0.1,
        };
        let before = splats.sh_coeffs.clone();
        change.change_splats(&mut splats, |_| true);
        let (matrix, offset) = change.affine();
        for i in 0..20 {
            let t = i as f32;
            let d = Vec3::new(t.sin(), (1.7 * t).cos(), (2.3 * t).sin()).normalize();
            let wanted = matrix * sh::colour(&before, d) + offset;
            assert!((sh::colour(&splats.sh_coeffs, d) - wanted).length() < 1e-5);
        }
    }

    #[test]
    fn greys_stay_grey_without_temperature() {
        let change = ColourChange {
            saturation: -1.0,
            ..ColourChange::default()
        };
        let (matrix, offset) = change.affine();
        let grey = matrix * Vec3::new(0.9, 0.1, 0.4) + offset;
        assert!((grey.x - grey.y).abs() < 1e-6 && (grey.y - grey.z).abs() < 1e-6);
        assert!(ColourChange::default().is_none());
        let (matrix, offset) = ColourChange::default().affine();
        assert!((matrix * Vec3::splat(0.3) + offset - 0.3).length() < 1e-6);
    }
}
