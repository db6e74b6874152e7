//! Surfaces are closed, point out and bound what lies within.

use std::f32::consts::TAU;

use glam::{Affine3A, Vec3};

use super::super::deform::Deform;
use super::super::dice::Dice;
use super::super::solid::{Detail, Solid};
use super::{Shape, ShapeName};

fn solids() -> Vec<(ShapeName, Solid)> {
    let mut dice = Dice::new(5, 0);
    let mut made = Vec::new();
    for (name, _) in ShapeName::WEIGHTS {
        for _ in 0..12 {
            let shape = Shape::random(name, &mut dice);
            made.push((
                name,
                Solid::new(shape, Deform::default(), Affine3A::IDENTITY),
            ));
        }
    }
    made
}

/// By the divergence theorem a closed surface whose triangles point out encloses a positive
/// volume, and the sum of its triangles' area vectors is zero.
#[test]
fn surfaces_are_closed_and_point_out() {
    for (name, solid) in solids() {
        let mesh = solid.mesh(Detail { edge: 0.05 });
        let (mut volume, mut sum, mut area) = (0.0, Vec3::ZERO, 0.0);
        for corners in &mesh.triangles {
            let [a, b, c] = corners.map(|it| mesh.positions[it as usize]);
            let across = 0.5 * (b - a).cross(c - a);
            volume += a.dot(across) / 3.0;
            sum += across;
            area += across.length();
        }
        assert!(1e-3 < volume, "{name:?}: {volume} {:?}", solid.shape);
        assert!(
            sum.length() < 0.01 * area,
            "{name:?}: {sum} {:?}",
            solid.shape
        );
    }
}

/// A little inside of the surface a point is within, a little outside it is not.
#[test]
fn normals_and_insides_agree() {
    for (name, solid) in solids() {
        if !solid.shape.can_be_cut() {
            continue;
        }
        let mesh = solid.mesh(Detail { edge: 0.08 });
        let (mut right, mut all) = (0, 0);
        for (p, normal) in mesh.positions.iter().zip(&mesh.normals) {
            for (step, expected) in [(-0.004, true), (0.004, false)] {
                right += usize::from(solid.contains(*p + step * normal) == expected);
                all += 1;
            }
        }
        // At edges a step along one face's normal may leave through the other.
        let share = right as f32 / all as f32;
        assert!(0.8 < share, "{name:?}: {share} {:?}", solid.shape);
        assert!(
            mesh.positions
                .iter()
                .all(|it| it.is_finite() && it.length() < 4.0)
        );
        assert!(
            mesh.normals
                .iter()
                .all(|it| (it.length() - 1.0).abs() < 1e-3)
        );
    }
}

#[test]
fn rings_may_be_open() {
    let ring = |arc: f32| Shape::Torus { tube: 0.2, arc };
    let behind = Vec3::new(0.0, 0.0, -0.8);
    assert!(ring(TAU).contains(behind) && !ring(0.5 * TAU).contains(behind));
    assert!(ring(0.5 * TAU).contains(-behind));
}

/// Normals in the corners are those of the triangles around, bent and bumpy or not.
#[test]
fn normals_follow_deformations() {
    let mut dice = Dice::new(6, 0);
    let (mut right, mut all) = (0, 0);
    for (_, mut solid) in solids() {
        solid.deform = Deform::random(&mut dice);
        let mesh = solid.mesh(Detail { edge: 0.05 });
        for corners in &mesh.triangles {
            let [a, b, c] = corners.map(|it| mesh.positions[it as usize]);
            let across = (b - a).cross(c - a);
            if across.length() < 1e-6 {
                continue;
            }
            for corner in corners {
                let normal = mesh.normals[*corner as usize];
                right += usize::from(0.7 < normal.dot(across.normalize()));
                all += 1;
            }
        }
    }
    let share = right as f32 / all as f32;
    assert!(0.97 < share, "{share}");
}
