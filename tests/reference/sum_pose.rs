//! `train/sum_pose.wgsl`: blocks added up; the camera's position is −Rᵀt.

use glam::{DMat3, DMat4, DVec3};
use render::gpu::FrameUniform;
use render::gradient::POSE_SUMS;

/// Rows of ∂L/∂w2c.
pub(crate) fn sum_pose(frame: &FrameUniform, parts: &[[f32; POSE_SUMS]]) -> [[f64; 4]; 3] {
    let mut sums = [0.0; POSE_SUMS];
    for part in parts {
        for (sum, more) in sums.iter_mut().zip(part) {
            *sum += f64::from(*more);
        }
    }
    let w2c = DMat4::from_cols_array_2d(&frame.camera_from_world.map(|it| it.map(f64::from)));
    let d_position = DVec3::new(sums[12], sums[13], sums[14]);
    let mut rows = [[0.0; 4]; 3];
    for (i, row) in rows.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().take(3).enumerate() {
            *cell = sums[3 * j + i] - w2c.w_axis[i] * d_position[j];
        }
        row[3] = sums[9 + i] - (DMat3::from_mat4(w2c) * d_position)[i];
    }
    rows
}
