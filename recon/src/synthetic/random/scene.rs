//! A scene: solids that cut one another, their surfaces as one mesh, and what lights them.

use std::ops::Range;

use glam::{Affine3A, Vec3};

use super::backdrop::Sky;
use super::light::Lamp;
use super::solid::{Detail, Mesh, Solid, directions};
use super::surface::Surface;

/// Everything that pictures are taken of.
pub(super) struct Scene {
    pub(super) solids: Vec<Solid>,
    pub(super) surfaces: Vec<Surface>,
    pub(super) pieces: Vec<Piece>,
    pub(super) mesh: Mesh,
    /// What reaches each vertex from the sky and from surfaces around, linear RGB.
    pub(super) ambient: Vec<Vec3>,
    /// The piece of each triangle.
    pub(super) piece_of: Vec<u32>,
    pub(super) lamps: Vec<Lamp>,
    pub(super) sky: Sky,
}

/// A solid's surface, or what a cut leaves of it.
pub(super) struct Piece {
    pub(super) vertices: Range<usize>,
    pub(super) triangles: Range<usize>,
    /// Points of the mesh that fail one of these are not there.
    pub(super) conditions: Vec<Condition>,
    pub(super) surface: usize,
    /// Where a world point is in the texture: turned and moved with the solid, not stretched.
    pub(super) texture_from_world: Affine3A,
    /// See [`Part::is_wall`].
    pub(super) is_wall: bool,
}

/// On which side of a solid's surface a point must lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    solid: usize,
    within: bool,
}

impl Condition {
    pub(super) fn all_hold(conditions: &[Self], scene: &Scene, point: Vec3) -> bool {
        let holds = |it: &Self| scene.solids[it.solid].contains(point) == it.within;
        conditions.iter().all(holds)
    }
}

/// Something to see: a solid, what is cut from it, and what it is made of.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) solid: Solid,
    pub(super) cuts: Vec<Cut>,
    pub(super) surface: Surface,
    /// A wall, floor or ceiling of a room: throws no shadow.
    pub(super) is_wall: bool,
}

/// What is taken away from a part.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) solid: Solid,
    /// What lies within the cutter stays, else what lies outside of it.
    pub(super) keeps_inside: bool,
}

impl Part {
    /// Uncut.
    pub(super) fn new(solid: Solid, surface: Surface) -> Self {
        Self {
            solid,
            cuts: Vec::new(),
            surface,
            is_wall: false,
        }
    }

    /// Points of the part's surface, which cuts leave, a few dozen.
    pub(super) fn points(&self) -> Vec<Vec3> {
        let mut points = self.solid.outlying_points();
        points.retain(|it| {
            self.cuts
                .iter()
                .all(|cut| cut.solid.contains(*it) == cut.keeps_inside)
        });
        for cut in self.cuts.iter().filter(|it| it.keeps_inside) {
            let ends = cut.solid.outlying_points();
            points.extend(ends.into_iter().filter(|it| self.solid.contains(*it)));
        }
        points
    }

    /// The same after another map of the world.
    pub(super) fn moved(&mut self, by: &Affine3A) {
        self.solid.moved(by);
        for it in &mut self.cuts {
            it.solid.moved(by);
        }
    }
}

impl Scene {
    /// Divides the surfaces of all parts into triangles. Nothing is lit yet.
    pub(super) fn new(parts: Vec<Part>, sky: Sky, detail: Detail) -> Self {
        let mut scene = Self {
            solids: Vec::new(),
            surfaces: Vec::new(),
            pieces: Vec::new(),
            mesh: Mesh::default(),
            ambient: Vec::new(),
            piece_of: Vec::new(),
            lamps: Vec::new(),
            sky,
        };
        for part in parts {
            scene.add(part, detail);
        }
        scene
    }

    fn add(&mut self, part: Part, detail: Detail) {
        let (whole, surface) = (self.solids.len(), self.surfaces.len());
        self.surfaces.push(part.surface);
        let cutter = |i: usize| whole + 1 + i;
        let own_side = |(i, cut): (usize, &Cut)| Condition {
            solid: cutter(i),
            within: cut.keeps_inside,
        };
        let conditions = |but: Option<usize>| {
            let cuts = part.cuts.iter().enumerate();
            cuts.filter(move |(i, _)| Some(*i) != but).map(own_side)
        };
        let mesh = part.solid.mesh(detail);
        let mut meshes = vec![(mesh, conditions(None).collect::<Vec<_>>())];
        for (i, cut) in part.cuts.iter().enumerate() {
            let mut mesh = cut.solid.mesh(detail);
            if !cut.keeps_inside {
                mesh = mesh.flipped();
            }
            let mut kept: Vec<Condition> = conditions(Some(i)).collect();
            kept.push(Condition {
                solid: whole,
                within: true,
            });
            meshes.push((mesh, kept));
        }
        let place = part.solid.place();
        let texture_from_world = Affine3A {
            matrix3: directions(place),
            translation: place.translation,
        }
        .inverse();
        self.solids.push(part.solid);
        self.solids.extend(part.cuts.into_iter().map(|it| it.solid));
        for (mesh, conditions) in meshes {
            self.push(mesh, |vertices, triangles| Piece {
                vertices,
                triangles,
                conditions,
                surface,
                texture_from_world,
                is_wall: part.is_wall,
            });
        }
    }

    fn push(&mut self, mesh: Mesh, piece: impl FnOnce(Range<usize>, Range<usize>) -> Piece) {
        let (vertex, triangle) = (self.mesh.positions.len(), self.mesh.triangles.len());
        let index = self.pieces.len() as u32;
        self.mesh.positions.extend(mesh.positions);
        self.mesh.normals.extend(mesh.normals);
        self.mesh.uvs.extend(mesh.uvs);
        let shifted = mesh
            .triangles
            .iter()
            .map(|it| it.map(|k| k + vertex as u32));
        self.mesh.triangles.extend(shifted);
        self.piece_of.resize(self.mesh.triangles.len(), index);
        self.pieces.push(piece(
            vertex..self.mesh.positions.len(),
            triangle..self.mesh.triangles.len(),
        ));
    }
}
