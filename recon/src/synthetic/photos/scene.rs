//! What a camera sees of the scene, ray by ray.

use glam::{Vec2, Vec3, Vec4};
use image::RgbaImage;
use rayon::prelude::*;
use render::Camera;

use super::super::light::Light;
use super::super::shapes::{Shape, shapes};
use super::super::surface::SurfacePoint;
use super::super::texture::{Noise, smoothstep};
use super::super::{DEMO_CENTRE, UP};
use super::bvh::{Bvh, Ray};
use super::mesh::Mesh;

/// Rays per pixel along each side.
const SAMPLES: u32 = 3;

/// Surfaces behind one another that a ray looks through at the ground's soft edge, at most.
const LAYERS: usize = 4;

/// Radius of [`Background::Dome`] around [`DEMO_CENTRE`], world units.
pub(super) const DOME_RADIUS: f32 = 14.0;

/// How far the mesh may lie before a point of the surface that it stands for, world units.
const SLACK: f32 = 0.012;

/// What is seen around the scene.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Background {
    /// Nothing: alpha is 0 there.
    #[default]
    Transparent,
    /// One colour, display RGB 0 to 1.
    Plain([f32; 3]),
    /// A clouded dome far outside of the cameras' ring, which has points as well.
    Dome,
}

/// The demo scene, ready for photos.
pub struct PhotoScene {
    background: Background,
    pub(super) shapes: Vec<Shape>,
    mesh: Mesh,
    bvh: Bvh,
    light: Light,
    clouds: Noise,
}

impl PhotoScene {
    /// With the textures of `seed`, as in [`crate::synthetic::demo_scene`].
    pub fn new(seed: u64, background: Background) -> Self {
        let shapes = shapes(seed);
        let mesh = Mesh::new(&shapes);
        Self {
            background,
            bvh: Bvh::new(mesh.corners()),
            shapes,
            mesh,
            light: Light::new(),
            clouds: Noise { seed: !seed },
        }
    }

    /// What is seen around the scene.
    pub fn background(&self) -> Background {
        self.background
    }

    /// What the camera sees: each pixel is the mean of 3 × 3 rays. Alpha is straight.
    pub fn photo(&self, camera: &Camera) -> RgbaImage {
        let (width, height) = (camera.intrinsics.width, camera.intrinsics.height);
        let mut photo = RgbaImage::new(width, height);
        let row_len = 4 * width as usize;
        let rows = photo.par_chunks_mut(row_len.max(1)).enumerate();
        rows.for_each(|(y, row)| {
            for (x, out) in row.chunks_exact_mut(4).enumerate() {
                out.copy_from_slice(&self.pixel(camera, x as u32, y as u32));
            }
        });
        photo
    }

    fn pixel(&self, camera: &Camera, x: u32, y: u32) -> [u8; 4] {
        let mut sum = Vec4::ZERO;
        for (dy, dx) in (0..SAMPLES).flat_map(|dy| (0..SAMPLES).map(move |dx| (dy, dx))) {
            let inside = (Vec2::new(dx as f32, dy as f32) + 0.5) / SAMPLES as f32;
            sum += self.seen(camera, Vec2::new(x as f32, y as f32) + inside);
        }
        let mean = sum / (SAMPLES * SAMPLES) as f32;
        let rgb = mean.truncate() / mean.w.max(1e-6);
        rgb.extend(mean.w)
            .to_array()
            .map(|it| (255.0 * it).round() as u8)
    }

    /// What is seen exactly at `pixel`: RGB 0 to 1 times alpha, and alpha.
    pub fn seen(&self, camera: &Camera, pixel: Vec2) -> Vec4 {
        let origin = camera.position();
        let direction = (camera.unproject(pixel, 1.0) - origin).normalize();
        let mut ray = Ray { origin, direction };
        let mut seen = Vec4::ZERO;
        for _ in 0..LAYERS {
            let Some(hit) = self.bvh.first(&ray, f32::INFINITY) else {
                break;
            };
            let (point, shape) = self.mesh.point(hit.triangle, hit.b, hit.c);
            let shape = &self.shapes[shape];
            let presence = (shape.presence)(&point);
            let front = self.shade(shape, &point, -direction).extend(1.0);
            seen += (1.0 - seen.w) * presence * front;
            if 1.0 <= presence {
                return seen;
            }
            ray.origin += hit.distance * direction;
        }
        let behind = match self.background {
            Background::Transparent => Vec4::ZERO,
            Background::Plain(rgb) => Vec3::from(rgb).extend(1.0),
            Background::Dome => self.dome(origin, direction).extend(1.0),
        };
        seen + (1.0 - seen.w) * behind
    }

    /// How far from the camera the first surface at `pixel` is, world units along the ray; `None`
    /// where only the background is.
    pub fn distance(&self, camera: &Camera, pixel: Vec2) -> Option<f32> {
        let origin = camera.position();
        let direction = (camera.unproject(pixel, 1.0) - origin).normalize();
        let hit = self.bvh.first(&Ray { origin, direction }, f32::INFINITY)?;
        Some(hit.distance)
    }

    /// The colour of a shape's point from the unit direction `to_eye`, cut to 0 … 1.
    pub(super) fn shade(&self, shape: &Shape, point: &SurfacePoint, to_eye: Vec3) -> Vec3 {
        let light = &self.light;
        let normal = light.lit_side(shape, point.normal);
        let sunlit = light.reaches(point.position, normal);
        let matt = (shape.albedo)(point) * light.on(normal, sunlit);
        let gloss = shape.gloss * sunlit * light.highlight(normal, to_eye);
        (matt + gloss).clamp(Vec3::ZERO, Vec3::ONE)
    }

    /// The dome's colour where a ray from inside of it ends.
    fn dome(&self, origin: Vec3, direction: Vec3) -> Vec3 {
        let from_centre = origin - DEMO_CENTRE;
        let along = from_centre.dot(direction);
        let rest = from_centre.length_squared() - DOME_RADIUS * DOME_RADIUS;
        let distance = -along + (along * along - rest).max(0.0).sqrt();
        self.dome_colour(origin + distance * direction)
    }

    /// The colour of a point on the dome: clouds above, something like fields below.
    pub(super) fn dome_colour(&self, position: Vec3) -> Vec3 {
        let height = (position - DEMO_CENTRE).dot(UP) / DOME_RADIUS;
        let cloud = smoothstep(0.45, 0.6, self.clouds.cloud(0.35 * position));
        let grain = self.clouds.cloud(1.7 * position + 5.0);
        let sky = Vec3::new(0.32, 0.47, 0.68).lerp(Vec3::splat(0.85), cloud);
        let field = Vec3::new(0.24, 0.3, 0.16).lerp(Vec3::new(0.5, 0.42, 0.26), cloud);
        let ground = smoothstep(0.02, -0.02, height);
        sky.lerp(field, ground) * (0.8 + 0.35 * grain)
    }

    /// The pixel where the camera sees a point of the scene: `None` where the point is outside of
    /// the image, behind the camera or behind something else.
    pub fn pixel_of(&self, camera: &Camera, point: Vec3) -> Option<Vec2> {
        let (pixel, _) = camera.project(point)?;
        let k = camera.intrinsics;
        let size = Vec2::new(k.width as f32, k.height as f32);
        if pixel.cmplt(Vec2::ZERO).any() || pixel.cmpge(size).any() {
            return None;
        }
        let origin = camera.position();
        let ray = Ray {
            origin,
            direction: (point - origin).normalize(),
        };
        let limit = origin.distance(point) - SLACK;
        self.bvh.first(&ray, limit).is_none().then_some(pixel)
    }
}
