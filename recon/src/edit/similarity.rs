//! Moves of space: turning, scaling, shifting.

use glam::{Affine3A, Mat3A, Quat, Vec3};
use render::{ShRotation, Splats};
use serde::{Deserialize, Serialize};

use super::plain;

/// `x ↦ scale · rotation · x + translation`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// Applied first, with the scale.
    #[serde(with = "plain::quat")]
    pub rotation: Quat,
    /// More than 0.
    pub scale: f32,
    /// Applied last, world units.
    #[serde(with = "plain::vec3")]
    pub translation: Vec3,
}

impl Default for Similarity {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Similarity {
    /// Nothing moves.
    pub const IDENTITY: Self = Self {
        rotation: Quat::IDENTITY,
        scale: 1.0,
        translation: Vec3::ZERO,
    };

    /// Turning and scaling about a point, then shifting.
    pub fn about(pivot: Vec3, rotation: Quat, scale: f32, shift: Vec3) -> Self {
        Self {
            rotation,
            scale,
            translation: pivot + shift - scale * (rotation * pivot),
        }
    }

    /// Where a point goes.
    pub fn point(&self, point: Vec3) -> Vec3 {
        self.scale * (self.rotation * point) + self.translation
    }

    /// Where a camera goes, camera to world: the moved scene looks to it as the scene did before.
    pub fn camera(&self, c2w: &Affine3A) -> Affine3A {
        Affine3A {
            matrix3: Mat3A::from_quat(self.rotation) * c2w.matrix3,
            translation: self.point(c2w.translation.into()).into(),
        }
    }

    /// First `first`, then this.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        Self {
            rotation: (self.rotation * first.rotation).normalize(),
            scale: self.scale * first.scale,
            translation: self.point(first.translation),
        }
    }

    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let rotation = self.rotation.inverse();
        let scale = 1.0 / self.scale;
        Self {
            rotation,
            scale,
            translation: -scale * (rotation * self.translation),
        }
    }

    /// Whether all its numbers are, and the scale is more than nothing.
    pub fn is_sound(&self) -> bool {
        let finite = self.rotation.is_finite() && self.translation.is_finite();
        finite && self.scale.is_normal() && 0.0 < self.scale
    }

    /// Moves the wanted ones of the splats: means, rotations, scales and harmonics.
    pub(super) fn move_splats(&self, splats: &mut Splats, wanted: impl Fn(usize) -> bool) {
        let turns = self.rotation != Quat::IDENTITY;
        let harmonics = turns.then(|| ShRotation::new(self.rotation));
        let grown = self.scale.ln();
        let coeffs = splats.coeffs_per_splat();
        for i in (0..splats.len()).filter(|it| wanted(*it)) {
            splats.means[i] = self.point(splats.means[i]);
            if self.scale != 1.0 {
                splats.log_scales[i] += grown;
            }
            if let Some(harmonics) = &harmonics {
                let [w, x, y, z] = splats.quats[i];
                let it = self.rotation * Quat::from_xyzw(x, y, z, w);
                splats.quats[i] = [it.w, it.x, it.y, it.z];
                harmonics.turn(&mut splats.sh_coeffs[i * coeffs..(i + 1) * coeffs]);
            }
        }
    }
}

/// What lays the plane through three points level: turned so that its normal (on the side of `up`)
/// points along `up`, and shifted so that it goes through the origin. `None` where the points lie on
/// a line.
pub fn floor_to_up([a, b, c]: [Vec3; 3], up: Vec3) -> Option<Similarity> {
    let up = up.try_normalize()?;
    let across = (b - a).cross(c - a);
    let longest = (b - a).length().max((c - a).length());
    let normal = across.try_normalize()?;
    if across.length() < 1e-4 * longest * longest {
        return None;
    }
    let normal = if normal.dot(up) < 0.0 {
        -normal
    } else {
        normal
    };
    let rotation = Quat::from_rotation_arc(normal, up);
    let height = (rotation * a).dot(up);
    Some(Similarity {
        rotation,
        scale: 1.0,
        translation: -height * up,
    })
}

/// What makes the distance of two points `wanted`, about the first of them. `None` where they are
/// one, or `wanted` is no length.
pub fn scale_to(a: Vec3, b: Vec3, wanted: f32) -> Option<Similarity> {
    let scale = wanted / (b - a).length();
    let sound = Similarity::about(a, Quat::IDENTITY, scale, Vec3::ZERO);
    sound.is_sound().then_some(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Similarity {
        Similarity {
            rotation: Quat::from_xyzw(0.3, -0.5, 0.7, 0.2).normalize(),
            scale: 1.7,
            translation: Vec3::new(1.0, 2.0, -3.0),
        }
    }

    #[test]
    fn there_and_back() {
        let point = Vec3::new(0.4, -0.2, 5.0);
        let back = some().inverse().point(some().point(point));
        assert!((back - point).length() < 1e-5, "{back}");
        let twice = some().after(&some()).point(point);
        assert!((twice - some().point(some().point(point))).length() < 1e-4);
        let about = Similarity::about(point, some().rotation, 3.0, Vec3::ZERO);
        assert!(
            (about.point(point) - point).length() < 1e-5,
            "the pivot stays"
        );
    }

    #[test]
    fn a_floor_becomes_level() {
        for up in [Vec3::NEG_Y, Vec3::Z] {
            let points = [
                Vec3::new(0.0, 1.0, 0.2),
                Vec3::new(2.0, 1.3, 0.0),
                Vec3::new(0.5, 0.7, 3.0),
            ];
            let level = floor_to_up(points, up).unwrap();
            for point in points {
                assert!(level.point(point).dot(up).abs() < 1e-5);
            }
        }
        assert!(floor_to_up([Vec3::ZERO, Vec3::X, 2.0 * Vec3::X], Vec3::Y).is_none());
    }

    #[test]
    fn a_measured_length_becomes_what_it_is() {
        let (a, b) = (Vec3::ONE, Vec3::new(1.0, 1.0, 3.0));
        let by = scale_to(a, b, 5.0).unwrap();
        assert!((by.point(b).distance(by.point(a)) - 5.0).abs() < 1e-5);
        assert!((by.point(a) - a).length() < 1e-5);
        assert!(scale_to(a, a, 1.0).is_none() && scale_to(a, b, -1.0).is_none());
    }
}
