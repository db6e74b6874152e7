//! `splat/project.wgsl`: EWA projection by matrices (`Σ' = J W Σ Wᵀ Jᵀ`), in f64.

use glam::{DMat3, DMat4, DQuat, DVec2, DVec3};
use render::gpu::FrameUniform;
use render::{Splats, sh};

/// A projected splat; lengths in pixels, depth in world units.
#[derive(Clone, Debug)]
pub(crate) struct Projected {
    pub(crate) mean2d: DVec2,
    pub(crate) depth: f64,
    /// Inverse of the covariance: xx, xy, yy.
    pub(crate) conic: [f64; 3],
    pub(crate) opacity: f64,
    pub(crate) rgb: DVec3,
    /// Half size of the box around the part with `alpha_min <= alpha`.
    pub(crate) extent: DVec2,
    /// Half the squared Mahalanobis distance at the border of that part.
    pub(crate) cut: f64,
}

/// Projects splat `i`; `None` where it is not between near and far or nowhere visible.
pub(crate) fn project(splats: &Splats, i: usize, frame: &FrameUniform) -> Option<Projected> {
    project_filtered(splats, i, frame, 0.0)
}

/// The same with a 3D filter of this size: its square on the diagonal of the covariance, and the
/// opacity by the root of what that does to the determinant.
pub(crate) fn project_filtered(
    splats: &Splats,
    i: usize,
    frame: &FrameUniform,
    filter: f64,
) -> Option<Projected> {
    let w2c = DMat4::from_cols_array_2d(&frame.camera_from_world.map(|it| it.map(f64::from)));
    let mean = splats.means[i].as_dvec3();
    let p = w2c.transform_point3(mean);
    if !(f64::from(frame.near) < p.z && p.z < f64::from(frame.far)) {
        return None;
    }
    let bare = splats.log_scales[i].as_dvec3().exp();
    let scales = (bare * bare + filter * filter).map(f64::sqrt);
    let sharp = covariance(splats, (i, scales), DMat3::from_mat4(w2c), p, frame);
    let [xx, xy, yy] = sharp;
    let eps = f64::from(frame.eps2d);
    let mut blurred = [xx + eps, xy, yy + eps];
    let det = determinant(blurred).max(1e-10);
    let mut opacity = 1.0 / (1.0 + (-f64::from(splats.opacity_logits[i])).exp());
    opacity *= bare.element_product() / scales.element_product();
    if frame.antialiased == 1 {
        opacity *= (determinant(sharp) / det).max(0.005 * 0.005).sqrt();
    }
    if opacity < f64::from(frame.alpha_min) {
        return None;
    }
    let mut conic = [blurred[2] / det, -xy / det, blurred[0] / det];
    let alpha_min = f64::from(frame.alpha_min).max(1e-30);
    let mut cut = (opacity / alpha_min).ln();
    if frame.shape == 1 {
        let r = f64::from(frame.point_radius_px);
        blurred = [r * r, 0.0, r * r];
        conic = [1.0 / (r * r), 0.0, 1.0 / (r * r)];
        cut = 0.5;
    } else if frame.shape == 2 {
        cut = 0.5 * 1.5 * 1.5;
    }
    Some(Projected {
        mean2d: pair(frame.focal) * p.truncate() / p.z + pair(frame.principal),
        depth: p.z,
        conic,
        opacity,
        rgb: colour(splats, i, frame),
        extent: (DVec2::new(blurred[0], blurred[2]) * 2.0 * cut).map(f64::sqrt),
        cut,
    })
}

/// The covariance in the image, before it is widened: xx, xy, yy in square pixels.
fn covariance(
    splats: &Splats,
    (i, scales): (usize, DVec3),
    rotation: DMat3,
    p: DVec3,
    frame: &FrameUniform,
) -> [f64; 3] {
    let m = axes(splats, i) * DMat3::from_diagonal(scales);
    let in_camera = rotation * m * m.transpose() * rotation.transpose();
    let low = pair(frame.tangent_min);
    let high = pair(frame.tangent_max);
    let t = (p.truncate() / p.z).clamp(low, high);
    let f = pair(frame.focal);
    // Rows of J; the third is zero.
    let jx = DVec3::new(f.x / p.z, 0.0, -f.x * t.x / p.z);
    let jy = DVec3::new(0.0, f.y / p.z, -f.y * t.y / p.z);
    [
        jx.dot(in_camera * jx),
        jx.dot(in_camera * jy),
        jy.dot(in_camera * jy),
    ]
}

fn determinant([xx, xy, yy]: [f64; 3]) -> f64 {
    xx * yy - xy * xy
}

/// The splat's own axes in the world, as columns.
fn axes(splats: &Splats, i: usize) -> DMat3 {
    let [w, x, y, z] = splats.quats[i].map(f64::from);
    let q = DQuat::from_xyzw(x, y, z, w);
    if q.length() == 0.0 {
        return DMat3::IDENTITY;
    }
    DMat3::from_quat(q.normalize())
}

fn colour(splats: &Splats, i: usize, frame: &FrameUniform) -> DVec3 {
    let [x, y, z, _] = frame.camera_position.map(f64::from);
    let from_camera = splats.means[i].as_dvec3() - DVec3::new(x, y, z);
    if frame.colour_source == 1 {
        return normal(splats, i, from_camera, frame);
    }
    let degree = frame.sh_degree.min(splats.sh_degree);
    let basis = sh::basis(from_camera.normalize().as_vec3());
    let coeffs = &splats.sh(i)[..sh::coeff_count(degree)];
    let terms = coeffs.iter().zip(basis);
    terms
        .fold(DVec3::splat(0.5), |sum, (c, y)| {
            sum + f64::from(y) * DVec3::from(c.map(f64::from))
        })
        .max(DVec3::ZERO)
}

/// The shortest axis turned to the camera, -1..1 to 0..1, with y up and z to the viewer.
fn normal(splats: &Splats, i: usize, from_camera: DVec3, frame: &FrameUniform) -> DVec3 {
    let scale = splats.log_scales[i];
    let shortest = (0..3)
        .min_by(|&a, &b| scale[a].total_cmp(&scale[b]))
        .unwrap();
    let axis = axes(splats, i).col(shortest);
    let facing = if 0.0 < axis.dot(from_camera) {
        -axis
    } else {
        axis
    };
    let w2c = DMat4::from_cols_array_2d(&frame.camera_from_world.map(|it| it.map(f64::from)));
    let n = w2c.transform_vector3(facing);
    0.5 + 0.5 * DVec3::new(n.x, -n.y, -n.z)
}

fn pair(v: [f32; 2]) -> DVec2 {
    DVec2::from(v.map(f64::from))
}
