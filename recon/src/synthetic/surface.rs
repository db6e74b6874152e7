//! Surfaces by formula, and points spread evenly over them.

use glam::{Mat3, Quat, Vec3};

/// Cells along each parameter in which a surface's area is measured.
const CELLS: usize = 128;

/// Half the step of the numerical derivatives, in parameter units.
const STEP: f32 = 1e-3;

/// A point of a surface, with a frame of unit vectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct SurfacePoint {
    /// Parameters, each 0 to 1.
    pub(super) u: f32,
    pub(super) v: f32,
    /// World position.
    pub(super) position: Vec3,
    /// Along increasing `u`.
    pub(super) tangent: Vec3,
    /// Out of the surface.
    pub(super) normal: Vec3,
}

impl SurfacePoint {
    /// The rotation that lays the x axis on the tangent and the z axis on the normal.
    pub(super) fn rotation(&self) -> Quat {
        let bitangent = self.normal.cross(self.tangent);
        Quat::from_mat3(&Mat3::from_cols(self.tangent, bitangent, self.normal)).normalize()
    }
}

/// A map from the unit square into the world, with its area measured, from which points can be
/// taken that lie evenly on the surface.
pub(super) struct Surface<F> {
    position: F,
    /// Area of all rows up to and with this one.
    rows: Vec<f32>,
    /// For each row, area of its cells up to and with this one.
    cells: Vec<Vec<f32>>,
}

impl<F: Fn(f32, f32) -> Vec3> Surface<F> {
    /// Measures the area of the surface that `position(u, v)` describes.
    pub(super) fn new(position: F) -> Self {
        let at = |u: usize, v: usize| position(u as f32 / CELLS as f32, v as f32 / CELLS as f32);
        let mut rows = Vec::with_capacity(CELLS);
        let mut cells = Vec::with_capacity(CELLS);
        let mut total = 0.0;
        for v in 0..CELLS {
            let mut sum = 0.0;
            let row: Vec<f32> = (0..CELLS)
                .map(|u| {
                    let (a, b, c, d) = (at(u, v), at(u + 1, v), at(u, v + 1), at(u + 1, v + 1));
                    sum += 0.5 * (d - a).cross(c - b).length();
                    sum
                })
                .collect();
            total += sum;
            rows.push(total);
            cells.push(row);
        }
        Self {
            position,
            rows,
            cells,
        }
    }

    /// Area in square world units.
    pub(super) fn area(&self) -> f32 {
        self.rows.last().copied().unwrap_or_default()
    }

    /// `count` points, evenly spread: a golden-ratio lattice in area, which stays even however
    /// the surface is stretched. `shift` (0 to 1) slides it along `u`.
    pub(super) fn points(&self, count: usize, shift: f64) -> impl Iterator<Item = SurfacePoint> {
        const GOLDEN: f64 = 0.618_033_988_749_894_8;
        (0..count).map(move |i| {
            let across = (i as f64 + 0.5) / count as f64;
            let along = (i as f64 * GOLDEN + shift).fract();
            let (row, v) = share(&self.rows, across as f32);
            let (_, u) = share(&self.cells[row], along as f32);
            self.at(u, v)
        })
    }

    /// The point with these parameters.
    pub(super) fn at(&self, u: f32, v: f32) -> SurfacePoint {
        let slope = |du: f32, dv: f32| {
            let (u, v) = (u.clamp(STEP, 1.0 - STEP), v.clamp(STEP, 1.0 - STEP));
            (self.position)(u + du, v + dv) - (self.position)(u - du, v - dv)
        };
        let tangent = slope(STEP, 0.0).normalize_or(Vec3::X);
        let normal = tangent
            .cross(slope(0.0, STEP))
            .normalize_or(tangent.any_orthonormal_vector());
        SurfacePoint {
            u,
            v,
            position: (self.position)(u, v),
            tangent,
            normal,
        }
    }
}

/// Which entry of the running sums holds the fraction `part` of their last, and where along the
/// whole that is, 0 to 1.
fn share(sums: &[f32], part: f32) -> (usize, f32) {
    let wanted = part * sums.last().copied().unwrap_or_default();
    let index = sums.partition_point(|it| *it < wanted).min(sums.len() - 1);
    let before = if index == 0 { 0.0 } else { sums[index - 1] };
    let width = sums[index] - before;
    let inside = if 0.0 < width {
        ((wanted - before) / width).clamp(0.0, 1.0)
    } else {
        0.5
    };
    (index, (index as f32 + inside) / sums.len() as f32)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::{PI, TAU};

    use super::*;

    fn sphere(u: f32, v: f32) -> Vec3 {
        let (sin_u, cos_u) = (TAU * u).sin_cos();
        let (sin_v, cos_v) = (PI * v).sin_cos();
        Vec3::new(sin_v * cos_u, cos_v, sin_v * sin_u)
    }

    #[test]
    fn area_and_frames_are_right() {
        let surface = Surface::new(sphere);
        assert!(
            (surface.area() - 4.0 * PI).abs() < 0.02,
            "{}",
            surface.area()
        );
        for point in surface.points(500, 0.3) {
            let frame = point.rotation();
            assert!((point.normal.length() - 1.0).abs() < 1e-5);
            assert!(point.normal.dot(point.tangent).abs() < 1e-4);
            assert!(0.99 < point.normal.dot(point.position).abs());
            assert!((frame * Vec3::Z).dot(point.normal) > 0.999);
            assert!((frame * Vec3::X).dot(point.tangent) > 0.999);
        }
    }

    /// No two points crowd together, and no spot of the surface is far from all of them.
    #[test]
    fn points_lie_evenly() {
        let surface = Surface::new(sphere);
        let points: Vec<Vec3> = surface.points(400, 0.0).map(|it| it.position).collect();
        let spacing = (surface.area() / points.len() as f32).sqrt();
        let nearest = |spot: Vec3, not: Option<usize>| {
            (0..points.len())
                .filter(|it| Some(*it) != not)
                .map(|it| points[it].distance(spot))
                .fold(f32::INFINITY, f32::min)
        };
        let closest = (0..points.len())
            .map(|it| nearest(points[it], Some(it)))
            .fold(f32::INFINITY, f32::min);
        assert!(0.5 * spacing < closest, "{closest} of {spacing}");
        let loneliest = surface
            .points(3_001, 0.77)
            .map(|it| nearest(it.position, None))
            .fold(0.0, f32::max);
        assert!(loneliest < 1.1 * spacing, "{loneliest} of {spacing}");
    }
}
