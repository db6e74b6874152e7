//! Which triangle each sample of an image shows.
//!
//! Olano and Greer, "Triangle Scan Conversion using 2D Homogeneous Coordinates" (1997): for a
//! triangle with corners a, b, c in camera space, a ray through pixel (x, y) meets it where
//! (b × c)·d, (c × a)·d and (a × b)·d, with d = (x, y, 1), have one sign; their sum over
//! a · (b × c) is the reciprocal depth there. No corner is divided by its depth, so that triangles
//! which reach behind the camera need no clipping.

use glam::{Affine3A, Vec2, Vec3, Vec3A};
use render::Camera;

use super::scene::{Condition, Scene};

/// Corners nearer than this to the camera's plane have no pixel, world units.
const NEAR: f32 = 0.02;

/// No triangle.
pub(super) const NONE: u32 = u32::MAX;

/// A pinhole that maps the world to (x z, y z, z) with x and y in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pinhole {
    pixels_from_world: Affine3A,
    c2w: Affine3A,
    focal: [f32; 2],
    middle: [f32; 2],
    pub(super) size: [usize; 2],
}

impl Pinhole {
    pub(super) fn new(camera: &Camera) -> Self {
        let k = &camera.intrinsics;
        let matrix = glam::Mat3A::from_cols(
            Vec3A::new(k.fx, 0.0, 0.0),
            Vec3A::new(0.0, k.fy, 0.0),
            Vec3A::new(k.cx, k.cy, 1.0),
        );
        Self {
            pixels_from_world: Affine3A::from_mat3(matrix.into()) * camera.w2c(),
            c2w: camera.c2w,
            focal: [k.fx, k.fy],
            middle: [k.cx, k.cy],
            size: [k.width as usize, k.height as usize],
        }
    }

    /// (x z, y z, z).
    pub(super) fn project(&self, world: Vec3) -> Vec3 {
        self.pixels_from_world
            .transform_point3a(world.into())
            .into()
    }

    pub(super) fn eye(&self) -> Vec3 {
        self.c2w.translation.into()
    }

    /// The world direction through a pixel, of depth 1 along the optical axis.
    pub(super) fn ray(&self, x: f32, y: f32) -> Vec3 {
        let in_camera = Vec3A::new(
            (x - self.middle[0]) / self.focal[0],
            (y - self.middle[1]) / self.focal[1],
            1.0,
        );
        (self.c2w.matrix3 * in_camera).into()
    }
}

/// The nearest triangle of each sample; `N` samples a pixel.
pub(super) struct Samples<const N: usize> {
    pub(super) size: [usize; 2],
    /// Reciprocal depths, 0 where there is nothing; pixel by pixel.
    pub(super) nearness: Vec<[f32; N]>,
    /// Indices of triangles, or [`NONE`].
    pub(super) triangles: Vec<[u32; N]>,
}

/// A triangle ready to be held against pixels.
struct Setup {
    /// Three functions of the pixel, relative to `origin`: not negative within.
    edges: [Vec3; 3],
    /// The reciprocal depth, likewise.
    nearness: Vec3,
    /// First pixels, and those after the last.
    low: [usize; 2],
    high: [usize; 2],
}

impl<const N: usize> Samples<N> {
    /// Draws the pieces of a scene that `wanted` chooses; a sample lies `offsets` from its
    /// pixel's middle.
    pub(super) fn draw(
        scene: &Scene,
        pinhole: &Pinhole,
        offsets: &[[f32; 2]; N],
        wanted: impl Fn(usize) -> bool,
    ) -> Self {
        let [width, height] = pinhole.size;
        let mut samples = Self {
            size: pinhole.size,
            nearness: vec![[0.0; N]; width * height],
            triangles: vec![[NONE; N]; width * height],
        };
        let mut corners = Vec::new();
        // Conditions are dear: what is whole comes first and hides much of what is not.
        let (whole, cut): (Vec<_>, Vec<_>) = (0..scene.pieces.len())
            .filter(|it| wanted(*it))
            .partition(|it| scene.pieces[*it].conditions.is_empty());
        for piece in whole.into_iter().chain(cut) {
            let piece = &scene.pieces[piece];
            corners.clear();
            let vertices = &scene.mesh.positions[piece.vertices.clone()];
            corners.extend(vertices.iter().map(|it| pinhole.project(*it)));
            let first = piece.vertices.start as u32;
            for index in piece.triangles.clone() {
                let triangle = scene.mesh.triangles[index];
                let triangle = triangle.map(|it| corners[(it - first) as usize]);
                let Some(setup) = Setup::new(triangle, pinhole.size) else {
                    continue;
                };
                if piece.conditions.is_empty() {
                    samples.fill(&setup, index as u32, offsets, |_, _, _| true);
                } else {
                    let holds = |x: f32, y: f32, nearness: f32| {
                        let point = pinhole.eye() + pinhole.ray(x, y) / nearness;
                        Condition::all_hold(&piece.conditions, scene, point)
                    };
                    samples.fill(&setup, index as u32, offsets, holds);
                }
            }
        }
        samples
    }

    /// Writes the triangle to samples that it is the nearest for and that `holds` keeps (given
    /// the pixel and the reciprocal depth).
    #[inline]
    fn fill(
        &mut self,
        setup: &Setup,
        triangle: u32,
        offsets: &[[f32; 2]; N],
        holds: impl Fn(f32, f32, f32) -> bool,
    ) {
        let along = |plane: Vec3| {
            let mut shifts = [0.0; N];
            for (shift, [dx, dy]) in shifts.iter_mut().zip(offsets) {
                *shift = plane.x * dx + plane.y * dy;
            }
            shifts
        };
        let shifts = setup.edges.map(along);
        let most = shifts.map(|it| it.into_iter().fold(f32::NEG_INFINITY, f32::max));
        let nearer = along(setup.nearness);
        for y in setup.low[1]..setup.high[1] {
            let row = y * self.size[0];
            let py = (y - setup.low[1]) as f32 + 0.5;
            for x in setup.low[0]..setup.high[0] {
                let px = (x - setup.low[0]) as f32 + 0.5;
                let value = |plane: Vec3| plane.x * px + plane.y * py + plane.z;
                let [a, b, c] = setup.edges.map(value);
                if (a + most[0]).min(b + most[1]).min(c + most[2]) < 0.0 {
                    continue;
                }
                let depth = value(setup.nearness);
                let stored = &mut self.nearness[row + x];
                let mut covered = [false; N];
                let mut nearness = [0.0; N];
                let mut any = false;
                for k in 0..N {
                    let least = (a + shifts[0][k])
                        .min(b + shifts[1][k])
                        .min(c + shifts[2][k]);
                    nearness[k] = depth + nearer[k];
                    covered[k] = 0.0 <= least && stored[k] < nearness[k];
                    any |= covered[k];
                }
                if !any {
                    continue;
                }
                let shown = &mut self.triangles[row + x];
                for k in 0..N {
                    let [dx, dy] = offsets[k];
                    let (x, y) = (x as f32 + 0.5 + dx, y as f32 + 0.5 + dy);
                    if covered[k] && holds(x, y, nearness[k]) {
                        stored[k] = nearness[k];
                        shown[k] = triangle;
                    }
                }
            }
        }
    }
}

/// The lowest and the highest pixel of what lies before the camera of a triangle.
#[inline]
fn bounds(corners: [Vec3; 3]) -> [Vec2; 2] {
    let mut bounds = [Vec2::INFINITY, Vec2::NEG_INFINITY];
    let mut add = |p: Vec3| {
        let pixel = p.truncate() / p.z;
        bounds = [bounds[0].min(pixel), bounds[1].max(pixel)];
    };
    for (i, p) in corners.into_iter().enumerate() {
        let next = corners[(i + 1) % 3];
        if NEAR <= p.z {
            add(p);
        }
        if (NEAR <= p.z) != (NEAR <= next.z) {
            add(p.lerp(next, (NEAR - p.z) / (next.z - p.z)).with_z(NEAR));
        }
    }
    bounds
}

impl Setup {
    /// `None` where the triangle shows its back or lies outside of the image.
    #[inline]
    fn new([a, b, c]: [Vec3; 3], size: [usize; 2]) -> Option<Self> {
        let deepest = a.z.max(b.z).max(c.z);
        if deepest < NEAR {
            return None;
        }
        let pixels = bounds([a, b, c]);
        let (mut low, mut high) = ([0; 2], [0; 2]);
        for axis in 0..2 {
            // Saturating casts: what lies to the left or far to the right is cut.
            low[axis] = pixels[0][axis] as usize;
            high[axis] = ((pixels[1][axis] + 1.0) as usize).min(size[axis]);
        }
        if high[0] <= low[0] || high[1] <= low[1] {
            return None;
        }
        // Relative to the first pixel: large coordinates would cost digits.
        let origin = |p: Vec3| Vec3::new(p.x - low[0] as f32 * p.z, p.y - low[1] as f32 * p.z, p.z);
        let [a, b, c] = [a, b, c].map(origin);
        let edges = [b.cross(c), c.cross(a), a.cross(b)];
        let volume = a.dot(edges[0]);
        // The corners turn to the right around a normal that points away from the camera.
        if 0.0 <= volume || volume.is_nan() {
            return None;
        }
        let nearness = (edges[0] + edges[1] + edges[2]) / volume;
        // A sliver of tolerance closes the seams that rounding opens between neighbours.
        let soft = |it: Vec3| Vec3::new(0.0, 0.0, 2e-5 * (it.x.abs() + it.y.abs())) - it;
        Some(Self {
            edges: edges.map(soft),
            nearness,
            low,
            high,
        })
    }
}
