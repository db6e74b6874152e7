//! Parts of space: boxes that may be turned, and balls.

use glam::{Quat, Vec3};
use serde::{Deserialize, Serialize};

use super::plain;

/// A part of space, world units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// A box.
    Box {
        /// Its middle.
        #[serde(with = "plain::vec3")]
        centre: Vec3,
        /// Half its sides.
        #[serde(with = "plain::vec3")]
        half: Vec3,
        /// World from box.
        #[serde(with = "plain::quat")]
        rotation: Quat,
    },
    /// A ball.
    Ball {
        /// Its middle.
        #[serde(with = "plain::vec3")]
        centre: Vec3,
        /// From the middle to its surface.
        radius: f32,
    },
}

impl Region {
    /// The box between two corners, along the world's axes.
    pub fn between(a: Vec3, b: Vec3) -> Self {
        Self::Box {
            centre: 0.5 * (a + b),
            half: 0.5 * (a - b).abs(),
            rotation: Quat::IDENTITY,
        }
    }

    /// Whether a point lies in it, or on its border.
    pub fn contains(&self, point: Vec3) -> bool {
        match *self {
            Self::Box {
                centre,
                half,
                rotation,
            } => {
                let local = rotation.inverse() * (point - centre);
                local.abs().cmple(half).all()
            }
            Self::Ball { centre, radius } => {
                0.0 <= radius && (point - centre).length_squared() <= radius * radius
            }
        }
    }

    /// Its middle.
    pub fn centre(&self) -> Vec3 {
        match *self {
            Self::Box { centre, .. } | Self::Ball { centre, .. } => centre,
        }
    }

    /// Half its sides; of a ball the radius.
    pub fn half(&self) -> Vec3 {
        match *self {
            Self::Box { half, .. } => half,
            Self::Ball { radius, .. } => Vec3::splat(radius),
        }
    }

    /// Its corners; of a ball those of the box around it.
    pub fn corners(&self) -> [Vec3; 8] {
        let rotation = match *self {
            Self::Box { rotation, .. } => rotation,
            Self::Ball { .. } => Quat::IDENTITY,
        };
        std::array::from_fn(|bits| {
            let sign = |k: usize| if bits >> k & 1 == 0 { -1.0 } else { 1.0 };
            let sign = Vec3::new(sign(0), sign(1), sign(2));
            self.centre() + rotation * (sign * self.half())
        })
    }

    /// Whether all its numbers are.
    pub fn is_finite(&self) -> bool {
        self.centre().is_finite() && self.half().is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_belong_to_it() {
        let region = Region::between(Vec3::ONE, Vec3::ZERO);
        assert!(region.contains(Vec3::ZERO) && region.contains(Vec3::ONE));
        assert!(!region.contains(Vec3::new(0.5, 0.5, 1.01)) && !region.contains(Vec3::NAN));
        let ball = Region::Ball {
            centre: Vec3::X,
            radius: 1.0,
        };
        assert!(ball.contains(Vec3::ZERO) && !ball.contains(Vec3::splat(0.9)));
    }
}
