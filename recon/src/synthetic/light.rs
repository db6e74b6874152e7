//! What lights the demo scene: a sun with soft shadows, the sky, and highlights.

use glam::Vec3;

use super::shapes::{Blocker, Shape, blockers};
use super::texture::smoothstep;

/// Exponent of the highlight; harmonics of degree 3 hold little more.
pub(super) const SHININESS: f32 = 8.0;

/// A sun with the shadows it throws, and the sky.
pub(super) struct Light {
    /// Unit vector towards the sun.
    pub(super) to_sun: Vec3,
    blockers: Vec<Blocker>,
}

impl Light {
    pub(super) fn new() -> Self {
        Self {
            to_sun: Vec3::new(-0.5, -0.8, -0.42).normalize(),
            blockers: blockers(),
        }
    }

    /// Of a surface's two sides, the one that is lit: closed shapes have only one, open ones are
    /// lit as if they faced the sun.
    pub(super) fn lit_side(&self, shape: &Shape, normal: Vec3) -> Vec3 {
        if shape.is_open && normal.dot(self.to_sun) < 0.0 {
            -normal
        } else {
            normal
        }
    }

    /// Phong's highlight: how much of the mirrored sun is seen from the unit direction `to_eye`.
    pub(super) fn highlight(&self, normal: Vec3, to_eye: Vec3) -> f32 {
        let mirrored = 2.0 * normal.dot(self.to_sun) * normal - self.to_sun;
        (0.5 + 0.5 * mirrored.dot(to_eye)).max(0.0).powf(SHININESS)
    }

    /// What falls on a matt surface of unit normal `normal`.
    pub(super) fn on(&self, normal: Vec3, sunlit: f32) -> Vec3 {
        let sky = Vec3::new(0.34, 0.37, 0.42) + 0.1 * normal.dot(self.to_sun);
        let sun = Vec3::new(0.74, 0.71, 0.64) * normal.dot(self.to_sun).max(0.0);
        sky + sunlit * sun
    }

    /// How much of the sun is seen from a point, 0 to 1; shadows have soft edges.
    pub(super) fn reaches(&self, position: Vec3, normal: Vec3) -> f32 {
        if normal.dot(self.to_sun) <= 0.0 {
            return 0.0;
        }
        let shadow = |it: &Blocker| {
            let to_centre = it.centre - position;
            let along = to_centre.dot(self.to_sun);
            if along < 1.2 * it.radius {
                return 1.0; // behind, or the blocker that the point lies on
            }
            let off = (to_centre - along * self.to_sun).length_squared();
            // Most blockers are far off; they are spared the root.
            if 1.44 * it.radius * it.radius <= off {
                return 1.0;
            }
            smoothstep(0.8, 1.2, off.sqrt() / it.radius)
        };
        self.blockers.iter().map(shadow).fold(1.0, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::super::UP;
    use super::*;

    #[test]
    fn shadows_fall_below_the_balls() {
        let light = Light::new();
        let ball = light.blockers[1];
        let below = ball.centre - 1.5 * ball.radius * light.to_sun;
        assert!(light.reaches(below, UP) < 0.1);
        assert!(0.9 < light.reaches(Vec3::new(0.0, -9.0, 0.0), UP));
    }
}
