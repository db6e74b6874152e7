//! Cameras that stand where no camera of the capture should.

use glam::DVec3;

/// Further than this many times the median distance from the middle is too far.
const FACTOR: f64 = 5.0;

/// At most this part of the cameras is called outliers: more are a second place, not mistakes.
const MAX_PART: f64 = 0.1;

/// Indices, ascending, of cameras further than 5 times the median distance from the median
/// position, and of those whose position is no number. Where that is more than a tenth of the
/// cameras the far ones are not named, and of fewer than four cameras none.
pub fn outliers(positions: &[DVec3]) -> Vec<usize> {
    let finite: Vec<DVec3> = positions
        .iter()
        .copied()
        .filter(|it| it.is_finite())
        .collect();
    let broken = (0..positions.len()).filter(|i| !positions[*i].is_finite());
    if finite.len() < 4 {
        return broken.collect();
    }
    let axis = |i: usize| median(finite.iter().map(|it| it[i]).collect());
    let middle = DVec3::new(axis(0), axis(1), axis(2));
    let distance = median(finite.iter().map(|it| it.distance(middle)).collect());
    // Where more than half stand on one spot, the others are not mistakes for that.
    let is_far = |it: DVec3| 0.0 < distance && FACTOR * distance < it.distance(middle);
    let far = positions
        .iter()
        .filter(|it| it.is_finite() && is_far(**it))
        .count();
    if MAX_PART * positions.len() as f64 + 1.0 < far as f64 {
        return broken.collect();
    }
    (0..positions.len())
        .filter(|i| !positions[*i].is_finite() || is_far(positions[*i]))
        .collect()
}

/// The middle one; the lower of two. NaN of nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let middle = (values.len() - 1) / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    *median
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(count: usize) -> Vec<DVec3> {
        (0..count)
            .map(|i| {
                let angle = i as f64 / count as f64 * std::f64::consts::TAU;
                DVec3::new(angle.cos(), 0.1, angle.sin()) * 4.0
            })
            .collect()
    }

    #[test]
    fn far_and_broken_cameras_are_found() {
        let mut positions = ring(40);
        assert!(outliers(&positions).is_empty());
        positions[7] = DVec3::new(300.0, 0.0, 0.0);
        positions[9] = DVec3::NAN;
        assert_eq!(outliers(&positions), [7, 9]);
    }

    #[test]
    fn a_second_place_is_no_mistake() {
        let mut positions = ring(40);
        for it in &mut positions[..12] {
            it.x += 200.0;
        }
        assert!(outliers(&positions).is_empty());
        // Cameras on one spot, and some beside it.
        let mut still = vec![DVec3::ONE; 20];
        still[3].x = 2.0;
        assert!(outliers(&still).is_empty());
        assert!(outliers(&[DVec3::ZERO, DVec3::splat(1e9)]).is_empty());
        assert_eq!(outliers(&[DVec3::NAN]), [0]);
    }
}
