//! Pinhole cameras: intrinsics in pixels and a camera-to-world pose, OpenCV axes.

use glam::{Affine3A, Mat3A, Mat4, Quat, Vec2, Vec3, Vec3A};
use serde::{Deserialize, Serialize};

/// A pinhole's inner geometry, in pixels. Pixel centres are at +0.5.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intrinsics {
    /// Focal length along x, in pixels.
    pub fx: f32,
    /// Focal length along y, in pixels.
    pub fy: f32,
    /// Principal point x, in pixels from the left edge.
    pub cx: f32,
    /// Principal point y, in pixels from the top edge.
    pub cy: f32,
    /// Image width in pixels.
    pub width: u32,
    /// Image height in pixels.
    pub height: u32,
}

impl Intrinsics {
    /// Square pixels, centred principal point, vertical field of view in radians.
    pub fn from_vertical_fov(fov_y: f32, width: u32, height: u32) -> Self {
        let focal = 0.5 * height as f32 / (0.5 * fov_y).tan();
        Self {
            fx: focal,
            fy: focal,
            cx: 0.5 * width as f32,
            cy: 0.5 * height as f32,
            width,
            height,
        }
    }

    /// Vertical field of view in radians.
    pub fn fov_y(&self) -> f32 {
        2.0 * (0.5 * self.height as f32 / self.fy).atan()
    }

    /// The same field of view drawn on `width` × `height` pixels (each axis scaled by itself).
    #[must_use]
    pub fn resized(&self, width: u32, height: u32) -> Self {
        let sx = width as f32 / self.width as f32;
        let sy = height as f32 / self.height as f32;
        Self {
            fx: self.fx * sx,
            fy: self.fy * sy,
            cx: self.cx * sx,
            cy: self.cy * sy,
            width,
            height,
        }
    }
}

/// A posed pinhole camera. Camera axes are OpenCV's: x right, y down, z forward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Inner geometry.
    pub intrinsics: Intrinsics,
    /// Camera to world.
    pub c2w: Affine3A,
}

impl Camera {
    /// From a world-to-camera matrix.
    pub fn from_w2c(intrinsics: Intrinsics, w2c: Mat4) -> Self {
        Self {
            intrinsics,
            c2w: Affine3A::from_mat4(w2c).inverse(),
        }
    }

    /// Stands at `eye` and looks at `target`; `up` is the world direction that shall point up in
    /// the image. Where `up` is parallel to the view, another direction takes its place.
    pub fn look_at(intrinsics: Intrinsics, eye: Vec3, target: Vec3, up: Vec3) -> Self {
        let forward = (target - eye).normalize_or(Vec3::Z);
        let mut right = forward.cross(up);
        if right.length_squared() < 1e-12 * up.length_squared().max(1e-12) {
            right = forward.any_orthogonal_vector();
        }
        let right = right.normalize();
        let down = forward.cross(right);
        Self {
            intrinsics,
            c2w: Affine3A {
                matrix3: Mat3A::from_cols(right.into(), down.into(), forward.into()),
                translation: eye.into(),
            },
        }
    }

    /// World to camera.
    pub fn w2c(&self) -> Affine3A {
        self.c2w.inverse()
    }

    /// Where the camera stands, in world coordinates.
    pub fn position(&self) -> Vec3 {
        self.c2w.translation.into()
    }

    /// Unit vector along the optical axis, in world coordinates.
    pub fn forward(&self) -> Vec3 {
        self.c2w.matrix3.z_axis.into()
    }

    /// Unit vector to the right of the image, in world coordinates.
    pub fn right(&self) -> Vec3 {
        self.c2w.matrix3.x_axis.into()
    }

    /// Unit vector towards the top of the image, in world coordinates.
    pub fn up(&self) -> Vec3 {
        Vec3::from(-self.c2w.matrix3.y_axis)
    }

    /// Orientation as a rotation from camera to world.
    pub fn rotation(&self) -> Quat {
        Quat::from_mat3a(&self.c2w.matrix3)
    }

    /// The pixel a world point lands on and its depth (camera z); `None` behind the camera.
    pub fn project(&self, world: Vec3) -> Option<(Vec2, f32)> {
        let p = self.w2c().transform_point3a(Vec3A::from(world));
        let k = &self.intrinsics;
        (0.0 < p.z).then(|| {
            let pixel = Vec2::new(k.fx * p.x / p.z + k.cx, k.fy * p.y / p.z + k.cy);
            (pixel, p.z)
        })
    }

    /// The world point seen at `pixel` at camera depth `z`.
    pub fn unproject(&self, pixel: Vec2, z: f32) -> Vec3 {
        let k = &self.intrinsics;
        let p = Vec3A::new((pixel.x - k.cx) / k.fx, (pixel.y - k.cy) / k.fy, 1.0) * z;
        self.c2w.transform_point3a(p).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_at_puts_the_target_in_the_middle_and_up_on_top() {
        let intrinsics = Intrinsics::from_vertical_fov(1.0, 200, 100);
        let camera = Camera::look_at(intrinsics, Vec3::new(1.0, 2.0, 3.0), Vec3::ZERO, Vec3::Y);
        let (pixel, depth) = camera.project(Vec3::ZERO).unwrap();
        assert!((pixel - Vec2::new(100.0, 50.0)).length() < 1e-3);
        assert!((depth - 14.0_f32.sqrt()).abs() < 1e-5);
        let (above, _) = camera.project(Vec3::Y * 0.1).unwrap();
        assert!(above.y < pixel.y, "world up is image up");
        assert!((camera.c2w.matrix3.determinant() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn unproject_inverts_project() {
        let intrinsics = Intrinsics::from_vertical_fov(0.8, 64, 48);
        let camera = Camera::look_at(intrinsics, Vec3::new(0.3, -2.0, 5.0), Vec3::X, Vec3::Z);
        let point = Vec3::new(0.4, 0.2, -0.3);
        let (pixel, z) = camera.project(point).unwrap();
        assert!((camera.unproject(pixel, z) - point).length() < 1e-4);
    }
}
