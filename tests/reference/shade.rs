//! `view/shade.wgsl`: what is shown of a frame, in f64.

use glam::{DVec2, DVec3};
use render::gpu::FrameUniform;

/// Colours of the depth ramp, near to far.
const RAMP: [DVec3; 5] = [
    DVec3::new(0.99, 0.96, 0.75),
    DVec3::new(0.98, 0.62, 0.34),
    DVec3::new(0.80, 0.26, 0.40),
    DVec3::new(0.39, 0.12, 0.49),
    DVec3::new(0.05, 0.03, 0.18),
];

/// Less alpha than this has no depth.
const MIN_ALPHA: f32 = 0.05;

/// The frame: `rgb, alpha` and `Σ α T z`, row by row.
pub(crate) struct Drawn<'a> {
    pub(crate) frame: &'a FrameUniform,
    pub(crate) image: &'a [[f32; 4]],
    pub(crate) depths: &'a [f32],
}

impl Drawn<'_> {
    /// Display rgb of each pixel, 0 to 1. `[height × width]`
    pub(crate) fn shade(&self) -> Vec<DVec3> {
        let [width, height] = self.frame.image_size.map(|it| it as i32);
        (0..width * height)
            .map(|at| self.pixel(at % width, at / width))
            .collect()
    }

    fn pixel(&self, x: i32, y: i32) -> DVec3 {
        let [r, g, b, alpha] = self.image[self.at(x, y)];
        let mode = self.frame.shading;
        let [back_r, back_g, back_b, _] = self.frame.background.map(f64::from);
        let background = DVec3::new(back_r, back_g, back_b);
        let shown = match (mode, self.point(x, y)) {
            (0, _) => DVec3::from([r, g, b].map(f64::from)),
            (3, _) => DVec3::splat(f64::from(alpha)),
            (_, None) => background,
            (1, Some(here)) => background.lerp(self.ramp(here.z), f64::from(alpha)),
            (_, Some(here)) => background.lerp(self.normal(x, y, here), f64::from(alpha)),
        };
        shown.clamp(DVec3::ZERO, DVec3::ONE)
    }

    fn at(&self, x: i32, y: i32) -> usize {
        (y * self.frame.image_size[0] as i32 + x) as usize
    }

    fn ramp(&self, z: f64) -> DVec3 {
        let low = f64::from(self.frame.depth_low);
        let span = f64::from(self.frame.depth_high) - low;
        let t = 4.0 * ((z - low) / span.max(1e-6)).clamp(0.0, 1.0);
        let k = (t as usize).min(3);
        RAMP[k].lerp(RAMP[k + 1], t - k as f64)
    }

    /// The camera-space point seen at a pixel, where there is one.
    fn point(&self, x: i32, y: i32) -> Option<DVec3> {
        let [width, height] = self.frame.image_size.map(|it| it as i32);
        if !((0..width).contains(&x) && (0..height).contains(&y)) {
            return None;
        }
        let alpha = self.image[self.at(x, y)][3];
        (MIN_ALPHA < alpha).then(|| {
            let z = f64::from(self.depths[self.at(x, y)]) / f64::from(alpha);
            let two = |it: [f32; 2]| DVec2::from(it.map(f64::from));
            let [left, top] = self.frame.origin.map(f64::from);
            let pixel = DVec2::new(left + f64::from(x) + 0.5, top + f64::from(y) + 0.5);
            let ray = (pixel - two(self.frame.principal)) / two(self.frame.focal);
            (ray * z).extend(z)
        })
    }

    /// The step along an axis to that neighbour whose depth is closer.
    fn slope(here: DVec3, before: Option<DVec3>, after: Option<DVec3>) -> DVec3 {
        match (before, after) {
            (Some(before), Some(after)) => {
                let (back, forward) = (here - before, after - here);
                if back.z.abs() < forward.z.abs() {
                    back
                } else {
                    forward
                }
            }
            (Some(before), None) => here - before,
            (None, Some(after)) => after - here,
            (None, None) => DVec3::ZERO,
        }
    }

    fn normal(&self, x: i32, y: i32, here: DVec3) -> DVec3 {
        let dx = Self::slope(here, self.point(x - 1, y), self.point(x + 1, y));
        let dy = Self::slope(here, self.point(x, y - 1), self.point(x, y + 1));
        let n = dy.cross(dx).normalize_or(-DVec3::Z);
        0.5 + 0.5 * DVec3::new(n.x, -n.y, -n.z)
    }
}
