//! Turning spherical harmonics, and the splats that carry them.

use glam::{Mat3A, Quat, Vec3};

use crate::{Splats, sh};

/// Gauss–Legendre nodes and weights on −1 … 1 that are exact for polynomials up to degree 7: more
/// than the 6 of a product of two harmonics of degree 3.
const NODES: [(f32, f32); 4] = [
    (-0.861_136_3, 0.347_854_85),
    (-0.339_981_05, 0.652_145_15),
    (0.339_981_05, 0.652_145_15),
    (0.861_136_3, 0.347_854_85),
];

/// Directions around the axis, evenly spaced: exact for as many as 7 waves.
const AROUND: usize = 8;

/// Coefficients of degree 0 to 3.
const COEFFS: usize = sh::coeff_count(sh::MAX_DEGREE);

/// What turning does to coefficients: a matrix that mixes each band within itself.
///
/// A colour that was seen along `d` is afterwards seen along `R d`. The entries are the integrals
/// `∫ Yₖ(d) Yⱼ(R⁻¹ d)` over the sphere, by a quadrature that is exact for them.
#[derive(Clone, Debug)]
pub struct ShRotation([[f32; COEFFS]; COEFFS]);

impl ShRotation {
    /// For a rotation of the world.
    pub fn new(rotation: Quat) -> Self {
        let back = Mat3A::from_quat(rotation.inverse());
        let mut matrix = [[0.0_f32; COEFFS]; COEFFS];
        for (z, weight) in NODES {
            let weight = weight * std::f32::consts::TAU / AROUND as f32;
            let across = (1.0 - z * z).sqrt();
            for step in 0..AROUND {
                let angle = std::f32::consts::TAU * step as f32 / AROUND as f32;
                let direction = Vec3::new(across * angle.cos(), across * angle.sin(), z);
                let new = sh::basis(direction);
                let old = sh::basis(back * direction);
                for (row, y) in matrix.iter_mut().zip(new) {
                    for (cell, before) in row.iter_mut().zip(old) {
                        *cell += weight * y * before;
                    }
                }
            }
        }
        Self(matrix)
    }

    /// Turns the coefficients of one splat, of any degree, in place.
    pub fn turn(&self, coeffs: &mut [[f32; 3]]) {
        for degree in 1..=sh::MAX_DEGREE {
            let band = sh::coeff_count(degree - 1)..sh::coeff_count(degree);
            let Some(values) = coeffs.get_mut(band.clone()) else {
                return;
            };
            let mut before = [[0.0; 3]; 2 * sh::MAX_DEGREE as usize + 1];
            let before = &mut before[..values.len()];
            before.copy_from_slice(values);
            for (value, row) in values.iter_mut().zip(&self.0[band.clone()]) {
                *value = [0, 1, 2].map(|channel| {
                    let terms = row[band.clone()].iter().zip(&*before);
                    terms.map(|(factor, it)| factor * it[channel]).sum()
                });
            }
        }
    }
}

impl Splats {
    /// A copy turned about the origin of the world: means, rotations and harmonics.
    #[must_use]
    pub fn turned(&self, rotation: Quat) -> Self {
        let harmonics = ShRotation::new(rotation);
        let mut turned = self.clone();
        for mean in &mut turned.means {
            *mean = rotation * *mean;
        }
        for quat in &mut turned.quats {
            let [w, x, y, z] = *quat;
            // The length is kept: zero stays zero.
            let it = rotation * Quat::from_xyzw(x, y, z, w);
            *quat = [it.w, it.x, it.y, it.z];
        }
        let coeffs = turned.coeffs_per_splat();
        for of_splat in turned.sh_coeffs.chunks_mut(coeffs) {
            harmonics.turn(of_splat);
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotations() -> [Quat; 4] {
        [
            Quat::IDENTITY,
            Quat::from_rotation_x(std::f32::consts::PI),
            Quat::from_rotation_z(0.5),
            Quat::from_xyzw(0.3, -0.5, 0.7, 0.2).normalize(),
        ]
    }

    fn coeffs(degree: u32) -> Vec<[f32; 3]> {
        (0..sh::coeff_count(degree))
            .map(|k| [0, 1, 2].map(|channel| ((7 * k + 3 * channel) as f32).sin()))
            .collect()
    }

    #[test]
    fn a_turned_colour_is_seen_from_the_turned_side() {
        for rotation in rotations() {
            let turning = ShRotation::new(rotation);
            for degree in 0..=sh::MAX_DEGREE {
                let before = coeffs(degree);
                let mut after = before.clone();
                turning.turn(&mut after);
                for i in 0..50 {
                    let t = i as f32;
                    let d = Vec3::new(t.sin(), (1.7 * t).cos(), (2.3 * t).sin()).normalize();
                    let was = sh::colour(&before, d);
                    let is = sh::colour(&after, rotation * d);
                    assert!(
                        (was - is).length() < 1e-4,
                        "{rotation} {degree}: {was} {is}"
                    );
                }
            }
        }
    }

    #[test]
    fn turned_splats_look_the_same_from_a_turned_camera() {
        let splats = Splats {
            means: vec![Vec3::new(1.0, 2.0, 3.0)],
            quats: vec![[0.9, 0.1, -0.3, 0.2]],
            log_scales: vec![Vec3::new(-1.0, 0.0, 1.0)],
            opacity_logits: vec![0.3],
            sh_coeffs: coeffs(2),
            sh_degree: 2,
        };
        for rotation in rotations() {
            let turned = splats.turned(rotation);
            assert!((turned.means[0] - rotation * splats.means[0]).length() < 1e-5);
            // Each own axis of the splat turns along.
            for axis in [Vec3::X, Vec3::Y, Vec3::Z] {
                let was = rotation * (splats.rotation(0) * axis);
                assert!((turned.rotation(0) * axis - was).length() < 1e-5);
            }
            assert_eq!(turned.log_scales, splats.log_scales);
            let back = turned.turned(rotation.inverse());
            for (a, b) in back.sh_coeffs.iter().zip(&splats.sh_coeffs) {
                assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4));
            }
        }
    }
}
