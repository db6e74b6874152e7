//! Positions: 16 bits per axis between bounds, in a space that spreads the middle.

use glam::{DVec3, Vec3};

use super::meta::Means;

/// The largest of the 16-bit numbers.
const MAX_STEP: f64 = 65_535.0;

/// `sign(v) ln(1 + |v|)`, per axis.
fn spread(mean: Vec3) -> DVec3 {
    let v = mean.as_dvec3();
    DVec3::from(v.to_array().map(|it| it.abs().ln_1p().copysign(it)))
}

/// The inverse of [`spread`].
fn unspread(v: DVec3) -> Vec3 {
    DVec3::from(v.to_array().map(|it| it.abs().exp_m1().copysign(it))).as_vec3()
}

/// The bounds of all positions, for `meta.json`; file names are left empty.
pub(super) fn bounds_of(means: &[Vec3]) -> Means {
    let (low, high) = means
        .iter()
        .map(|&it| spread(it))
        .fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), it| {
            (low.min(it), high.max(it))
        });
    Means {
        mins: low.to_array(),
        maxs: high.to_array(),
        ..Means::default()
    }
}

/// Low and high bytes of a position between the bounds.
pub(super) fn bytes_from_mean(mean: Vec3, bounds: &Means) -> ([u8; 3], [u8; 3]) {
    let at = spread(mean).to_array();
    let steps: [u16; 3] = std::array::from_fn(|k| {
        // Flat scenes have no extent along an axis: 0 / 0 saturates to step 0.
        let unit = (at[k] - bounds.mins[k]) / (bounds.maxs[k] - bounds.mins[k]);
        (unit * MAX_STEP).round() as u16
    });
    (steps.map(|it| it as u8), steps.map(|it| (it >> 8) as u8))
}

/// The position of low and high bytes between the bounds.
pub(super) fn mean_from_bytes(low: [u8; 4], high: [u8; 4], bounds: &Means) -> Vec3 {
    let [x, y, z] = std::array::from_fn(|k| {
        let step = f64::from(u16::from_le_bytes([low[k], high[k]]));
        bounds.mins[k] + (bounds.maxs[k] - bounds.mins[k]) * (step / MAX_STEP)
    });
    unspread(DVec3::new(x, y, z))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn a_position_returns_within_half_a_step() {
        let mut rng = rand_pcg::Pcg32::seed_from_u64(9);
        let mut axis = || rng.random_range(-1.0_f32..1.0).powi(5) * 300.0;
        let means: Vec<Vec3> = (0..500).map(|_| Vec3::new(axis(), axis(), 4.0)).collect();
        let bounds = bounds_of(&means);
        let step = (0..3)
            .map(|k| (bounds.maxs[k] - bounds.mins[k]) / MAX_STEP)
            .fold(0.0, f64::max);
        for &mean in &means {
            let ([l0, l1, l2], [h0, h1, h2]) = bytes_from_mean(mean, &bounds);
            let back = mean_from_bytes([l0, l1, l2, 0], [h0, h1, h2, 0], &bounds);
            for k in 0..3 {
                // d/ds of the inverse map is 1 + |v|.
                let bound = 0.51 * step as f32 * (1.0 + mean[k].abs()) + 1e-6;
                assert!((back[k] - mean[k]).abs() <= bound, "{mean} {back}");
            }
        }
    }
}
