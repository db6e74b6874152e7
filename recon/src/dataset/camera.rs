//! Posed photos' cameras as the rasteriser takes them, in single precision.

use glam::{Affine3A, DAffine3, Mat3A, Quat};
use render::{Camera, Intrinsics};

use super::{Lens, View};

/// The camera of a view through `lens`, which is that of the photo as it was loaded (straightened
/// and resized). World coordinates are the dataset's, axes OpenCV's.
pub fn camera_of(view: &View, lens: &Lens) -> Camera {
    camera_at(lens, &view.c2w)
}

/// A pinhole camera with the focal lengths and the principal point of `lens`, whose distortion is
/// passed over, at the pose `c2w` (camera to world, OpenCV axes).
pub fn camera_at(lens: &Lens, c2w: &DAffine3) -> Camera {
    Camera {
        intrinsics: Intrinsics {
            fx: lens.fx as f32,
            fy: lens.fy as f32,
            cx: lens.cx as f32,
            cy: lens.cy as f32,
            width: lens.width,
            height: lens.height,
        },
        c2w: pose_of(c2w),
    }
}

/// A pose in single precision, as a rotation and a position. Poses of files are rotations up to
/// rounding: the nearest rotation is taken.
pub fn pose_of(c2w: &DAffine3) -> Affine3A {
    let rotation = Quat::from_mat3a(&Mat3A::from_cols(
        c2w.matrix3.x_axis.as_vec3a(),
        c2w.matrix3.y_axis.as_vec3a(),
        c2w.matrix3.z_axis.as_vec3a(),
    ));
    Affine3A::from_rotation_translation(rotation.normalize(), c2w.translation.as_vec3())
}

#[cfg(test)]
mod tests {
    use glam::{DMat3, DVec3};

    use super::*;

    #[test]
    fn it_projects_as_the_lens_does() {
        let lens = Lens {
            cx: 31.5,
            cy: 20.25,
            fy: 60.0,
            ..Lens::centred(55.0, 64, 48)
        };
        let rotation = DMat3::from_rotation_y(0.4) * DMat3::from_rotation_x(-0.3);
        let c2w = DAffine3::from_mat3_translation(rotation, DVec3::new(1.0, -2.0, 0.5));
        let camera = camera_at(&lens, &c2w);
        for point in [DVec3::new(0.1, 0.2, 3.0), DVec3::new(-0.7, 0.4, 2.0)] {
            let expected = lens.project(point).unwrap().as_vec2();
            let world = c2w.transform_point3(point).as_vec3();
            let (pixel, depth) = camera.project(world).unwrap();
            assert!((pixel - expected).length() < 1e-3, "{pixel} {expected}");
            assert!((f64::from(depth) - point.z).abs() < 1e-5);
        }
        assert_eq!(
            (camera.intrinsics.width, camera.intrinsics.height),
            (64, 48)
        );
    }
}
