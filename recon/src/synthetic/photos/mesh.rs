//! The scene's surfaces as triangles.

use glam::Vec3;

use super::super::shapes::Shape;
use super::super::surface::{Surface, SurfacePoint};

/// The longest edge that is wanted, world units. At the scene's curvatures the flat triangles then
/// stay within 0.001 of the round surfaces: a thirtieth of a pixel in a photo of 256 pixels.
const EDGE: f32 = 0.025;

/// Cells along a parameter, at least and at most.
const CELLS: (usize, usize) = (8, 720);

/// Triangles with the parameters and frames of the surfaces that they stand for.
pub(super) struct Mesh {
    vertices: Vec<SurfacePoint>,
    /// Indices of three vertices, and of the shape.
    triangles: Vec<([u32; 3], u32)>,
}

impl Mesh {
    /// Lays a grid over each shape.
    pub(super) fn new(shapes: &[Shape]) -> Self {
        let mut mesh = Self {
            vertices: Vec::new(),
            triangles: Vec::new(),
        };
        for (i, shape) in (0..).zip(shapes) {
            mesh.add(shape, i);
        }
        mesh
    }

    fn add(&mut self, shape: &Shape, index: u32) {
        let position = &shape.position;
        let num_u = cells(position);
        let num_v = cells(|along, across| position(across, along));
        let surface = Surface::new(position);
        let first = self.vertices.len() as u32;
        for v in 0..=num_v {
            for u in 0..=num_u {
                let (u, v) = (u as f32 / num_u as f32, v as f32 / num_v as f32);
                self.vertices.push(surface.at(u, v));
            }
        }
        let row = num_u as u32 + 1;
        for v in 0..num_v as u32 {
            for u in 0..num_u as u32 {
                let corner = first + v * row + u;
                let [a, b, c, d] = [corner, corner + 1, corner + row, corner + row + 1];
                self.triangles.push(([a, b, d], index));
                self.triangles.push(([a, d, c], index));
            }
        }
    }

    /// Corners of every triangle.
    pub(super) fn corners(&self) -> impl Iterator<Item = [Vec3; 3]> {
        let position = |it: u32| self.vertices[it as usize].position;
        self.triangles.iter().map(move |(it, _)| it.map(position))
    }

    /// The point of a triangle where its second and third corner weigh `b` and `c`, and the shape
    /// that it belongs to.
    pub(super) fn point(&self, triangle: u32, b: f32, c: f32) -> (SurfacePoint, usize) {
        let (corners, shape) = self.triangles[triangle as usize];
        let corners = corners.map(|it| &self.vertices[it as usize]);
        let weights = [1.0 - b - c, b, c];
        let mix = |of: fn(&SurfacePoint) -> Vec3| {
            let terms = corners
                .iter()
                .zip(weights)
                .map(|(it, weight)| weight * of(it));
            terms.sum::<Vec3>()
        };
        let [u, v] = [|it: &SurfacePoint| it.u, |it: &SurfacePoint| it.v].map(|of| {
            corners
                .iter()
                .zip(weights)
                .map(|(it, weight)| weight * of(it))
                .sum()
        });
        let point = SurfacePoint {
            u,
            v,
            position: mix(|it| it.position),
            tangent: mix(|it| it.tangent).normalize_or(corners[0].tangent),
            normal: mix(|it| it.normal).normalize_or(corners[0].normal),
        };
        (point, shape as usize)
    }
}

/// How many cells keep edges along a parameter short, measured where the surface is longest.
fn cells(position: impl Fn(f32, f32) -> Vec3) -> usize {
    const STEPS: usize = 256;
    const ACROSS: usize = 16;
    let length = |across: usize| {
        let at = |i: usize| position(i as f32 / STEPS as f32, across as f32 / ACROSS as f32);
        (0..STEPS).map(|i| at(i).distance(at(i + 1))).sum::<f32>()
    };
    let longest = (0..=ACROSS).map(length).fold(0.0, f32::max);
    ((longest / EDGE).ceil() as usize).clamp(CELLS.0, CELLS.1)
}
