//! Morton order: neighbours in space become neighbours in the file.

use glam::Vec3;
use rayon::prelude::*;

/// Bits per axis; three of them fill a `u64`.
const BITS: u32 = 21;

/// The indices of `means` along a Z-order curve through their bounds, 2²¹ cells per axis. Equal
/// cells keep their order; a mean that is no number counts as the lowest cell.
pub(super) fn morton_order(means: &[Vec3]) -> Vec<u32> {
    let finite = || means.iter().filter(|it| it.is_finite());
    let low = finite().fold(Vec3::INFINITY, |low, it| low.min(*it));
    let high = finite().fold(Vec3::NEG_INFINITY, |high, it| high.max(*it));
    let cells = (1u32 << BITS) as f64;
    let (low, size) = (low.as_dvec3(), (high.as_dvec3() - low.as_dvec3()));
    let code = |mean: &Vec3| -> u64 {
        let unit = (mean.as_dvec3() - low) / size; // NaN along an axis without extent: cell 0
        (0..3).fold(0, |code, axis| {
            let cell = (unit[axis] * cells).clamp(0.0, cells - 1.0) as u64;
            code | spread(cell) << axis
        })
    };
    let mut keyed: Vec<(u64, u32)> = means
        .par_iter()
        .enumerate()
        .map(|(i, mean)| (code(mean), i as u32))
        .collect();
    keyed.par_sort_unstable();
    keyed.into_iter().map(|(_, i)| i).collect()
}

/// Puts two zeros between the lowest 21 bits.
fn spread(x: u64) -> u64 {
    let x = (x | x << 32) & 0x001f_0000_0000_ffff;
    let x = (x | x << 16) & 0x001f_0000_ff00_00ff;
    let x = (x | x << 8) & 0x100f_00f0_0f00_f00f;
    let x = (x | x << 4) & 0x10c3_0c30_c30c_30c3;
    (x | x << 2) & 0x1249_2492_4924_9249
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_moves_bit_i_to_bit_3i() {
        for bit in 0..BITS {
            assert_eq!(spread(1 << bit), 1 << (3 * bit));
        }
        assert_eq!(spread((1 << BITS) - 1), 0x1249_2492_4924_9249);
    }

    #[test]
    fn the_corners_of_a_cube_come_x_first() {
        let corner = |i: u32| Vec3::new((i & 1) as f32, (i >> 1 & 1) as f32, (i >> 2) as f32);
        let means: Vec<Vec3> = (0..8).rev().map(corner).collect();
        assert_eq!(morton_order(&means), [7, 6, 5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn flat_single_and_broken_sets_are_ordered_too() {
        assert!(morton_order(&[]).is_empty());
        assert_eq!(morton_order(&[Vec3::ONE; 3]), [0, 1, 2]);
        let means = [Vec3::ONE, Vec3::NAN, Vec3::ZERO, Vec3::INFINITY];
        let mut order = morton_order(&means);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3]);
    }
}
