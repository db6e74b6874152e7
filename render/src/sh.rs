//! Real spherical harmonics as 3DGS uses them: constants, basis, colour.

use glam::Vec3;

/// The highest degree that is stored and drawn.
pub const MAX_DEGREE: u32 = 3;

/// Band 0, `1 / (2 √π)`.
pub const C0: f32 = 0.282_094_8;
/// Band 1.
pub const C1: f32 = 0.488_602_52;
/// Band 2, in the order of the coefficients.
pub const C2: [f32; 5] = [
    1.092_548_5,
    -1.092_548_5,
    0.315_391_57,
    -1.092_548_5,
    0.546_274_2,
];
/// Band 3, in the order of the coefficients.
pub const C3: [f32; 7] = [
    -0.590_043_6,
    2.890_611_4,
    -0.457_045_8,
    0.373_176_34,
    -0.457_045_8,
    1.445_305_7,
    -0.590_043_6,
];

/// `(degree + 1)²`.
pub const fn coeff_count(degree: u32) -> usize {
    ((degree + 1) * (degree + 1)) as usize
}

/// The basis functions at unit direction `d` (from the camera to the splat), all sixteen.
///
/// Order and signs are those of the 3DGS file format: `y, z, x` in band 1.
pub fn basis(d: Vec3) -> [f32; 16] {
    let Vec3 { x, y, z } = d;
    let (xx, yy, zz) = (x * x, y * y, z * z);
    [
        C0,
        -C1 * y,
        C1 * z,
        -C1 * x,
        C2[0] * x * y,
        C2[1] * y * z,
        C2[2] * (2.0 * zz - xx - yy),
        C2[3] * x * z,
        C2[4] * (xx - yy),
        C3[0] * y * (3.0 * xx - yy),
        C3[1] * x * y * z,
        C3[2] * y * (4.0 * zz - xx - yy),
        C3[3] * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
        C3[4] * x * (4.0 * zz - xx - yy),
        C3[5] * z * (xx - yy),
        C3[6] * x * (xx - 3.0 * yy),
    ]
}

/// The colour seen along unit direction `d`: `0.5 + Σ Yₖ(d) cₖ`, before the clamp at 0.
pub fn colour(coeffs: &[[f32; 3]], d: Vec3) -> Vec3 {
    let basis = basis(d);
    coeffs
        .iter()
        .zip(basis)
        .fold(Vec3::splat(0.5), |sum, (&c, y)| sum + y * Vec3::from(c))
}

/// The band-0 coefficient that shows `rgb` from every side.
pub fn dc_from_rgb(rgb: Vec3) -> [f32; 3] {
    ((rgb - 0.5) / C0).into()
}

/// The colour that a band-0 coefficient alone shows.
pub fn rgb_from_dc(dc: [f32; 3]) -> Vec3 {
    0.5 + C0 * Vec3::from(dc)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ∫ Yᵢ Yⱼ over the sphere is δᵢⱼ.
    #[test]
    fn the_basis_is_orthonormal() {
        let n = 20_000;
        let golden = std::f32::consts::PI * (3.0 - 5.0_f32.sqrt());
        let mut gram = [[0.0_f64; 16]; 16];
        for i in 0..n {
            let z = 1.0 - (2.0 * i as f32 + 1.0) / n as f32;
            let (sin, cos) = (golden * i as f32).sin_cos();
            let r = (1.0 - z * z).sqrt();
            let y = basis(Vec3::new(r * cos, r * sin, z));
            for (row, a) in gram.iter_mut().zip(y) {
                for (cell, b) in row.iter_mut().zip(y) {
                    *cell += f64::from(a * b) * 4.0 * std::f64::consts::PI / f64::from(n);
                }
            }
        }
        for (i, row) in gram.iter().enumerate() {
            for (j, cell) in row.iter().enumerate() {
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((cell - expected).abs() < 2e-3, "({i}, {j}): {cell}");
            }
        }
    }
}
