//! `train/project_backward.wgsl`: differences of the projection's twin, which is in f64.

use glam::{DVec2, DVec3, Mat3, Mat4, Vec3};
use render::gpu::FrameUniform;
use render::gradient::SUMS;
use render::{Splats, sh};

use super::project::project_filtered;

/// ∂L/∂(what is stored of a splat), in the order of the planes; and what it gives to ∂L/∂w2c.
pub(crate) struct SplatGradient {
    pub(crate) planes: Vec<f64>,
    pub(crate) w2c: [[f64; 4]; 3],
    /// A bound is so near that differences straddle it.
    pub(crate) undecided: bool,
}

/// The gradient of one splat; `None` where it is not projected.
pub(crate) fn project_backward(
    splats: &Splats,
    i: usize,
    frame: &FrameUniform,
    sums: &[f64; SUMS],
) -> Option<SplatGradient> {
    project_backward_filtered((splats, i), frame, sums, 0.0)
}

/// The same with a 3D filter of this size.
pub(crate) fn project_backward_filtered(
    (splats, i): (&Splats, usize),
    frame: &FrameUniform,
    sums: &[f64; SUMS],
    filter: f64,
) -> Option<SplatGradient> {
    let one = Splats {
        means: vec![splats.means[i]],
        quats: vec![splats.quats[i]],
        log_scales: vec![splats.log_scales[i]],
        opacity_logits: vec![splats.opacity_logits[i]],
        sh_coeffs: splats.sh(i).to_vec(),
        sh_degree: splats.sh_degree,
    };
    let loss = Linear::at(&one, frame, sums, filter)?;
    let mut planes: Vec<f64> = (0..11)
        .map(|plane| {
            derivative(*geometry(&mut one.clone(), plane), |x| {
                let mut moved = one.clone();
                *geometry(&mut moved, plane) = x;
                loss.of(&moved, frame)
            })
        })
        .collect();
    // Of the harmonics the loss is linear.
    let used = sh::coeff_count(frame.sh_degree.min(splats.sh_degree));
    let basis = sh::basis(direction(&one, frame));
    for (k, y) in basis[..splats.coeffs_per_splat()].iter().enumerate() {
        let y = if k < used { f64::from(*y) } else { 0.0 };
        planes.extend((y * loss.rgb).to_array());
    }
    let mut w2c = [[0.0; 4]; 3];
    for (row, cells) in w2c.iter_mut().enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            *cell = derivative(frame.camera_from_world[column][row], |x| {
                let mut moved = *frame;
                moved.camera_from_world[column][row] = x;
                let w2c = Mat4::from_cols_array_2d(&moved.camera_from_world);
                let position = -(Mat3::from_mat4(w2c).transpose() * w2c.w_axis.truncate());
                moved.camera_position = position.extend(1.0).into();
                loss.of(&one, &moved)
            });
        }
    }
    let finite = planes
        .iter()
        .chain(w2c.as_flattened())
        .all(|it| it.is_finite());
    Some(SplatGradient {
        undecided: !finite || near_a_bound(&one, frame, filter),
        planes,
        w2c,
    })
}

/// The number in one of the planes before the harmonics.
fn geometry(one: &mut Splats, plane: usize) -> &mut f32 {
    match plane {
        0..3 => &mut one.means[0][plane],
        3..7 => &mut one.quats[0][plane - 3],
        7..10 => &mut one.log_scales[0][plane - 7],
        _ => &mut one.opacity_logits[0],
    }
}

/// Central differences at two steps, extrapolated to none. The steps are what f32 makes of them.
fn derivative(x: f32, value: impl Fn(f32) -> f64) -> f64 {
    let slope = |step: f32| {
        let (low, high) = (x - step, x + step);
        (value(high) - value(low)) / (f64::from(high) - f64::from(low))
    };
    (4.0 * slope(1e-3) - slope(2e-3)) / 3.0
}

fn direction(one: &Splats, frame: &FrameUniform) -> Vec3 {
    let [x, y, z, _] = frame.camera_position;
    (one.means[0] - Vec3::new(x, y, z)).normalize()
}

/// Tangents within a hundredth of their bounds, or a compensation within a tenth of its floor.
fn near_a_bound(one: &Splats, frame: &FrameUniform, filter: f64) -> bool {
    let p = Mat4::from_cols_array_2d(&frame.camera_from_world).transform_point3(one.means[0]);
    let tangent = [p.x / p.z, p.y / p.z];
    let bounds = [frame.tangent_min, frame.tangent_max];
    let tangents = bounds
        .iter()
        .any(|bound| (0..2).any(|k| (tangent[k] - bound[k]).abs() < 0.01));
    let sharp = project_filtered(one, 0, frame, filter).is_some_and(|it| {
        let bare = 1.0 / (1.0 + (-f64::from(one.opacity_logits[0])).exp());
        frame.antialiased == 1 && (it.opacity / bare / 0.005).ln().abs() < 0.1
    });
    tangents || sharp
}

/// A loss that is linear in what the rasteriser takes of a splat, with the slopes that the sums
/// over pixels mean where they were made.
struct Linear {
    mean2d: DVec2,
    conic: [f64; 3],
    opacity: f64,
    depth: f64,
    rgb: DVec3,
    filter: f64,
}

impl Linear {
    fn at(one: &Splats, frame: &FrameUniform, sums: &[f64; SUMS], filter: f64) -> Option<Self> {
        let [v, vx, vy, vxx, vxy, vyy, r, g, b, depth] = *sums;
        let at = project_filtered(one, 0, frame, filter)?;
        let [xx, xy, yy] = at.conic;
        let lit = |k: usize| f64::from(u8::from(0.0 < at.rgb[k]));
        Some(Self {
            mean2d: DVec2::new(xx * vx + xy * vy, xy * vx + yy * vy),
            conic: [0.5 * vxx, vxy, 0.5 * vyy],
            opacity: -v / at.opacity,
            depth,
            // What the clamp at 0 keeps back it keeps back.
            rgb: DVec3::new(r * lit(0), g * lit(1), b * lit(2)),
            filter,
        })
    }

    fn of(&self, one: &Splats, frame: &FrameUniform) -> f64 {
        let Some(at) = project_filtered(one, 0, frame, self.filter) else {
            return f64::NAN;
        };
        let used = sh::coeff_count(frame.sh_degree.min(one.sh_degree));
        let basis = sh::basis(direction(one, frame));
        let seen: DVec3 = one.sh_coeffs[..used]
            .iter()
            .zip(basis)
            .map(|(c, y)| f64::from(y) * DVec3::from(c.map(f64::from)))
            .sum();
        let conic: f64 = self.conic.iter().zip(at.conic).map(|(d, it)| d * it).sum();
        self.mean2d.dot(at.mean2d)
            + conic
            + self.opacity * at.opacity
            + self.depth * at.depth
            + self.rgb.dot(seen)
    }
}
