//! `train/measure_filter.wgsl`: the finest pixel at a splat, camera by camera, in f64.

use glam::Vec3;
use render::Camera;

/// The filter's size at `mean`: √variance times what a pixel covers there in the camera that sees
/// it most finely; in the nearest where none sees it.
pub(crate) fn measure_filter(mean: Vec3, cameras: &[Camera], near: f64) -> f64 {
    let pixel_at = |camera: &Camera| {
        let k = &camera.intrinsics;
        let p = camera.w2c().transform_point3(mean).as_dvec3();
        let focal = f64::from(k.fx.max(k.fy));
        let inside = |focal: f32, at: f64, middle: f32, size: u32| {
            let at = f64::from(focal) * at / p.z + f64::from(middle);
            let margin = 0.15 * f64::from(size);
            -margin <= at && at <= f64::from(size) + margin
        };
        let seen =
            near < p.z && inside(k.fx, p.x, k.cx, k.width) && inside(k.fy, p.y, k.cy, k.height);
        (seen.then_some(p.z / focal), p.length() / focal)
    };
    let pixels: Vec<_> = cameras.iter().map(pixel_at).collect();
    let seen = pixels.iter().filter_map(|it| it.0).reduce(f64::min);
    let nearest = pixels.iter().map(|it| it.1).reduce(f64::min);
    0.2_f64.sqrt() * seen.or(nearest).unwrap_or(0.0)
}
