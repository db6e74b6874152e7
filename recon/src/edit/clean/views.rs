//! Where splats lie as the cameras see them.

use glam::{Affine3A, Vec3, Vec3A};
use rayon::prelude::*;
use render::{Camera, Splats};

use super::isolation::median;

/// Splats by whose depths a camera's distance from the scene is measured, at most.
const SAMPLE: usize = 2_000;

/// Where a splat lies as the cameras see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sight {
    /// Distance from the nearest camera, world units.
    pub(super) depth: f32,
    /// How far beyond the edge of a photo the middle lies at the least, in halves of that side: 0
    /// on the edge, −1 in the centre, infinite behind all cameras.
    pub(super) overshoot: f32,
    /// Of the camera that has it in view and is nearest by this measure: the distance by that at
    /// which this camera sees the scene. Infinite where none has.
    pub(super) nearness: f32,
    /// There: the largest standard deviation by the shorter side of the photo.
    pub(super) size: f32,
}

impl Sight {
    /// Seen by no camera.
    const NONE: Self = Self {
        depth: f32::INFINITY,
        overshoot: f32::INFINITY,
        nearness: f32::INFINITY,
        size: 0.0,
    };
}

/// A camera, ready to look at many splats.
struct Eye {
    w2c: Affine3A,
    position: Vec3,
    /// Focal lengths and principal point in halves of the sides, and the focal length in shorter
    /// sides.
    focal: [f32; 2],
    principal: [f32; 2],
    magnification: f32,
    /// At which it sees the scene.
    distance: f32,
}

impl Eye {
    fn new(camera: &Camera, sample: &[Vec3]) -> Self {
        let k = &camera.intrinsics;
        let half = [0.5 * k.width as f32, 0.5 * k.height as f32];
        let mut eye = Self {
            w2c: camera.w2c(),
            position: camera.position(),
            focal: [k.fx / half[0], k.fy / half[1]],
            principal: [k.cx / half[0] - 1.0, k.cy / half[1] - 1.0],
            magnification: k.fx.max(k.fy) / (2.0 * half[0].min(half[1])),
            distance: 1.0,
        };
        let seen = |it: &&Vec3| eye.overshoot(**it).is_some_and(|(over, _)| over <= 0.0);
        let distances = sample.iter().filter(seen);
        let distances = distances.map(|it| it.distance(eye.position)).collect();
        eye.distance = median(distances);
        eye
    }

    /// How far beyond the edge, and how deep; `None` behind the camera.
    fn overshoot(&self, point: Vec3) -> Option<(f32, f32)> {
        let p = self.w2c.transform_point3a(Vec3A::from(point));
        let x = self.focal[0] * p.x / p.z + self.principal[0];
        let y = self.focal[1] * p.y / p.z + self.principal[1];
        (0.0 < p.z).then(|| (x.abs().max(y.abs()) - 1.0, p.z))
    }
}

/// Where each splat lies as the cameras see it; all alike where there is no camera. `[splats]`
pub(super) fn sights(splats: &Splats, cameras: &[Camera]) -> Vec<Sight> {
    let finite = splats.means.iter().copied().filter(|it| it.is_finite());
    let finite: Vec<Vec3> = finite.collect();
    let step = finite.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<Vec3> = finite.into_iter().step_by(step).collect();
    let eyes: Vec<Eye> = cameras.iter().map(|it| Eye::new(it, &sample)).collect();
    let look = |i: usize| {
        let (mean, longest) = (splats.means[i], splats.scales(i).max_element());
        eyes.iter().fold(Sight::NONE, |mut sight, eye| {
            let distance = mean.distance(eye.position);
            sight.depth = sight.depth.min(distance);
            if let Some((over, z)) = eye.overshoot(mean) {
                sight.overshoot = sight.overshoot.min(over);
                let nearness = distance / eye.distance;
                if over <= 0.0 && nearness < sight.nearness {
                    sight.nearness = nearness;
                    sight.size = longest * eye.magnification / z;
                }
            }
            sight
        })
    };
    (0..splats.len()).into_par_iter().map(look).collect()
}
