//! Solids: primitives, deformed and put into the world, and their surfaces as triangles.

use glam::{Affine3A, Mat3A, Vec2, Vec3, Vec3A};

use super::deform::Deform;
use super::shape::{Patch, Shape};

/// Half the step of numerical derivatives, in parameters.
const STEP: f32 = 1e-3;

/// A deformed primitive at its place.
#[derive(Clone, Debug)]
pub(super) struct Solid {
    pub(super) shape: Shape,
    pub(super) deform: Deform,
    /// From the shape's own space.
    world_from_own: Affine3A,
    own_from_world: Affine3A,
}

/// Triangles with what their corners know.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    /// World positions.
    pub(super) positions: Vec<Vec3>,
    /// Out of the surface, unit length.
    pub(super) normals: Vec<Vec3>,
    /// Where in a picture, which repeats with period 1.
    pub(super) uvs: Vec<Vec2>,
    /// Corners; counter-clockwise seen from outside where x is right and y is up.
    pub(super) triangles: Vec<[u32; 3]>,
}

/// How finely surfaces are divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detail {
    /// Edges of triangles on curved surfaces, world units.
    pub(super) edge: f32,
}

/// Triangles along a closed curve, at least: a thin rod stays round.
const LEAST_ROUND: usize = 10;
/// Along any parameter, at most.
const MOST: usize = 160;
/// Along a straight line, at most; more than one because light is stored in the corners.
const MOST_STRAIGHT: usize = 24;

impl Solid {
    /// Puts a shape somewhere; `world_from_own` can be inverted.
    pub(super) fn new(shape: Shape, deform: Deform, world_from_own: Affine3A) -> Self {
        Self {
            shape,
            deform,
            world_from_own,
            own_from_world: world_from_own.inverse(),
        }
    }

    /// The same after another map of the world.
    pub(super) fn moved(&mut self, by: &Affine3A) {
        self.world_from_own = *by * self.world_from_own;
        self.own_from_world = self.world_from_own.inverse();
    }

    /// The place of the shape's own space in the world.
    pub(super) fn place(&self) -> &Affine3A {
        &self.world_from_own
    }

    /// Whether a point of the world lies within.
    pub(super) fn contains(&self, world: Vec3) -> bool {
        let own = self.own_from_world.transform_point3a(Vec3A::from(world));
        // No deformation reaches as far as this.
        own.abs().max_element() < 4.0 && self.shape.contains(self.deform.undo(own.into()))
    }

    /// Points on the surface, a few per patch.
    pub(super) fn outlying_points(&self) -> Vec<Vec3> {
        const STEPS: usize = 8;
        let patches = self.shape.patches();
        let grid = |patch: &Patch<'_>| {
            let mut points = Vec::with_capacity((STEPS + 1) * (STEPS + 1));
            for i in 0..=STEPS {
                for j in 0..=STEPS {
                    let (u, v) = (i as f32 / STEPS as f32, j as f32 / STEPS as f32);
                    points.push(self.at(patch, u, v));
                }
            }
            points
        };
        patches.iter().flat_map(grid).collect()
    }

    /// The surface as triangles.
    pub(super) fn mesh(&self, detail: Detail) -> Mesh {
        let mut mesh = Mesh::default();
        for patch in self.shape.patches() {
            self.add(&patch, detail, &mut mesh);
        }
        mesh
    }

    fn at(&self, patch: &Patch<'_>, u: f32, v: f32) -> Vec3 {
        let own = self.deform.apply((patch.at)(u, v));
        self.world_from_own.transform_point3(own)
    }

    fn add(&self, patch: &Patch<'_>, detail: Detail, mesh: &mut Mesh) {
        let keeps_planes = self.deform.keeps_planes();
        let num_u = cells(
            |u, v| self.at(patch, u, v),
            patch.is_straight[0] && keeps_planes,
            detail,
        );
        let num_v = cells(
            |v, u| self.at(patch, u, v),
            patch.is_straight[1] && keeps_planes,
            detail,
        );
        let is_flat = patch.is_straight == [true; 2] && keeps_planes;
        let (first, row) = (mesh.positions.len() as u32, num_u as u32 + 1);
        let middle = self.normal(patch, 0.5, 0.5);
        for j in 0..=num_v {
            for i in 0..=num_u {
                let (u, v) = (i as f32 / num_u as f32, j as f32 / num_v as f32);
                mesh.positions.push(self.at(patch, u, v));
                let normal = if is_flat {
                    middle
                } else {
                    self.normal(patch, u, v)
                };
                mesh.normals.push(normal);
                mesh.uvs.push(Vec2::new(patch.repeats * u, v));
            }
        }
        for j in 0..num_v as u32 {
            for i in 0..num_u as u32 {
                let corner = first + j * row + i;
                let [a, b, c, d] = [corner, corner + 1, corner + row, corner + row + 1];
                mesh.triangles.extend([[a, b, d], [a, d, c]]);
            }
        }
    }

    fn normal(&self, patch: &Patch<'_>, u: f32, v: f32) -> Vec3 {
        let (u, v) = (u.clamp(STEP, 1.0 - STEP), v.clamp(STEP, 1.0 - STEP));
        let along_u = self.at(patch, u + STEP, v) - self.at(patch, u - STEP, v);
        let along_v = self.at(patch, u, v + STEP) - self.at(patch, u, v - STEP);
        along_u.cross(along_v).normalize_or(Vec3::Y)
    }
}

/// How many cells keep edges along the first parameter short, where the patch is longest.
fn cells(at: impl Fn(f32, f32) -> Vec3, is_straight: bool, detail: Detail) -> usize {
    const ACROSS: usize = 5;
    let steps = if is_straight { 1 } else { 8 };
    let length = |across: usize| {
        let point = |i: usize| {
            at(
                i as f32 / steps as f32,
                (across as f32 + 0.5) / ACROSS as f32,
            )
        };
        (0..steps)
            .map(|i| point(i).distance(point(i + 1)))
            .sum::<f32>()
    };
    let longest = (0..ACROSS).map(length).fold(0.0, f32::max);
    let count = (longest / detail.edge).ceil() as usize;
    if is_straight {
        (count / 3).clamp(1, MOST_STRAIGHT)
    } else {
        count.clamp(LEAST_ROUND, MOST)
    }
}

impl Mesh {
    /// The same surface seen from its other side.
    pub(super) fn flipped(mut self) -> Self {
        for it in &mut self.triangles {
            it.swap(1, 2);
        }
        for it in &mut self.normals {
            *it = -*it;
        }
        self
    }
}

/// A place: sizes along the own axes, then a rotation, then a shift.
pub(super) fn place(size: Vec3, rotation: glam::Quat, position: Vec3) -> Affine3A {
    Affine3A::from_scale_rotation_translation(size, rotation, position)
}

/// The rotation of a place as unit vectors, without its sizes.
pub(super) fn directions(place: &Affine3A) -> Mat3A {
    let columns = [
        place.matrix3.x_axis,
        place.matrix3.y_axis,
        place.matrix3.z_axis,
    ];
    let [x, y, z] = columns.map(|it| it.normalize_or(Vec3A::X));
    Mat3A::from_cols(x, y, z)
}
