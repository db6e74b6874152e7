//! Two sets of cameras compared after the best similarity: poses are known up to one.

use glam::{DAffine3, DMat3, DQuat, DVec3, DVec4};

/// Scale, rotation and shift, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Similarity {
    /// Factor of all lengths.
    pub scale: f64,
    /// Applied to what was scaled.
    pub rotation: DQuat,
    /// Added last.
    pub shift: DVec3,
}

impl Similarity {
    /// That which brings the points `from` nearest to `to`, in the sense of least squares (Horn
    /// 1987, "Closed-form solution of absolute orientation using unit quaternions").
    pub fn between(from: &[DVec3], to: &[DVec3]) -> Self {
        assert_eq!(from.len(), to.len(), "numbers of points differ");
        let mean = |it: &[DVec3]| it.iter().sum::<DVec3>() / it.len() as f64;
        let (from_mean, to_mean) = (mean(from), mean(to));
        let (mut products, mut spread) = (DMat3::ZERO, 0.0);
        for (a, b) in from.iter().zip(to) {
            let (a, b) = (*a - from_mean, *b - to_mean);
            products += DMat3::from_cols(a * b.x, a * b.y, a * b.z);
            spread += a.length_squared();
        }
        let rotation = rotation(&products);
        let sum = |(a, b): (&DVec3, &DVec3)| (rotation * (*a - from_mean)).dot(*b - to_mean);
        let scale = from.iter().zip(to).map(sum).sum::<f64>() / spread;
        Self {
            scale,
            rotation,
            shift: to_mean - scale * (rotation * from_mean),
        }
    }

    /// Where a point goes.
    pub fn apply(&self, point: DVec3) -> DVec3 {
        self.scale * (self.rotation * point) + self.shift
    }
}

/// The rotation for `products[i][j] = Σ aᵢ bⱼ` (column j): the eigenvector of the largest
/// eigenvalue of Horn's matrix N.
fn rotation(products: &DMat3) -> DQuat {
    let s = |i: usize, j: usize| products.col(j)[i];
    let n = [
        DVec4::new(
            s(0, 0) + s(1, 1) + s(2, 2),
            s(1, 2) - s(2, 1),
            s(2, 0) - s(0, 2),
            s(0, 1) - s(1, 0),
        ),
        DVec4::new(
            s(1, 2) - s(2, 1),
            s(0, 0) - s(1, 1) - s(2, 2),
            s(0, 1) + s(1, 0),
            s(2, 0) + s(0, 2),
        ),
        DVec4::new(
            s(2, 0) - s(0, 2),
            s(0, 1) + s(1, 0),
            s(1, 1) - s(0, 0) - s(2, 2),
            s(1, 2) + s(2, 1),
        ),
        DVec4::new(
            s(0, 1) - s(1, 0),
            s(2, 0) + s(0, 2),
            s(1, 2) + s(2, 1),
            s(2, 2) - s(0, 0) - s(1, 1),
        ),
    ];
    // Shifted so that the largest eigenvalue is the largest in size too.
    let shift = n
        .iter()
        .map(|it| it.abs().element_sum())
        .fold(0.0, f64::max);
    let mut q = DVec4::new(1.0, 0.1, 0.2, 0.3);
    for _ in 0..20_000 {
        let next = DVec4::new(n[0].dot(q), n[1].dot(q), n[2].dot(q), n[3].dot(q)) + shift * q;
        q = next.normalize();
    }
    DQuat::from_xyzw(q.y, q.z, q.w, q.x)
}

/// How far two sets of cameras are apart.
#[derive(Clone, Copy, Debug)]
pub struct Agreement {
    /// Mean angle between rotations, degrees.
    pub mean_degrees: f64,
    /// Largest angle.
    pub max_degrees: f64,
    /// Mean distance of positions as a part of the diagonal of the box around all cameras.
    pub mean_position: f64,
    /// Largest distance.
    pub max_position: f64,
}

/// Compares camera-to-world poses after the similarity between their positions.
pub fn agreement(cameras: &[DAffine3], reference: &[DAffine3]) -> Agreement {
    let positions = |it: &[DAffine3]| it.iter().map(|it| it.translation).collect::<Vec<_>>();
    let (from, to) = (positions(cameras), positions(reference));
    let similarity = Similarity::between(&from, &to);
    let low = to.iter().copied().fold(DVec3::INFINITY, DVec3::min);
    let high = to.iter().copied().fold(DVec3::NEG_INFINITY, DVec3::max);
    let extent = low.distance(high);
    let apart = |(a, b): (&DVec3, &DVec3)| similarity.apply(*a).distance(*b) / extent;
    let distances: Vec<f64> = from.iter().zip(&to).map(apart).collect();
    let turned = |(a, b): (&DAffine3, &DAffine3)| {
        let a = similarity.rotation * DQuat::from_mat3(&a.matrix3);
        a.angle_between(DQuat::from_mat3(&b.matrix3)).to_degrees()
    };
    let angles: Vec<f64> = cameras.iter().zip(reference).map(turned).collect();
    let mean = |it: &[f64]| it.iter().sum::<f64>() / it.len() as f64;
    let max = |it: &[f64]| it.iter().copied().fold(0.0, f64::max);
    Agreement {
        mean_degrees: mean(&angles),
        max_degrees: max(&angles),
        mean_position: mean(&distances),
        max_position: max(&distances),
    }
}
