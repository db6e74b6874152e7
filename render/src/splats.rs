//! Gaussian splats on the host, stored as they are optimised and read as they are used.

use glam::{Quat, Vec3};

use crate::sh;

/// A set of 3D Gaussians, one entry each in every array ("structure of arrays").
///
/// Stored form is what the optimiser moves (log-scales, opacity logits, unnormalised
/// quaternions); used form comes from the methods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Splats {
    /// Centres, world units. `[num_splats]`
    pub means: Vec<Vec3>,
    /// Rotations `w, x, y, z`, normalised on use. `[num_splats]`
    pub quats: Vec<[f32; 4]>,
    /// Natural logarithms of the standard deviations along the own axes, world units. `[num_splats]`
    pub log_scales: Vec<Vec3>,
    /// Logits of the opacities. `[num_splats]`
    pub opacity_logits: Vec<f32>,
    /// Spherical-harmonics coefficients (rgb), coefficient-major: those of splat `i` are
    /// `sh_coeffs[i * k .. (i + 1) * k]` with `k = (sh_degree + 1)²`.
    pub sh_coeffs: Vec<[f32; 3]>,
    /// Degree of the spherical harmonics, 0 to [`sh::MAX_DEGREE`].
    pub sh_degree: u32,
}

/// What is wrong with a set of splats.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplatsError {
    /// The arrays disagree in length.
    #[error("{what} has {found} entries where {expected} were expected")]
    Length {
        /// Which array.
        what: &'static str,
        /// What it should have.
        expected: usize,
        /// What it has.
        found: usize,
    },
    /// The degree is beyond what is drawn.
    #[error("spherical harmonics of degree {0}; at most {max} is supported", max = sh::MAX_DEGREE)]
    Degree(u32),
}

impl Splats {
    /// How many splats there are.
    pub fn len(&self) -> usize {
        self.means.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.means.is_empty()
    }

    /// Coefficients per splat, `(sh_degree + 1)²`.
    pub fn coeffs_per_splat(&self) -> usize {
        sh::coeff_count(self.sh_degree)
    }

    /// All arrays agree in length and the degree is one that can be drawn.
    pub fn check(&self) -> Result<(), SplatsError> {
        if sh::MAX_DEGREE < self.sh_degree {
            return Err(SplatsError::Degree(self.sh_degree));
        }
        let n = self.len();
        for (what, expected, found) in [
            ("quats", n, self.quats.len()),
            ("log_scales", n, self.log_scales.len()),
            ("opacity_logits", n, self.opacity_logits.len()),
            (
                "sh_coeffs",
                n * self.coeffs_per_splat(),
                self.sh_coeffs.len(),
            ),
        ] {
            if found != expected {
                return Err(SplatsError::Length {
                    what,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Rotation of splat `i`, normalised; the identity where the stored one is zero.
    pub fn rotation(&self, i: usize) -> Quat {
        let [w, x, y, z] = self.quats[i];
        let q = Quat::from_xyzw(x, y, z, w);
        if 0.0 < q.length_squared() {
            q.normalize()
        } else {
            Quat::IDENTITY
        }
    }

    /// Standard deviations of splat `i` along its own axes, world units.
    pub fn scales(&self, i: usize) -> Vec3 {
        self.log_scales[i].exp()
    }

    /// Opacity of splat `i`, 0 to 1.
    pub fn opacity(&self, i: usize) -> f32 {
        sigmoid(self.opacity_logits[i])
    }

    /// The coefficients of splat `i`. `[(sh_degree + 1)²]`
    pub fn sh(&self, i: usize) -> &[[f32; 3]] {
        let k = self.coeffs_per_splat();
        &self.sh_coeffs[i * k..(i + 1) * k]
    }

    /// Axis-aligned box around all finite means; `None` where there is none.
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        self.means
            .iter()
            .filter(|it| it.is_finite())
            .fold(None, |bounds, &it| match bounds {
                None => Some((it, it)),
                Some((low, high)) => Some((low.min(it), high.max(it))),
            })
    }

    /// Box around the means between the `trim` and `1 - trim` quantiles of each axis, so that a
    /// few stray splats do not decide what the viewer frames.
    pub fn robust_bounds(&self, trim: f32) -> Option<(Vec3, Vec3)> {
        let mut axis: Vec<f32> = Vec::with_capacity(self.len());
        let (mut low, mut high) = (Vec3::ZERO, Vec3::ZERO);
        for k in 0..3 {
            axis.clear();
            axis.extend(self.means.iter().filter(|m| m.is_finite()).map(|m| m[k]));
            let last = axis.len().checked_sub(1)?;
            let cut = (trim * last as f32) as usize;
            low[k] = *axis.select_nth_unstable_by(cut, f32::total_cmp).1;
            high[k] = *axis.select_nth_unstable_by(last - cut, f32::total_cmp).1;
        }
        Some((low, high))
    }

    /// Makes the 3D filter of Mip-Splatting part of the splats: with `sizes` f, one a splat or none
    /// at all, scales become √(s² + f²) and opacities o Π s/√(s² + f²) (Yu et al. 2024, eq. 9).
    pub fn bake(&mut self, sizes: &[f32]) {
        let splats = self.log_scales.iter_mut().zip(&mut self.opacity_logits);
        for ((log_scales, logit), &size) in splats.zip(sizes) {
            if size == 0.0 {
                continue;
            }
            let bare = log_scales.as_dvec3();
            let squared = f64::from(size) * f64::from(size);
            let wide = bare.map(|it| 0.5 * ((2.0 * it).exp() + squared).ln());
            // Of o' = c / (1 + e⁻ˡ); one minus c in all its digits.
            let log_c = (bare - wide).element_sum();
            let rest = (-f64::from(*logit)).exp() - log_c.exp_m1();
            *log_scales = wide.as_vec3();
            *logit = (log_c - rest.ln()) as f32;
        }
    }

    /// A copy whose harmonics have at most `degree`.
    #[must_use]
    pub fn with_sh_degree(&self, degree: u32) -> Self {
        if self.sh_degree <= degree {
            return self.clone();
        }
        let keep = sh::coeff_count(degree);
        Self {
            sh_coeffs: self
                .sh_coeffs
                .chunks(self.coeffs_per_splat())
                .flat_map(|it| &it[..keep])
                .copied()
                .collect(),
            sh_degree: degree,
            ..self.clone()
        }
    }

    /// As many numbers in the same places, all zero: where gradients are written.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let n = self.len();
        Self {
            means: vec![Vec3::ZERO; n],
            quats: vec![[0.0; 4]; n],
            log_scales: vec![Vec3::ZERO; n],
            opacity_logits: vec![0.0; n],
            sh_coeffs: vec![[0.0; 3]; self.sh_coeffs.len()],
            sh_degree: self.sh_degree,
        }
    }

    /// The splats at `indices`, in that order.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            means: indices.iter().map(|&i| self.means[i]).collect(),
            quats: indices.iter().map(|&i| self.quats[i]).collect(),
            log_scales: indices.iter().map(|&i| self.log_scales[i]).collect(),
            opacity_logits: indices.iter().map(|&i| self.opacity_logits[i]).collect(),
            sh_coeffs: indices.iter().flat_map(|&i| self.sh(i)).copied().collect(),
            sh_degree: self.sh_degree,
        }
    }
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The inverse of [`sigmoid`]; ±∞ at 1 and 0.
pub fn logit(p: f32) -> f32 {
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Splats {
        Splats {
            means: vec![Vec3::ZERO, Vec3::ONE, Vec3::new(9.0, -1.0, 2.0)],
            quats: vec![[2.0, 0.0, 0.0, 0.0]; 3],
            log_scales: vec![Vec3::ZERO; 3],
            opacity_logits: vec![0.0, 1.0, 2.0],
            sh_coeffs: (0..12).map(|i| [i as f32; 3]).collect(),
            sh_degree: 1,
        }
    }

    #[test]
    fn lengths_are_checked() {
        let mut splats = three();
        assert_eq!(splats.check(), Ok(()));
        splats.quats.pop();
        assert!(matches!(
            splats.check(),
            Err(SplatsError::Length { what: "quats", .. })
        ));
    }

    #[test]
    fn a_lower_degree_keeps_the_first_coefficients_of_each() {
        let flat = three().with_sh_degree(0);
        assert_eq!(flat.sh_coeffs, [[0.0; 3], [4.0; 3], [8.0; 3]]);
        assert_eq!(flat.check(), Ok(()));
    }

    #[test]
    fn select_keeps_whole_splats() {
        let picked = three().select(&[2, 0]);
        assert_eq!(picked.check(), Ok(()));
        assert_eq!(picked.means, [Vec3::new(9.0, -1.0, 2.0), Vec3::ZERO]);
        assert_eq!(picked.sh(0)[0], [8.0; 3]);
    }

    #[test]
    fn a_baked_filter_widens_and_fades() {
        let mut splats = three();
        splats.opacity_logits[0] = 60.0;
        splats.bake(&[]);
        assert_eq!(splats.log_scales[0], Vec3::ZERO);
        splats.bake(&[0.0, 3.0_f32.sqrt(), 1e-4]);
        assert_eq!(
            (splats.scales(0), splats.opacity_logits[0]),
            (Vec3::ONE, 60.0)
        );
        assert!((splats.scales(1) - Vec3::splat(2.0)).length() < 1e-6);
        assert!((splats.opacity(1) - sigmoid(1.0) / 8.0).abs() < 1e-6);
        assert!((splats.opacity(2) - sigmoid(2.0)).abs() < 1e-6);
    }

    #[test]
    fn logit_inverts_sigmoid() {
        for x in [-8.0, -1.0, 0.0, 0.5, 6.0] {
            assert!((logit(sigmoid(x)) - x).abs() < 1e-3);
        }
    }
}
