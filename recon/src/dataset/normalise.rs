//! Where a capture's cameras are put before anything is made of them, and the way back: a
//! similarity, so that exports keep the input's coordinates.

use glam::{DAffine3, DMat3, DQuat, DVec3};

use super::eigen::eigen;
use super::outliers::{median, outliers};

/// The map p ↦ `scale` · `rotation` · p + `translation` from the input's world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Positive and finite.
    pub scale: f64,
    /// A rotation.
    pub rotation: DMat3,
    /// In units of the result.
    pub translation: DVec3,
}

impl Default for Normalisation {
    fn default() -> Self {
        Self {
            scale: 1.0,
            rotation: DMat3::IDENTITY,
            translation: DVec3::ZERO,
        }
    }
}

impl Normalisation {
    /// A rotation and a scale around `centre`, which goes to the origin.
    fn around(centre: DVec3, rotation: DMat3, scale: f64) -> Self {
        Self {
            scale,
            rotation,
            translation: rotation * -centre * scale,
        }
    }

    /// A point of the input's world.
    pub fn point(&self, point: DVec3) -> DVec3 {
        self.rotation * point * self.scale + self.translation
    }

    /// A camera of the input's world (c2w): it stays a rotation and a position.
    pub fn camera(&self, c2w: &DAffine3) -> DAffine3 {
        DAffine3 {
            matrix3: self.rotation * c2w.matrix3,
            translation: self.point(c2w.translation),
        }
    }

    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let rotation = self.rotation.transpose();
        Self {
            scale: 1.0 / self.scale,
            rotation,
            translation: rotation * -self.translation / self.scale,
        }
    }
}

/// tttLRM's for its full model: the mean of the cameras at the origin with their mean axes, then
/// all positions within −1 … 1. Over inputs and targets together.
///
/// Where the mean axes do not exist (cameras that look in opposite directions), those of the first
/// camera stand in.
pub fn mean_cam(cameras: &[DAffine3]) -> Normalisation {
    let Some(first) = cameras.first() else {
        return Normalisation::default();
    };
    let count = cameras.len() as f64;
    let sum = |f: fn(&DAffine3) -> DVec3| cameras.iter().map(f).sum::<DVec3>();
    let mean = sum(|it| it.translation) / count;
    let axes = axes_of(sum(|it| it.matrix3.z_axis), sum(|it| it.matrix3.y_axis));
    let axes = axes.unwrap_or(first.matrix3);
    within_unit(cameras, mean, axes.transpose())
}

/// tttLRM's for its autoregressive model: the first camera at the origin with its axes, then all
/// positions within −1 … 1. The first is the first input view.
pub fn first_cam(cameras: &[DAffine3]) -> Normalisation {
    let Some(first) = cameras.first() else {
        return Normalisation::default();
    };
    within_unit(cameras, first.translation, first.matrix3.transpose())
}

/// x right, y down, z forward from a forward axis and roughly down; `None` where they leave it
/// open.
fn axes_of(forward: DVec3, down: DVec3) -> Option<DMat3> {
    // Sums that cancel leave rounding errors, which point anywhere.
    const LEAST: f64 = 1e-9;
    let z = forward
        .try_normalize()
        .filter(|_| LEAST < forward.length())?;
    let right = down.cross(z);
    let x = right.try_normalize().filter(|_| LEAST < right.length())?;
    Some(DMat3::from_cols(x, z.cross(x).normalize(), z))
}

fn within_unit(cameras: &[DAffine3], centre: DVec3, rotation: DMat3) -> Normalisation {
    let moved = Normalisation::around(centre, rotation, 1.0);
    let largest = cameras
        .iter()
        .map(|it| moved.camera(it).translation.abs().max_element())
        .fold(0.0, f64::max);
    let scale = if largest.is_normal() {
        1.0 / largest
    } else {
        1.0
    };
    Normalisation {
        scale,
        translation: moved.translation * scale,
        ..moved
    }
}

/// For the viewer: up becomes −y (as splat files have it), what the cameras look at is the origin,
/// and the median camera is at distance 1 from it. Outliers have no say.
///
/// Up is the normal of the plane that the cameras' right axes lie in, where they span one: people
/// tilt a camera up and down and hardly ever roll it. Else it is the mean of the cameras' up axes.
/// The turn about up is kept as it was.
pub fn robust(cameras: &[DAffine3]) -> Normalisation {
    let positions: Vec<DVec3> = cameras.iter().map(|it| it.translation).collect();
    let mut ignored = outliers(&positions).into_iter().peekable();
    let mut kept = Vec::with_capacity(cameras.len());
    for (i, camera) in cameras.iter().enumerate() {
        if ignored.next_if_eq(&i).is_none() && camera.is_finite() {
            kept.push(*camera);
        }
    }
    let Some(centre) = focus(&kept).or_else(|| middle(&kept)) else {
        return Normalisation::default();
    };
    let rotation = DQuat::from_rotation_arc(up(&kept), DVec3::NEG_Y);
    let radius = median(
        kept.iter()
            .map(|it| it.translation.distance(centre))
            .collect(),
    );
    let scale = if radius.is_normal() {
        1.0 / radius
    } else {
        1.0
    };
    Normalisation::around(centre, DMat3::from_quat(rotation), scale)
}

/// For networks of our own: what the cameras look at is the origin, up is −y, the first camera is
/// at x = 0 before it (z < 0), and the median camera is at distance 1.
///
/// Cameras that look past one another have no common target: one as far ahead of their middle as
/// twice their spread stands in, or 1 unit where they are all at one place.
pub fn focused(cameras: &[DAffine3]) -> Normalisation {
    let (Some(first), Some(middle)) = (cameras.first(), middle(cameras)) else {
        return Normalisation::default();
    };
    let distances = |from: DVec3| cameras.iter().map(move |it| it.translation.distance(from));
    let centre = focus(cameras).unwrap_or_else(|| {
        let forward: DVec3 = cameras.iter().map(|it| it.matrix3.z_axis).sum();
        let forward = forward.try_normalize().unwrap_or(first.matrix3.z_axis);
        let spread = 2.0 * distances(middle).fold(0.0, f64::max);
        middle + forward * if spread.is_normal() { spread } else { 1.0 }
    });
    let upright = DMat3::from_quat(DQuat::from_rotation_arc(up(cameras), DVec3::NEG_Y));
    let offset = upright * (first.translation - centre);
    // Straight above the target, what is at the top of the picture is behind it.
    let sideways = |it: DVec3| 1e-6 * it.length() < it.x.hypot(it.z);
    let offset = if sideways(offset) {
        offset
    } else {
        upright * first.matrix3.y_axis
    };
    let turn = DMat3::from_rotation_y((-offset.x).atan2(-offset.z)).transpose();
    let radius = median(distances(centre).collect());
    let scale = if radius.is_normal() {
        1.0 / radius
    } else {
        1.0
    };
    Normalisation::around(centre, turn * upright, scale)
}

/// Which way is up in the world, a unit vector.
fn up(cameras: &[DAffine3]) -> DVec3 {
    let mean = -cameras.iter().map(|it| it.matrix3.y_axis).sum::<DVec3>();
    let spread = sum_of_squares(cameras.iter().map(|it| it.matrix3.x_axis));
    let (values, vectors) = eigen(spread);
    let count = cameras.len() as f64;
    // Right axes that all but agree span no plane: whoever moves along a wall sees nothing of roll
    // but in the mean.
    let up = if 0.03 * count < values[1] {
        let normal = vectors.x_axis;
        normal * normal.dot(mean).signum()
    } else {
        mean - vectors.z_axis * vectors.z_axis.dot(mean)
    };
    let up = if 1e-6 * count < up.length() { up } else { mean };
    up.try_normalize().unwrap_or(DVec3::NEG_Y)
}

/// The point nearest to all optical axes, where it is sharply defined and before the cameras.
fn focus(cameras: &[DAffine3]) -> Option<DVec3> {
    let count = cameras.len() as f64;
    let mut planes = DMat3::ZERO;
    let mut target = DVec3::ZERO;
    // Relative to a camera, so that scenes far from the origin lose no digits.
    let origin = cameras.first()?.translation;
    for camera in cameras {
        let axis = camera.matrix3.z_axis;
        let across = DMat3::IDENTITY - sum_of_squares([axis].into_iter());
        planes += across;
        target += across * (camera.translation - origin);
    }
    let (values, _) = eigen(planes);
    if values[0] < 0.01 * count {
        return None;
    }
    let point = planes.inverse() * target + origin;
    let is_before = |it: &&DAffine3| 0.0 < (point - it.translation).dot(it.matrix3.z_axis);
    let before = cameras.iter().filter(is_before).count();
    (point.is_finite() && 0.8 * count <= before as f64).then_some(point)
}

/// The median position, axis by axis.
fn middle(cameras: &[DAffine3]) -> Option<DVec3> {
    let axis = |i: usize| median(cameras.iter().map(|it| it.translation[i]).collect());
    let middle = DVec3::new(axis(0), axis(1), axis(2));
    middle.is_finite().then_some(middle)
}

/// Σ v vᵀ.
fn sum_of_squares(vectors: impl Iterator<Item = DVec3>) -> DMat3 {
    vectors.fold(DMat3::ZERO, |sum, it| {
        sum + DMat3::from_cols(it * it.x, it * it.y, it * it.z)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cameras on a ring around `centre`, looking at it, 30° above the plane whose normal is `up`.
    fn ring(centre: DVec3, radius: f64, up: DVec3, count: usize) -> Vec<DAffine3> {
        let side = up.any_orthonormal_vector();
        (0..count)
            .map(|i| {
                let angle = i as f64 / count as f64 * std::f64::consts::TAU;
                let out = DQuat::from_axis_angle(up, angle) * side;
                let position = centre + (out * 0.75_f64.sqrt() + up * 0.5) * radius;
                let axes = axes_of(centre - position, -up).unwrap();
                DAffine3 {
                    matrix3: axes,
                    translation: position,
                }
            })
            .collect()
    }

    fn assert_sound(it: &Normalisation, cameras: &[DAffine3]) {
        assert!(it.scale.is_finite() && 0.0 < it.scale, "{it:?}");
        assert!(it.translation.is_finite(), "{it:?}");
        let identity = it.rotation * it.rotation.transpose();
        assert!(identity.abs_diff_eq(DMat3::IDENTITY, 1e-9), "{it:?}");
        assert!((it.rotation.determinant() - 1.0).abs() < 1e-9, "{it:?}");
        for camera in cameras {
            let there = it.camera(camera);
            let back = it.inverse().camera(&there);
            let size = 1.0 + camera.translation.length();
            assert!(
                back.abs_diff_eq(*camera, 1e-9 * size),
                "{back:?} {camera:?}"
            );
        }
    }

    #[test]
    fn the_viewer_finds_up_centre_and_scale() {
        let centre = DVec3::new(30.0, -4.0, 12.0);
        let up = DVec3::new(0.3, 0.2, 0.9).normalize();
        let mut cameras = ring(centre, 7.0, up, 30);
        cameras[4].translation += DVec3::splat(900.0);
        let it = robust(&cameras);
        assert_sound(&it, &cameras);
        assert!(it.point(centre).length() < 1e-6);
        assert!((it.rotation * up).abs_diff_eq(DVec3::NEG_Y, 1e-6));
        assert!((it.scale - 1.0 / 7.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_looked_at_is_before_the_first_camera() {
        let centre = DVec3::new(-3.0, 5.0, 0.5);
        let up = DVec3::new(0.1, -0.9, 0.3).normalize();
        let cameras = ring(centre, 4.0, up, 12);
        let it = focused(&cameras);
        assert_sound(&it, &cameras);
        assert!(it.point(centre).length() < 1e-9);
        assert!((it.rotation * up).abs_diff_eq(DVec3::NEG_Y, 1e-9));
        let first = it.camera(&cameras[0]).translation;
        let expected = DVec3::new(0.0, -0.5, -(0.75_f64.sqrt()));
        assert!(first.abs_diff_eq(expected, 1e-9), "{first}");
        // One camera alone looks at something one unit ahead.
        let alone = focused(&cameras[..1]);
        let ahead = cameras[0].translation + cameras[0].matrix3.z_axis;
        assert!(alone.point(ahead).length() < 1e-9);
    }

    #[test]
    fn a_wall_is_not_turned_over() {
        // Side by side, all looking along z, held level with y down: nothing has to turn.
        let along = |i: i32| DAffine3::from_translation(DVec3::new(f64::from(i), 0.0, 0.0));
        let cameras: Vec<DAffine3> = (-5..=5).map(along).collect();
        let it = robust(&cameras);
        assert_sound(&it, &cameras);
        assert!(it.rotation.abs_diff_eq(DMat3::IDENTITY, 1e-9));
    }

    #[test]
    fn degenerate_captures_stay_numbers() {
        let one = DAffine3::from_rotation_translation(
            DQuat::from_rotation_y(0.7),
            DVec3::new(1e6, 2.0, 3.0),
        );
        let back = DAffine3 {
            matrix3: one.matrix3 * DMat3::from_rotation_y(std::f64::consts::PI),
            ..one
        };
        let over = DAffine3 {
            matrix3: one.matrix3 * DMat3::from_rotation_z(std::f64::consts::PI),
            translation: DVec3::ZERO,
        };
        for cameras in [
            vec![],
            vec![one],
            vec![one; 5],
            vec![one, back],
            vec![one, over],
            vec![one, back, over],
        ] {
            for normalise in [mean_cam, first_cam, robust, focused] {
                assert_sound(&normalise(&cameras), &cameras);
            }
        }
        let broken = DAffine3::from_translation(DVec3::NAN);
        assert_sound(&robust(&[broken, one]), &[one]);
        assert_eq!(robust(&[broken]), Normalisation::default());
    }
}
