//! The colour of a splat's harmonics and its way back (`shared/sh`, `shared/sh_backward`).

use glam::Vec3;

use crate::sh::{self, C0, C1, C2, C3};

/// The colour seen from the camera, before the clamp at 0. `from_camera` leads to the splat, of any
/// length.
pub(super) fn colour(coeffs: &[[f32; 3]], from_camera: Vec3) -> Vec3 {
    match coeffs {
        [base] => 0.5 + C0 * Vec3::from(*base),
        _ => sh::colour(coeffs, from_camera / from_camera.length()),
    }
}

/// Writes ∂L/∂coefficients for ∂L/∂rgb; returns the gradient of the mean through the direction of
/// view.
pub(super) fn backward(
    coeffs: &[[f32; 3]],
    from_camera: Vec3,
    rgb: Vec3,
    d_coeffs: &mut [[f32; 3]],
) -> Vec3 {
    if let [d_base] = d_coeffs {
        *d_base = (C0 * rgb).into();
        return Vec3::ZERO;
    }
    let distance = from_camera.length();
    let direction = from_camera / distance;
    let (basis, slopes) = (sh::basis(direction), slopes(direction));
    let mut slope = Vec3::ZERO;
    for (k, (d_coeff, coeff)) in d_coeffs.iter_mut().zip(coeffs).enumerate() {
        *d_coeff = (basis[k] * rgb).into();
        slope += rgb.dot(Vec3::from(*coeff)) * slopes[k];
    }
    // What lies along the direction changes the distance only.
    (slope - direction * direction.dot(slope)) / distance
}

/// Slopes of the basis functions as polynomials of the direction's components.
fn slopes(d: Vec3) -> [Vec3; 16] {
    let Vec3 { x, y, z } = d;
    let (xx, yy, zz) = (x * x, y * y, z * z);
    let v = Vec3::new;
    [
        Vec3::ZERO,
        v(0.0, -C1, 0.0),
        v(0.0, 0.0, C1),
        v(-C1, 0.0, 0.0),
        C2[0] * v(y, x, 0.0),
        C2[1] * v(0.0, z, y),
        C2[2] * v(-2.0 * x, -2.0 * y, 4.0 * z),
        C2[3] * v(z, 0.0, x),
        C2[4] * v(2.0 * x, -2.0 * y, 0.0),
        C3[0] * v(6.0 * x * y, 3.0 * (xx - yy), 0.0),
        C3[1] * v(y * z, x * z, x * y),
        C3[2] * v(-2.0 * x * y, 4.0 * zz - xx - 3.0 * yy, 8.0 * y * z),
        C3[3] * v(-6.0 * x * z, -6.0 * y * z, 6.0 * zz - 3.0 * (xx + yy)),
        C3[4] * v(4.0 * zz - 3.0 * xx - yy, -2.0 * x * y, 8.0 * x * z),
        C3[5] * v(2.0 * x * z, -2.0 * y * z, xx - yy),
        C3[6] * v(3.0 * (xx - yy), -6.0 * x * y, 0.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_basis() {
        let d = Vec3::new(0.48, -0.6, 0.64);
        let found = slopes(d);
        for axis in Vec3::AXES {
            let (high, low) = (sh::basis(d + 1e-2 * axis), sh::basis(d - 1e-2 * axis));
            for (k, found) in found.iter().enumerate() {
                let expected = (high[k] - low[k]) / 2e-2;
                // Differences of cubes are off by the square of the step.
                assert!((found.dot(axis) - expected).abs() < 1e-3, "{k}, {axis}");
            }
        }
    }
}
