//! Poses from matrices: what is a rotation, what nearly is one, and what is none.

use glam::{DAffine3, DMat3, DVec3, DVec4};

/// Numbers this close to a rotation (the rounding of f32) are kept to the digit.
const ROUNDING: f64 = 1e-5;

/// A matrix farther than this from its rotation is worth a word.
pub(super) const MAX_SKEW: f64 = 1e-2;

/// Nothing is farther away, in the units of the file.
const MAX_DISTANCE: f64 = 1e12;

/// A matrix whose volume is this small against its columns has lost a direction.
const MIN_VOLUME: f64 = 1e-3;

/// A rotation and a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rigid {
    /// The matrix as given where it is a rotation up to rounding; else with the closest rotation.
    pub pose: DAffine3,
    /// Largest difference between an entry of the given matrix and of the rotation.
    pub skew: f64,
}

/// The map whose rows are these 3 × 4 or 4 × 4 numbers.
pub(super) fn from_rows(name: &str, numbers: &[f64]) -> Result<DAffine3, String> {
    let row = |i: usize| DVec4::from_slice(&numbers[4 * i..]);
    match numbers.len() {
        12 | 16 => {}
        count => return Err(format!("`{name}` has {count} numbers, not 4 × 4 or 3 × 4")),
    }
    if numbers.len() == 16 && !row(3).abs_diff_eq(DVec4::W, 1e-6) {
        return Err(format!(
            "the last row of `{name}` is {:?}, not 0 0 0 1; is it transposed?",
            &numbers[12..]
        ));
    }
    let [x, y, z] = [row(0), row(1), row(2)];
    Ok(DAffine3 {
        matrix3: DMat3::from_cols(x.truncate(), y.truncate(), z.truncate()).transpose(),
        translation: DVec3::new(x.w, y.w, z.w),
    })
}

/// The rows of a 4 × 4 matrix.
pub(super) fn to_rows(map: &DAffine3) -> [[f64; 4]; 4] {
    let rows = map.matrix3.transpose();
    let row = |it: DVec3, last: f64| it.extend(last).to_array();
    [
        row(rows.x_axis, map.translation.x),
        row(rows.y_axis, map.translation.y),
        row(rows.z_axis, map.translation.z),
        [0.0, 0.0, 0.0, 1.0],
    ]
}

/// A pose turns and moves; it does not mirror or lose itself. Slight stretching is taken out: the
/// closest rotation in the Frobenius norm stays (the orthogonal factor of the polar
/// decomposition).
pub(super) fn rigid(name: &str, pose: DAffine3) -> Result<Rigid, String> {
    if !pose.is_finite() {
        return Err(format!("`{name}` has numbers that are not finite"));
    }
    if MAX_DISTANCE < pose.translation.abs().max_element() {
        return Err(format!("`{name}` is farther away than {MAX_DISTANCE:e}"));
    }
    let matrix = pose.matrix3;
    let gram = matrix.transpose() * matrix;
    if gram.abs_diff_eq(DMat3::IDENTITY, ROUNDING) && 0.0 < matrix.determinant() {
        return Ok(Rigid { pose, skew: 0.0 });
    }
    let columns = [matrix.x_axis, matrix.y_axis, matrix.z_axis].map(DVec3::length);
    let volume = matrix.determinant() / columns.into_iter().product::<f64>();
    if !(MIN_VOLUME < volume.abs()) {
        return Err(format!("`{name}` does not hold a rotation"));
    }
    if volume < 0.0 {
        return Err(format!(
            "`{name}` mirrors the scene; check its axes (x right, y down, z forward)"
        ));
    }
    let rotation = closest_rotation(matrix);
    if !rotation.is_finite() {
        return Err(format!("`{name}` does not hold a rotation"));
    }
    let off = (matrix - rotation).to_cols_array();
    Ok(Rigid {
        pose: DAffine3 {
            matrix3: rotation,
            translation: pose.translation,
        },
        skew: off.into_iter().fold(0.0, |most, it| it.abs().max(most)),
    })
}

/// Newton's iteration for the polar decomposition: the mean with the inverse transpose. The
/// determinant is positive.
fn closest_rotation(matrix: DMat3) -> DMat3 {
    const STEPS: usize = 30;
    let mut rotation = matrix * matrix.determinant().cbrt().recip();
    for _ in 0..STEPS {
        rotation = (rotation + rotation.inverse().transpose()) * 0.5;
    }
    rotation
}

/// From axes x right, y up, z back (OpenGL, Blender, nerfstudio) to OpenCV's and back: the same
/// pose with its second and third column negated.
pub(super) fn other_axes(c2w: DAffine3) -> DAffine3 {
    DAffine3 {
        matrix3: DMat3::from_cols(c2w.matrix3.x_axis, -c2w.matrix3.y_axis, -c2w.matrix3.z_axis),
        translation: c2w.translation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [f64; 12] = [
        0.0, 0.0, 1.0, 4.0, //
        0.0, 1.0, 0.0, 5.0, //
        -1.0, 0.0, 0.0, 6.0,
    ];

    fn of(numbers: &[f64]) -> Result<Rigid, String> {
        rigid("m", from_rows("m", numbers)?)
    }

    #[test]
    fn rotations_are_kept_to_the_digit() {
        let mut numbers = ROWS;
        numbers[1] = 3e-7;
        let it = of(&numbers).unwrap();
        assert_eq!(it.skew, 0.0);
        assert_eq!(to_rows(&it.pose).as_flattened()[..12], numbers);
        assert_eq!(
            it.pose.transform_point3(DVec3::Z),
            DVec3::new(5.0, 5.0, 6.0)
        );
    }

    #[test]
    fn stretched_rotations_are_straightened() {
        let twice = ROWS.map(|it| 2.0 * it);
        let it = of(&twice).unwrap();
        assert!((it.skew - 1.0).abs() < 1e-12);
        assert!(
            it.pose
                .matrix3
                .abs_diff_eq(of(&ROWS).unwrap().pose.matrix3, 1e-14)
        );
        assert_eq!(it.pose.translation, DVec3::new(8.0, 10.0, 12.0));

        // A symmetric stretch leaves the rotation that it is applied to.
        let stretch = DMat3::from_cols_array(&[1.1, 0.2, 0.0, 0.2, 0.9, 0.1, 0.0, 0.1, 1.3]);
        let turn = DMat3::from_rotation_y(0.3) * DMat3::from_rotation_z(-2.0);
        let found = closest_rotation(turn * stretch);
        assert!(found.abs_diff_eq(turn, 1e-14), "{found}");
    }

    #[test]
    fn what_is_no_pose_is_refused() {
        for (at, number, says) in [
            (0, f64::NAN, "not finite"),
            (3, f64::INFINITY, "not finite"),
            (3, -1e13, "farther away"),
            (5, 0.0, "does not hold a rotation"),
            (5, -1.0, "mirrors"),
        ] {
            let mut numbers = ROWS;
            numbers[at] = number;
            let error = of(&numbers).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(of(&[0.0; 12]).is_err());
        assert!(of(&[1e200; 12]).is_err());
        assert!(of(&ROWS[1..]).unwrap_err().contains("11 numbers"));
        let transposed = [ROWS.as_slice(), &[1.0, 2.0, 3.0, 1.0]].concat();
        assert!(of(&transposed).unwrap_err().contains("transposed"));
    }
}
