//! Turning axes around: which signs change when a scene goes to other axes.

use glam::Vec3;

/// Signs that map a scene between two systems of axes that differ only in the directions of the
/// axes, such as RDF (3DGS `.ply`: x right, y down, z forward) and RUB (SPZ: x right, y up,
/// z back). Applied twice they do nothing, so one map serves both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AxisSigns {
    /// Of the x, y and z of a position, ±1.
    mean: Vec3,
    /// Of the x, y and z of a quaternion. A rotation axis is a pseudovector: turning y and z
    /// around keeps its x.
    quat: [f32; 3],
    /// Of the harmonics above degree 0, up to degree 3: the parity of each basis function.
    sh: [f32; 15],
}

impl AxisSigns {
    /// Between RDF and RUB.
    pub(super) const RUB: Self = Self::new(1.0, -1.0, -1.0);

    /// The signs of the x, y and z axes of one system along those of the other.
    pub(super) const fn new(x: f32, y: f32, z: f32) -> Self {
        Self {
            mean: Vec3::new(x, y, z),
            quat: [y * z, x * z, x * y],
            // Order of `render::sh::basis`: y, z, x; xy, yz, zz, xz, xx; y, xyz, y, z, x, z, x
            // (squares left out, they have no sign).
            sh: [
                y,
                z,
                x,
                x * y,
                y * z,
                1.0,
                x * z,
                1.0,
                y,
                x * y * z,
                y,
                z,
                x,
                z,
                x,
            ],
        }
    }

    /// A position in the other axes.
    pub(super) fn turn_mean(&self, mean: Vec3) -> Vec3 {
        self.mean * mean
    }

    /// A quaternion `w, x, y, z` in the other axes.
    pub(super) fn turn_quat(&self, [w, x, y, z]: [f32; 4]) -> [f32; 4] {
        [w, self.quat[0] * x, self.quat[1] * y, self.quat[2] * z]
    }

    /// The sign of coefficient `k`, counted from the first of degree 1.
    pub(super) fn sh_sign(&self, k: usize) -> f32 {
        self.sh[k]
    }
}

#[cfg(test)]
mod tests {
    use glam::{Mat3, Quat};
    use render::sh;

    use super::*;

    const ALL: [(f32, f32, f32); 4] = [
        (1.0, -1.0, -1.0),
        (-1.0, 1.0, 1.0),
        (-1.0, -1.0, 1.0),
        (-1.0, -1.0, -1.0),
    ];

    #[test]
    fn a_turned_direction_sees_the_turned_harmonics() {
        let direction = Vec3::new(0.3, -0.8, 0.52).normalize();
        for (x, y, z) in ALL {
            let signs = AxisSigns::new(x, y, z);
            let here = sh::basis(direction);
            let there = sh::basis(signs.turn_mean(direction));
            for k in 1..16 {
                assert!(
                    (there[k] - signs.sh_sign(k - 1) * here[k]).abs() < 1e-6,
                    "{k}"
                );
            }
        }
    }

    #[test]
    fn a_turned_rotation_turns_turned_vectors() {
        let q = Quat::from_xyzw(0.1, -0.5, 0.3, 0.8).normalize();
        for (x, y, z) in ALL {
            let signs = AxisSigns::new(x, y, z);
            let [w, qx, qy, qz] = signs.turn_quat([q.w, q.x, q.y, q.z]);
            let there = Mat3::from_quat(Quat::from_xyzw(qx, qy, qz, w));
            let turn = Mat3::from_diagonal(Vec3::new(x, y, z));
            assert!(there.abs_diff_eq(turn * Mat3::from_quat(q) * turn, 1e-6));
        }
    }
}
