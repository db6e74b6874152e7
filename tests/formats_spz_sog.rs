//! `.spz` and `.sog`: of other programs, written and read back, damaged.

mod garden;
mod hostile;
mod roundtrip;
mod zoo;

use std::collections::HashMap;

use glam::{IVec3, Vec3};
use render::Splats;

use crate::formats::{open, random_splats};

/// The largest differences that the steps of a format explain.
struct Steps {
    /// Of a position, per unit of `1 + |x|` along its axis.
    mean_spread: f32,
    /// Of a position, everywhere.
    mean: f32,
    /// Of a log-scale.
    log_scale: f32,
    /// Length of the difference of two unit quaternions; half the angle between the rotations.
    quat: f32,
    /// Of an opacity, 0 to 1.
    opacity: f32,
    /// Of f_dc.
    f_dc: f32,
    /// The largest f_dc that can be stored; what is beyond is clamped to it.
    f_dc_max: f32,
    /// Of the coefficients of degree 1, 2 and 3.
    sh: [f32; 3],
}

/// `.spz` of version 3 and 4, with 12 fractional bits. Coefficients are first rounded to 128ths
/// by Niantic's packer, then to 8 or 16 of them; ours rounds once and stays within.
const SPZ: Steps = Steps {
    mean_spread: 1e-6,
    mean: 0.5 / 4096.0,
    log_scale: 0.5 / 16.0 + 1e-5,
    // Each of three components is off by half of √½/511, the fourth by what they add up to.
    quat: 3.47 * 0.5 * 0.7072 / 511.0,
    opacity: 0.5 / 255.0 + 1e-5,
    f_dc: 0.5 / 255.0 / 0.15 + 1e-5,
    f_dc_max: 0.5 / 0.15,
    sh: [4.5 / 128.0, 8.5 / 128.0, 8.5 / 128.0],
};

impl Steps {
    fn mean_of(&self, mean: Vec3) -> Vec3 {
        self.mean + self.mean_spread * (1.0 + mean.abs())
    }

    /// Whether splat `i` of `a` can be splat `j` of `b`.
    fn explain(&self, a: &Splats, i: usize, b: &Splats, j: usize) -> bool {
        let (p, q) = (a.rotation(i), b.rotation(j));
        let quat = (p - q).length().min((p + q).length());
        let within = |k: usize| {
            let (step, max) = match k {
                0 => (self.f_dc, self.f_dc_max),
                1..4 => (self.sh[0], f32::INFINITY),
                4..9 => (self.sh[1], f32::INFINITY),
                _ => (self.sh[2], f32::INFINITY),
            };
            let mut pairs = a.sh(i)[k].iter().zip(b.sh(j)[k]);
            pairs.all(|(a, b)| (a - b.clamp(-max, max)).abs() <= step)
        };
        let off = (a.means[i] - b.means[j]).abs();
        off.cmple(self.mean_of(b.means[j])).all()
            && (a.log_scales[i] - b.log_scales[j]).abs().max_element() <= self.log_scale
            && quat <= self.quat
            && (a.opacity(i) - b.opacity(j)).abs() <= self.opacity
            && (0..a.coeffs_per_splat()).all(within)
    }

    /// For each splat of `read` the one of `truth` that it can be; both have as many. Writers
    /// order splats as they like.
    fn match_all(&self, read: &Splats, truth: &Splats) -> Vec<Option<usize>> {
        assert_eq!(read.len(), truth.len());
        assert_eq!(read.sh_degree, truth.sh_degree);
        let cell = |mean: Vec3| (mean / 0.05).floor().as_ivec3();
        let mut cells: HashMap<IVec3, Vec<usize>> = HashMap::new();
        for (j, mean) in truth.means.iter().enumerate() {
            cells.entry(cell(*mean)).or_default().push(j);
        }
        (0..read.len())
            .map(|i| {
                let mean = read.means[i];
                let reach = 1.1 * self.mean_of(mean);
                let (low, high) = (cell(mean - reach), cell(mean + reach));
                let around = (low.x..=high.x).flat_map(|x| {
                    (low.y..=high.y)
                        .flat_map(move |y| (low.z..=high.z).map(move |z| IVec3::new(x, y, z)))
                });
                around
                    .filter_map(|it| cells.get(&it))
                    .flatten()
                    .copied()
                    .find(|&j| self.explain(read, i, truth, j))
            })
            .collect()
    }

    /// All splats of `read` are splats of `truth`.
    fn assert_same(&self, read: &Splats, truth: &Splats, what: &str) {
        let matches = self.match_all(read, truth);
        let lost = matches.iter().filter(|it| it.is_none()).count();
        assert_eq!(lost, 0, "{what}: {lost} of {} splats differ", read.len());
    }
}
