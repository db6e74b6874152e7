//! A glossy highlight as spherical harmonics.
//!
//! Phong's lobe around the mirrored light, `((1 + cos θ) / 2)^p`, is rotationally symmetric, so
//! it is a sum of Legendre polynomials `Σ fₗ Pₗ(cos θ)`; by the addition theorem each of them is
//! `4π / (2l + 1) Σₘ Yₗₘ(axis) Yₗₘ(d)`.

use std::f32::consts::PI;

use glam::Vec3;
use render::sh;

/// Bands of the lobe: 0 to [`sh::MAX_DEGREE`].
const BANDS: usize = sh::MAX_DEGREE as usize + 1;

/// A highlight's shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lobe {
    /// `fₗ`: the share of each Legendre polynomial.
    legendre: [f32; BANDS],
}

impl Lobe {
    /// Higher `exponent`, smaller highlight.
    pub(super) fn new(exponent: f32) -> Self {
        const STEPS: usize = 512;
        let mut legendre = [0.0; BANDS];
        for step in 0..STEPS {
            let c = (2.0 * step as f32 + 1.0) / STEPS as f32 - 1.0;
            let value = (0.5 + 0.5 * c).powf(exponent) * 2.0 / STEPS as f32;
            let polynomials = [
                1.0,
                c,
                0.5 * (3.0 * c * c - 1.0),
                0.5 * c * (5.0 * c * c - 3.0),
            ];
            for (l, (f, p)) in legendre.iter_mut().zip(polynomials).enumerate() {
                *f += (l as f32 + 0.5) * value * p;
            }
        }
        Self { legendre }
    }

    /// Adds `strength` of the highlight that a viewer sees on a mirror of unit normal `normal`
    /// under light from the unit direction `to_light`.
    pub(super) fn add(
        &self,
        coeffs: &mut [[f32; 3]],
        normal: Vec3,
        to_light: Vec3,
        strength: Vec3,
    ) {
        // Where the mirrored light goes; colours are looked up from the camera to the splat, the
        // opposite way.
        let axis = -(2.0 * normal.dot(to_light) * normal - to_light);
        for (k, (coeff, y)) in coeffs.iter_mut().zip(sh::basis(axis)).enumerate() {
            let l = k.isqrt();
            let share = self.legendre[l] * 4.0 * PI / (2 * l + 1) as f32 * y;
            *coeff = (Vec3::from(*coeff) + share * strength).into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With exponent 3 the lobe is a polynomial of degree 3, which the harmonics hold exactly.
    #[test]
    fn a_cubic_lobe_is_exact() {
        let (normal, to_light) = (Vec3::new(0.0, 0.6, 0.8), Vec3::new(0.8, 0.6, 0.0));
        let mirrored = 2.0 * normal.dot(to_light) * normal - to_light;
        let mut coeffs = [[0.0; 3]; 16];
        Lobe::new(3.0).add(&mut coeffs, normal, to_light, Vec3::ONE);
        for d in [mirrored, -mirrored, Vec3::X, Vec3::NEG_Z, normal] {
            let expected = (0.5 + 0.5 * mirrored.dot(-d)).powi(3);
            let found = sh::colour(&coeffs, d).x - 0.5;
            assert!((found - expected).abs() < 1e-3, "{d}: {found}, {expected}");
        }
    }
}
