//! Where in photos a region of the scene is seen.

use glam::Vec2;
use render::Camera;

use crate::edit::Region;

/// Splats at the border of a region reach beyond it: it is looked at so many times as large.
const GROWN: f32 = 1.5;
/// And by so many pixels on each side, for the windows of SSIM.
const MARGIN_PX: f32 = 8.0;
/// What is nearer than this part of the region's size to the camera's plane is not projected.
const NEAR: f32 = 1e-3;

/// The pixels of a photo on which a region, grown a little, can be seen: left, top, and right and
/// bottom, which are not included. `None` where there is none.
pub(super) fn seen(region: &Region, camera: &Camera) -> Option<[u32; 4]> {
    let k = &camera.intrinsics;
    let w2c = camera.w2c();
    let centre = region.centre();
    let corners = region
        .corners()
        .map(|it| w2c.transform_point3(centre + GROWN * (it - centre)));
    let near = NEAR * region.half().max_element();
    let in_front = corners.iter().filter(|it| near < it.z).count();
    if in_front == 0 {
        return None;
    }
    if in_front < corners.len() {
        // It reaches behind the camera, and what is beside that fills any part of the photo.
        return Some([0, 0, k.width, k.height]);
    }
    let (focal, middle) = (Vec2::new(k.fx, k.fy), Vec2::new(k.cx, k.cy));
    let pixels = corners.map(|it| focal * it.truncate() / it.z + middle);
    let low = pixels.into_iter().fold(pixels[0], Vec2::min) - MARGIN_PX;
    let high = pixels.into_iter().fold(pixels[0], Vec2::max) + MARGIN_PX;
    let size = Vec2::new(k.width as f32, k.height as f32);
    let low = low.floor().clamp(Vec2::ZERO, size);
    let high = high.ceil().clamp(Vec2::ZERO, size);
    let rectangle = [low.x, low.y, high.x, high.y].map(|it| it as u32);
    low.cmplt(high).all().then_some(rectangle)
}

#[cfg(test)]
mod tests {
    use glam::{Affine3A, Quat, Vec3};
    use render::Intrinsics;

    use super::*;

    fn camera(c2w: Affine3A) -> Camera {
        Camera {
            intrinsics: Intrinsics {
                fx: 100.0,
                fy: 100.0,
                cx: 100.0,
                cy: 75.0,
                width: 200,
                height: 150,
            },
            c2w,
        }
    }

    #[test]
    fn every_pixel_of_the_region_is_in_the_rectangle() {
        let region = Region::Box {
            centre: Vec3::new(0.3, -0.2, 8.0),
            half: Vec3::new(0.6, 0.3, 1.0),
            rotation: Quat::from_rotation_y(0.6),
        };
        let camera = camera(Affine3A::IDENTITY);
        let [left, top, right, bottom] = seen(&region, &camera).unwrap();
        assert!(0 < left && 0 < top && right < 200 && bottom < 150);
        for i in 0..4_000 {
            let t = i as f32;
            let point = region.centre() + Vec3::new(t.sin(), (1.7 * t).cos(), (2.3 * t).sin());
            if region.contains(point) {
                let x = 100.0 * point.x / point.z + 100.0;
                let y = 100.0 * point.y / point.z + 75.0;
                assert!((left as f32 + 8.0..right as f32 - 8.0).contains(&x));
                assert!((top as f32 + 8.0..bottom as f32 - 8.0).contains(&y));
            }
        }
    }

    #[test]
    fn what_is_beside_or_behind_is_not_seen() {
        let ball = |x: f32, z: f32| Region::Ball {
            centre: Vec3::new(x, 0.0, z),
            radius: 1.0,
        };
        let camera = camera(Affine3A::IDENTITY);
        assert_eq!(seen(&ball(0.0, -9.0), &camera), None);
        assert_eq!(seen(&ball(30.0, 9.0), &camera), None);
        assert_eq!(seen(&ball(0.0, 0.5), &camera), Some([0, 0, 200, 150]));
        assert_eq!(seen(&ball(0.0, 2.0), &camera), Some([0, 0, 200, 150]));
        let cut = seen(&ball(9.0, 10.0), &camera).unwrap();
        assert!(0 < cut[0] && cut[2] == 200, "{cut:?}");
    }
}
