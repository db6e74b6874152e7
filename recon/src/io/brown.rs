//! Brown's lens polynomial with an r⁸ term, as the one of COLMAP and OpenCV without it.

use crate::dataset::{Distortion, LensModel};

/// The odd polynomial c₁ u³ + c₂ u⁵ + c₃ u⁷ that is closest to u⁹ on 0 … 1, largest difference
/// counted (Remez). The first term, which would be a change of the focal length, is left out.
const NINTH_POWER: [f64; 3] = [
    0.250_483_930_298_508,
    -1.306_309_222_122_005,
    2.050_019_744_094_804,
];

/// The largest difference of [`NINTH_POWER`].
const NINTH_POWER_OFF: f64 = 0.005_805_547_728_693;

/// What stays of an r⁸ term below this many pixels is not worth a word.
pub(super) const NEGLIGIBLE_PX: f64 = 0.05;

/// The lens x (1 + k1 r² + k2 r⁴ + k3 r⁶ + k4 r⁸), with tangential p1, p2 in OpenCV's order, for
/// radii up to `reach` (the pinhole image plane's corner, in focal lengths). OpenCV's k4 is a
/// divisor, so the r⁸ term is spread over the others. Also: the largest error of that in focal
/// lengths; multiply it by the focal length in pixels.
pub(super) fn brown(k: [f64; 4], p: [f64; 2], reach: f64) -> (Distortion, f64) {
    let [k1, k2, k3, k4] = k;
    if k4 == 0.0 || !reach.is_finite() {
        return (radial([k1, k2, k3, 0.0, 0.0, 0.0], p), 0.0);
    }
    let [c1, c2, c3] = NINTH_POWER;
    let square = reach * reach;
    let spread = [
        k1 + k4 * c1 * square.powi(3),
        k2 + k4 * c2 * square.powi(2),
        k3 + k4 * c3 * square,
        0.0,
        0.0,
        0.0,
    ];
    (
        radial(spread, p),
        (k4 * reach.powi(9)).abs() * NINTH_POWER_OFF,
    )
}

/// A perspective lens with these coefficients; none where all are zero.
pub(super) fn radial(k: [f64; 6], p: [f64; 2]) -> Distortion {
    if k == [0.0; 6] && p == [0.0; 2] {
        Distortion::None
    } else {
        Distortion::Radial { k, p }
    }
}

/// COLMAP's name for a perspective lens: what the file calls it where that model can hold it, else
/// the smallest that can.
pub(super) fn perspective_model(
    stated: Option<LensModel>,
    focal: [f64; 2],
    distortion: &Distortion,
) -> LensModel {
    let square = focal[0] == focal[1];
    let Distortion::Radial { k, p } = distortion else {
        return match stated {
            Some(LensModel::SimplePinhole) if square => LensModel::SimplePinhole,
            _ => LensModel::Pinhole,
        };
    };
    match stated {
        _ if k[2..] != [0.0; 4] => LensModel::FullOpencv,
        Some(LensModel::FullOpencv) => LensModel::FullOpencv,
        Some(LensModel::SimpleRadial) if square && k[1] == 0.0 && *p == [0.0; 2] => {
            LensModel::SimpleRadial
        }
        Some(LensModel::Radial) if square && *p == [0.0; 2] => LensModel::Radial,
        _ => LensModel::Opencv,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spread term follows the true one over the whole image.
    #[test]
    fn the_eighth_power_is_spread_within_the_stated_error() {
        let k = [-0.092, -0.076, 0.116, -0.076];
        let reach = 0.8;
        let (Distortion::Radial { k: spread, .. }, error) = brown(k, [0.0; 2], reach) else {
            panic!("no distortion");
        };
        let off = |coefficients: &[f64], r: f64| {
            let powers = coefficients.iter().enumerate();
            powers
                .map(|(i, k)| k * r.powi(2 * i as i32 + 3))
                .sum::<f64>()
        };
        let found = (0..=1000)
            .map(|i| reach * f64::from(i) / 1000.0)
            .map(|r| (off(&k, r) - off(&spread[..3], r)).abs())
            .fold(0.0, f64::max);
        assert!(
            found <= error * 1.001 && 0.9 * error < found,
            "{found} {error}"
        );
        // A tenth of a pixel where leaving the term out costs forty.
        assert!(error * 3705.0 < 0.3, "{}", error * 3705.0);
        assert_eq!(brown([0.0; 4], [0.0; 2], 1.0), (Distortion::None, 0.0));
    }

    #[test]
    fn models_are_named_as_small_as_they_may_be() {
        let lens = |k: [f64; 6], p| radial(k, p);
        let k1 = lens([0.1, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0; 2]);
        let model = |stated, focal, it: &Distortion| perspective_model(stated, focal, it);
        let square = [5.0, 5.0];
        assert_eq!(model(None, square, &Distortion::None), LensModel::Pinhole);
        assert_eq!(model(None, square, &k1), LensModel::Opencv);
        let simple = Some(LensModel::SimpleRadial);
        assert_eq!(model(simple, square, &k1), LensModel::SimpleRadial);
        assert_eq!(model(simple, [5.0, 6.0], &k1), LensModel::Opencv);
        let k3 = lens([0.1, 0.0, 0.3, 0.0, 0.0, 0.0], [0.0; 2]);
        assert_eq!(
            model(Some(LensModel::Opencv), square, &k3),
            LensModel::FullOpencv
        );
    }
}
