//! Splat files as people have them.

mod garden;
mod hostile;
mod roundtrip;
pub(crate) mod zoo;

use std::path::Path;

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::io::{self, SplatFile};
use render::{Splats, sh};

/// Opens what has to open.
pub(crate) fn open(path: &Path) -> SplatFile {
    let file = io::open_splats(path).unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(file.splats.check(), Ok(()), "{}", path.display());
    file
}

/// Random splats of ordinary sizes and colours.
pub(crate) fn random_splats(count: usize, sh_degree: u32, seed: u64) -> Splats {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut vector = |half: f32| Vec3::from([(); 3].map(|()| rng.random_range(-half..half)));
    let coeffs = sh::coeff_count(sh_degree);
    Splats {
        means: (0..count).map(|_| vector(5.0)).collect(),
        quats: (0..count)
            .map(|_| (2.0 * vector(1.0)).extend(vector(1.0).x).to_array())
            .collect(),
        log_scales: (0..count).map(|_| vector(2.0) - 4.0).collect(),
        opacity_logits: (0..count).map(|_| vector(6.0).x).collect(),
        sh_coeffs: (0..count * coeffs)
            .map(|_| vector(1.0).to_array())
            .collect(),
        sh_degree,
    }
}

/// How far apart two splats are, in each kind of value.
#[derive(Clone, Copy, Debug)]
struct Distance {
    /// World units, along each axis.
    mean: Vec3,
    /// Largest difference of the log-scales.
    log_scale: f32,
    /// Angle, radians.
    rotation: f32,
    /// Difference of the opacities, 0 to 1.
    opacity: f32,
    /// Largest difference of the base colours, 0 to 1.
    colour: f32,
    /// Largest difference of the higher SH coefficients.
    sh: f32,
}

impl Distance {
    fn between(a: &Splats, i: usize, b: &Splats, j: usize) -> Self {
        let sh = |coeff: usize| {
            let off = Vec3::from(a.sh(i)[coeff]) - Vec3::from(b.sh(j)[coeff]);
            off.abs().max_element()
        };
        let common = a.coeffs_per_splat().min(b.coeffs_per_splat());
        // By way of the difference: the cosine of a small angle has lost it.
        let [q, r] = [a.rotation(i).normalize(), b.rotation(j).normalize()];
        let chord = (q - r).length().min((q + r).length());
        Self {
            mean: (a.means[i] - b.means[j]).abs(),
            log_scale: (a.log_scales[i] - b.log_scales[j]).abs().max_element(),
            rotation: 4.0 * (chord / 2.0).clamp(0.0, 1.0).asin(),
            opacity: (a.opacity(i) - b.opacity(j)).abs(),
            colour: sh(0) * sh::C0,
            sh: (1..common).map(sh).fold(0.0, f32::max),
        }
    }

    /// The larger value of each kind.
    fn max(self, other: Self) -> Self {
        Self {
            mean: self.mean.max(other.mean),
            log_scale: self.log_scale.max(other.log_scale),
            rotation: self.rotation.max(other.rotation),
            opacity: self.opacity.max(other.opacity),
            colour: self.colour.max(other.colour),
            sh: self.sh.max(other.sh),
        }
    }
}
