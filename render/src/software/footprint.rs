//! EWA projection of one splat and its way back (`shared/project`, `shared/project_backward`, where
//! the mathematics is explained).

use glam::{Mat3, Mat4, Vec2, Vec3, Vec4};

use crate::Splats;
use crate::gpu::FrameUniform;
use crate::splats::sigmoid;

use super::blend::SplatSums;

/// Keeps the determinant away from 0 where eps2d is 0 (gsplat's value).
const MIN_DETERMINANT: f32 = 1e-10;
/// Beyond this the covariance has overflowed.
const MAX_DETERMINANT: f32 = 1e37;
/// The compensation is not allowed below 0.005 (gsplat's value), else tiny splats vanish.
const MIN_COMPENSATION_SQUARED: f32 = 0.000_025;
/// Where alpha_min is 0 every pixel counts; what lies below this cannot be seen in 32-bit floats.
const SMALLEST_ALPHA: f32 = 1e-30;

/// A splat in front of the camera, with what its gradient needs again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Footprint {
    /// The mean in camera space.
    pub(super) camera_point: Vec3,
    /// Where it lands, pixels.
    pub(super) mean2d: Vec2,
    /// Inverse of Σ': xx, xy, yy.
    pub(super) conic: [f32; 3],
    /// After compensation.
    pub(super) opacity: f32,
    /// Half size of the box around the visible ellipse, pixels.
    extent: Vec2,
    world_to_camera: Mat3,
    /// w x y z, as stored.
    quat: Vec4,
    /// Within bounds.
    tangent: Vec2,
    /// 1 where the tangent is not at its bounds, else 0.
    inside: Vec2,
    zoom: Vec2,
    scale: Vec3,
    /// uₖ = W rₖ.
    axes: [Vec3; 3],
    /// aₖ, columns of A = J W R S.
    columns: [Vec2; 3],
    /// Minors of A: 01, 02, 12.
    minors: [f32; 3],
    det_sharp: f32,
    /// Before it is kept from 0.
    det_free: f32,
    det: f32,
    sigmoid: f32,
    compensation: f32,
}

/// ∂L/∂(what is stored of a splat), harmonics apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct GeometryGradient {
    pub(super) mean: Vec3,
    /// w x y z.
    pub(super) quat: [f32; 4],
    pub(super) log_scale: Vec3,
    pub(super) opacity_logit: f32,
}

impl Footprint {
    /// `None` where splat `i` is not between near and far, or too transparent to be seen, or its
    /// numbers are too large.
    pub(super) fn new(splats: &Splats, i: usize, frame: &FrameUniform) -> Option<Self> {
        let w2c = Mat4::from_cols_array_2d(&frame.camera_from_world);
        let p = w2c.transform_point3(splats.means[i]);
        if !(frame.near < p.z && p.z < frame.far) {
            return None;
        }
        let sigmoid = sigmoid(splats.opacity_logits[i]);
        if sigmoid.is_nan() || sigmoid < frame.alpha_min {
            return None;
        }
        let focal = Vec2::from(frame.focal);
        let bare = p.truncate() / p.z;
        let (low, high) = (frame.tangent_min.into(), frame.tangent_max.into());
        let tangent = bare.max(low).min(high);
        let inside = low.cmple(bare) & bare.cmple(high);
        let world_to_camera = Mat3::from_mat4(w2c);
        let quat = Vec4::from(splats.quats[i]);
        let rotation = world_to_camera * rotation_of(quat);
        let axes = [rotation.x_axis, rotation.y_axis, rotation.z_axis];
        let scale = splats.log_scales[i].exp();
        let zoom = focal / p.z;
        let columns =
            [0, 1, 2].map(|k| zoom * (axes[k].truncate() - tangent * axes[k].z) * scale[k]);
        let [a0, a1, a2] = columns;
        let minors = [a0.perp_dot(a1), a0.perp_dot(a2), a1.perp_dot(a2)];
        // Cauchy–Binet: det(A Aᵀ) as a sum of squares, without the cancellation of xx·yy − xy².
        let det_sharp = minors.iter().map(|it| it * it).sum::<f32>();
        let squares = a0 * a0 + a1 * a1 + a2 * a2;
        let xy = a0.x * a0.y + a1.x * a1.y + a2.x * a2.y;
        let eps = frame.eps2d;
        let det_free = det_sharp + eps * (squares.x + squares.y) + eps * eps;
        let det = det_free.max(MIN_DETERMINANT);
        if det_free.is_nan() || MAX_DETERMINANT <= det {
            return None;
        }
        let compensation = if frame.antialiased == 1 {
            (det_sharp / det).max(MIN_COMPENSATION_SQUARED).sqrt()
        } else {
            1.0
        };
        let opacity = sigmoid * compensation;
        if opacity.is_nan() || opacity < frame.alpha_min {
            return None;
        }
        let wide = squares + eps;
        // Half the squared Mahalanobis distance at which alpha falls to alpha_min.
        let cut = (opacity / frame.alpha_min.max(SMALLEST_ALPHA)).ln();
        Some(Self {
            camera_point: p,
            mean2d: focal * bare + Vec2::from(frame.principal),
            conic: [wide.y / det, -xy / det, wide.x / det],
            opacity,
            extent: (2.0 * cut * wide).map(f32::sqrt),
            world_to_camera,
            quat,
            tangent,
            inside: Vec2::select(inside, Vec2::ONE, Vec2::ZERO),
            zoom,
            scale,
            axes,
            columns,
            minors,
            det_sharp,
            det_free,
            det,
            sigmoid,
            compensation,
        })
    }

    /// Columns and rows of the pixels whose centres lie in the box around the visible ellipse, first
    /// and end; `None` where there is none.
    pub(super) fn pixels(&self, frame: &FrameUniform) -> Option<[[u32; 2]; 2]> {
        let range = |axis: usize| {
            // A little more for rounding: alpha itself decides.
            let reach = self.extent[axis] * 1.001 + 1e-3;
            let (low, high) = (self.mean2d[axis] - reach, self.mean2d[axis] + reach);
            if low.is_nan() || high.is_nan() {
                return [0, 0];
            }
            // Casts keep to 0 and the largest number.
            let end = (high + 0.5).floor() as u32;
            [(low - 0.5).ceil() as u32, end.min(frame.image_size[axis])]
        };
        let ranges = [range(0), range(1)];
        let any = ranges.iter().all(|[first, end]| first < end);
        any.then_some(ranges)
    }

    /// The way back.
    pub(super) fn backward(&self, frame: &FrameUniform, sums: &SplatSums) -> GeometryGradient {
        let [xx, xy, yy] = self.conic;
        let conic = |d: Vec2| Vec2::new(xx * d.x + xy * d.y, xy * d.x + yy * d.y);
        let d_mean2d = conic(sums.vd);
        let d_opacity = -sums.v / self.opacity;

        // Conic to covariance: −conic G conic, the lower element written once.
        let [vxx, vxy, vyy] = sums.vdd;
        let (gx, gy) = (0.5 * Vec2::new(vxx, vxy), 0.5 * Vec2::new(vxy, vyy));
        let (x, y) = (conic(Vec2::X), conic(Vec2::Y));
        let g = |a: Vec2, b: Vec2| a.dot(Vec2::new(gx.dot(b), gy.dot(b)));
        let mut d_cov = [-g(x, x), -g(x, y), -g(y, y)];
        if self.det_free < MIN_DETERMINANT {
            d_cov = [gy.y / self.det, -gx.y / self.det, gx.x / self.det];
        }

        // Opacity, and the determinants inside its compensation.
        let d_log_opacity = d_opacity * self.opacity;
        let mut d_det_sharp = 0.0;
        let ratio = self.det_sharp / self.det;
        if frame.antialiased == 1 && MIN_COMPENSATION_SQUARED < ratio {
            let d_ratio = 0.5 * d_opacity * self.sigmoid / self.compensation;
            d_det_sharp = d_ratio * (self.det - self.det_sharp) / (self.det * self.det);
            let d_trace = -d_ratio * self.det_sharp * frame.eps2d / (self.det * self.det);
            d_cov[0] += d_trace;
            d_cov[2] += d_trace;
        }
        let d_columns = self.d_columns(d_cov, d_det_sharp);
        self.columns_backward(d_columns, d_mean2d, d_log_opacity * (1.0 - self.sigmoid))
    }

    /// Covariance and sharp determinant to the columns of A.
    fn d_columns(&self, [xx, xy, yy]: [f32; 3], d_det_sharp: f32) -> [Vec2; 3] {
        let covariance = |a: Vec2| 2.0 * Vec2::new(xx * a.x + xy * a.y, xy * a.x + yy * a.y);
        // Of the minor a.x b.y − b.x a.y, with respect to a; to b it is the negative with a for b.
        let minor = |b: Vec2| Vec2::new(b.y, -b.x);
        let [a0, a1, a2] = self.columns;
        let [m01, m02, m12] = self.minors.map(|it| 2.0 * it * d_det_sharp);
        [
            covariance(a0) + m01 * minor(a1) + m02 * minor(a2),
            covariance(a1) - m01 * minor(a0) + m12 * minor(a2),
            covariance(a2) - m02 * minor(a0) - m12 * minor(a1),
        ]
    }

    /// Columns of A to scales, axes, tangents and depth; then all that the mean has a part in.
    fn columns_backward(
        &self,
        d_columns: [Vec2; 3],
        d_mean2d: Vec2,
        opacity_logit: f32,
    ) -> GeometryGradient {
        let z = self.camera_point.z;
        let log_scale = Vec3::from([0, 1, 2].map(|k| d_columns[k].dot(self.columns[k])));
        // ∂L/∂(uₖ.xy − t uₖ.z)
        let b = [0, 1, 2].map(|k| self.zoom * d_columns[k] * self.scale[k]);
        let d_axes = b.map(|it| it.extend(-it.dot(self.tangent)));
        let weighed = [0, 1, 2].map(|k| b[k] * self.axes[k].z);
        let d_tangent = -self.inside * (weighed[0] + weighed[1] + weighed[2]);
        // The zoom f/z is in every aₖ; sums of dot(d_aₖ, aₖ) are what it weighs.
        let d_xy = self.zoom * d_mean2d + d_tangent / z;
        let d_z = -log_scale.element_sum() / z - d_xy.dot(self.camera_point.truncate()) / z;
        let to_world = self.world_to_camera.transpose();
        GeometryGradient {
            mean: to_world * d_xy.extend(d_z),
            quat: rotation_backward(self.quat, d_axes.map(|it| to_world * it)).into(),
            log_scale,
            opacity_logit,
        }
    }
}

/// The rotation of a quaternion (w x y z); none where it is zero.
fn rotation_of(stored: Vec4) -> Mat3 {
    let norm = stored.length();
    let [w, x, y, z] = if 0.0 < norm {
        (stored / norm).to_array()
    } else {
        [1.0, 0.0, 0.0, 0.0]
    };
    Mat3::from_cols_array_2d(&[
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y + w * z),
            2.0 * (x * z - w * y),
        ],
        [
            2.0 * (x * y - w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z + w * x),
        ],
        [
            2.0 * (x * z + w * y),
            2.0 * (y * z - w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ])
}

/// From the gradient of a rotation's columns to that of the stored quaternion (w x y z).
fn rotation_backward(stored: Vec4, d: [Vec3; 3]) -> Vec4 {
    let norm = stored.length();
    if norm.is_nan() || norm <= 0.0 {
        return Vec4::ZERO;
    }
    let q = stored / norm;
    let [w, x, y, z] = q.to_array();
    let d_q = 2.0
        * Vec4::new(
            z * (d[0].y - d[1].x) + y * (d[2].x - d[0].z) + x * (d[1].z - d[2].y),
            y * (d[0].y + d[1].x) + z * (d[0].z + d[2].x) + w * (d[1].z - d[2].y)
                - 2.0 * x * (d[1].y + d[2].z),
            x * (d[0].y + d[1].x) + z * (d[1].z + d[2].y) + w * (d[2].x - d[0].z)
                - 2.0 * y * (d[0].x + d[2].z),
            x * (d[0].z + d[2].x) + y * (d[1].z + d[2].y) + w * (d[0].y - d[1].x)
                - 2.0 * z * (d[0].x + d[1].y),
        );
    // Along q only the norm changes.
    (d_q - q * q.dot(d_q)) / norm
}
