//! Eigenvalues and eigenvectors of symmetric 3×3 matrices, by Jacobi's rotations.

use glam::{DMat3, DVec3};

/// More than enough: convergence is quadratic.
const MAX_SWEEPS: usize = 32;

/// Ascending eigenvalues of a symmetric matrix, and their unit eigenvectors as columns.
pub(super) fn eigen(symmetric: DMat3) -> (DVec3, DMat3) {
    let mut a = symmetric.to_cols_array_2d();
    let mut v = DMat3::IDENTITY.to_cols_array_2d(); // its columns are the eigenvectors
    for _ in 0..MAX_SWEEPS {
        let off = a[0][1].abs() + a[0][2].abs() + a[1][2].abs();
        if off == 0.0 {
            break;
        }
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            rotate(&mut a, &mut v, p, q);
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|i, j| a[*i][*i].total_cmp(&a[*j][*j]));
    let values = order.map(|i| a[i][i]);
    let [x, y, z] = order.map(|i| DVec3::from(v[i]));
    (DVec3::from(values), DMat3::from_cols(x, y, z))
}

/// Turns the plane of the axes `p` and `q` so that `a[p][q]` becomes 0.
fn rotate(a: &mut [[f64; 3]; 3], v: &mut [[f64; 3]; 3], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = 1.0_f64.copysign(theta) / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    let turn = |x: f64, y: f64| (c * x - s * y, s * x + c * y);
    let r = 3 - p - q; // the axis that is not turned
    let (pp, qq, pq) = (a[p][p], a[q][q], a[p][q]);
    a[p][p] = pp - t * pq;
    a[q][q] = qq + t * pq;
    (a[p][r], a[q][r]) = turn(a[p][r], a[q][r]);
    (a[r][p], a[r][q]) = (a[p][r], a[q][r]);
    (a[p][q], a[q][p]) = (0.0, 0.0);
    let (x, y) = (DVec3::from(v[p]), DVec3::from(v[q]));
    v[p] = (c * x - s * y).to_array();
    v[q] = (s * x + c * y).to_array();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_are_only_scaled() {
        for [xx, yy, zz, xy, xz, yz] in [
            [2.0, 3.0, 5.0, 0.1, -0.7, 1.1],
            [1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
            [1e-9, 4.0, 1e6, 1e-4, 3.0, 20.0],
            [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
            [0.0; 6],
        ] {
            let matrix = DMat3::from_cols_array(&[xx, xy, xz, xy, yy, yz, xz, yz, zz]);
            let (values, vectors) = eigen(matrix);
            assert!(values.x <= values.y && values.y <= values.z, "{values}");
            let size = 1.0 + values.z.abs();
            for i in 0..3 {
                let off = matrix * vectors.col(i) - values[i] * vectors.col(i);
                assert!(off.length() < 1e-12 * size, "{matrix} {values} {vectors}");
            }
            let identity = vectors.transpose() * vectors;
            assert!(identity.abs_diff_eq(DMat3::IDENTITY, 1e-12));
        }
    }
}
