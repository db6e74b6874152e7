//! Smooth noise from a small table: a tenth of the price of hashing each corner.

use std::sync::LazyLock;

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Values along each side of the table; the noise repeats after as many units.
const SIDE: usize = 32;
const MASK: i32 = SIDE as i32 - 1;

/// Random values, 0 to 1, the same in every run.
static TABLE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let mut rng = Pcg64Mcg::seed_from_u64(0x6e_6f69_7365);
    (0..SIDE * SIDE * SIDE).map(|_| rng.random()).collect()
});

/// Random values at whole coordinates, smoothly joined; 0 to 1.
pub(super) fn value(p: Vec3) -> f32 {
    let table = &TABLE[..];
    let cell = p.floor();
    let t = p - cell;
    let t = t * t * (3.0 - 2.0 * t);
    let low = cell.as_ivec3();
    let wrap = |k: i32| (k & MASK) as usize;
    let (x0, x1) = (wrap(low.x), wrap(low.x + 1));
    let (y0, y1) = (SIDE * wrap(low.y), SIDE * wrap(low.y + 1));
    let (z0, z1) = (SIDE * SIDE * wrap(low.z), SIDE * SIDE * wrap(low.z + 1));
    let along_x = |row: usize| {
        let (a, b) = (table[row + x0], table[row + x1]);
        a + t.x * (b - a)
    };
    let along_y = |plane: usize| {
        let (a, b) = (along_x(plane + y0), along_x(plane + y1));
        a + t.y * (b - a)
    };
    let (a, b) = (along_y(z0), along_y(z1));
    a + t.z * (b - a)
}

/// Octaves of [`value`], each finer by a little more than two and weaker by `gain`; 0 to 1.
pub(super) fn octaves(mut p: Vec3, count: u32, gain: f32) -> f32 {
    let (mut sum, mut weight, mut all) = (0.0, 1.0, 0.0);
    for _ in 0..count {
        sum += weight * value(p);
        all += weight;
        weight *= gain;
        // Turned, so that the grids of two octaves never coincide.
        p = 2.07 * Vec3::new(0.8 * p.x + 0.6 * p.z, p.y, 0.8 * p.z - 0.6 * p.x) + 11.3;
    }
    sum / all.max(f32::MIN_POSITIVE)
}

/// Three noises, each within ± 1.
pub(super) fn vector(p: Vec3) -> Vec3 {
    let at = |offset: f32| 2.0 * value(p + offset) - 1.0;
    Vec3::new(at(0.0), at(7.31), at(17.77))
}

/// A random value for a cell of space, 0 to 1; `salt` gives several.
pub(super) fn of_cell(cell: Vec3, salt: i32) -> f32 {
    let cell = cell.as_ivec3() + salt * glam::IVec3::new(7, 13, 5);
    let wrap = |k: i32| (k & MASK) as usize;
    TABLE[wrap(cell.x) + SIDE * (wrap(cell.y) + SIDE * wrap(cell.z))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_smooth_and_within_bounds() {
        let (mut low, mut high) = (1.0_f32, 0.0_f32);
        for i in 0..4_000 {
            let p = Vec3::new(0.37, -0.21, 0.11) * i as f32;
            for noise in [value(p), octaves(p, 4, 0.5)] {
                assert!((0.0..=1.0).contains(&noise));
            }
            assert!((value(p) - value(p + 1e-3)).abs() < 0.01, "{p}");
            (low, high) = (low.min(value(p)), high.max(value(p)));
        }
        assert!(low < 0.1 && 0.9 < high, "{low} {high}");
    }
}
