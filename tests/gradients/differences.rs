//! Gradients against finite differences of a compositor in f64, for every stored number.

use glam::{DVec2, DVec3, Mat4, Quat, Vec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::gpu::FrameUniform;
use render::rasterizer::{Capacity, frame_uniform};
use render::{Camera, GpuSplats, Intrinsics, RenderConfig, Splats};
use tests::gpu;

use super::{backward, gradients};
use crate::reference::project::{Projected, project};

/// Looks at the splats of [`random_splats`], off-centre and turned.
pub(crate) fn camera(width: u32, height: u32) -> Camera {
    let intrinsics = Intrinsics {
        fx: 0.9 * width as f32,
        fy: 1.1 * height as f32,
        cx: 0.47 * width as f32,
        cy: 0.55 * height as f32,
        width,
        height,
    };
    let turn = Quat::from_euler(glam::EulerRot::XYZ, 0.1, -0.2, 0.3);
    let w2c = Mat4::from_rotation_translation(turn, Vec3::new(0.1, -0.2, 3.0));
    Camera::from_w2c(intrinsics, w2c)
}

/// Splats in a ball, of sizes that span a few pixels to a good part of the image.
pub(crate) fn random_splats(seed: u64, n: usize, sh_degree: u32) -> Splats {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut splats = Splats {
        sh_degree,
        ..Splats::default()
    };
    let coeffs = splats.coeffs_per_splat();
    let mut signed = |size: f32| rng.random_range(-size..size);
    for _ in 0..n {
        splats.means.push([(); 3].map(|()| signed(0.8)).into());
        let quat = [(); 4].map(|()| signed(1.0));
        splats
            .quats
            .push([quat[0] + 0.7, quat[1], quat[2], quat[3]]);
        splats
            .log_scales
            .push([(); 3].map(|()| -1.8 + signed(0.7)).into());
        splats.opacity_logits.push(signed(2.0));
        splats
            .sh_coeffs
            .extend((0..coeffs).map(|_| [(); 3].map(|()| signed(0.25) + 0.05)));
    }
    splats
}

/// ∂L/∂(pixel), five planes.
fn weights(frame: &FrameUniform) -> Vec<f32> {
    let [width, height] = frame.image_size;
    let mut rng = Pcg64Mcg::seed_from_u64(3);
    (0..5 * width * height)
        .map(|_| rng.random_range(-1.0..1.0))
        .collect()
}

/// Σ weights · (rgb, alpha, depth) of all splats in the order they come, composited at every pixel
/// without any cut-off.
fn loss(splats: &[Projected], frame: &FrameUniform, weights: &[f32]) -> f64 {
    let [width, height] = frame.image_size;
    let pixels = (width * height) as usize;
    let weight = |plane: usize, at: usize| f64::from(weights[plane * pixels + at]);
    let [r, g, b, _] = frame.background.map(f64::from);
    let background = DVec3::new(r, g, b);
    let mut loss = 0.0;
    for at in 0..pixels {
        let pixel = DVec2::new((at as u32 % width) as f64, (at as u32 / width) as f64) + 0.5;
        let g = DVec3::new(weight(0, at), weight(1, at), weight(2, at));
        let mut transmittance = 1.0;
        for it in splats {
            let d = it.mean2d - pixel;
            let [xx, xy, yy] = it.conic;
            let sigma = 0.5 * (xx * d.x * d.x + yy * d.y * d.y) + xy * d.x * d.y;
            let alpha = it.opacity * (-sigma).exp();
            loss += transmittance * alpha * (it.rgb.dot(g) + it.depth * weight(4, at));
            transmittance *= 1.0 - alpha;
        }
        loss += transmittance * background.dot(g) + (1.0 - transmittance) * weight(3, at);
    }
    loss
}

fn number(splats: &mut Splats, i: usize, plane: usize) -> &mut f32 {
    let coeffs = splats.coeffs_per_splat();
    match plane {
        0..3 => &mut splats.means[i][plane],
        3..7 => &mut splats.quats[i][plane - 3],
        7..10 => &mut splats.log_scales[i][plane - 7],
        10 => &mut splats.opacity_logits[i],
        _ => &mut splats.sh_coeffs[i * coeffs + (plane - 11) / 3][(plane - 11) % 3],
    }
}

fn check(seed: u64, n: usize, sh_degree: u32, config: &RenderConfig) {
    let Some(gpu) = gpu::gpu() else { return };
    let camera = camera(24, 20);
    // A gradient knows nothing of a change of order, so that the differences may not either.
    let mut splats = random_splats(seed, n, sh_degree);
    let w2c = camera.w2c();
    splats.means.sort_by(|a, b| {
        w2c.transform_point3(*a)
            .z
            .total_cmp(&w2c.transform_point3(*b).z)
    });
    let capacity = Capacity {
        image_size: [24, 20],
        splats: n,
        visible: n,
        pairs: 1,
    };
    let uploaded = GpuSplats::upload(gpu, &splats).unwrap();
    let frame = frame_uniform(&camera, config, &uploaded, &capacity);
    let weights = weights(&frame);
    let at_rest: Vec<Projected> = (0..n)
        .map(|i| project(&splats, i, &frame).unwrap())
        .collect();
    let planes = 11 + 3 * splats.coeffs_per_splat();
    let mut moved = splats.clone();
    let mut expected = vec![vec![0.0; planes]; n];
    for (i, row) in expected.iter_mut().enumerate() {
        for (plane, slope) in row.iter_mut().enumerate() {
            let x = *number(&mut moved, i, plane);
            let mut loss_at = |x: f32| {
                *number(&mut moved, i, plane) = x;
                let mut projected = at_rest.clone();
                projected[i] = project(&moved, i, &frame).unwrap();
                loss(&projected, &frame, &weights)
            };
            let mut difference = |step: f32| {
                let (low, high) = (x - step, x + step);
                (loss_at(high) - loss_at(low)) / (f64::from(high) - f64::from(low))
            };
            *slope = (4.0 * difference(1e-3) - difference(2e-3)) / 3.0;
            *number(&mut moved, i, plane) = x;
        }
    }
    for mut gradient in gradients(gpu) {
        let (mut d, _) = backward(gpu, &mut gradient, (&splats, &camera, config), &weights);
        let mut worst = 0.0_f64;
        for (i, row) in expected.iter().enumerate() {
            for group in [0..3, 3..7, 7..10, 10..11, 11..planes] {
                let size = row[group.clone()]
                    .iter()
                    .fold(0.0_f64, |m, it| m.max(it.abs()));
                for plane in group {
                    let ours = f64::from(*number(&mut d, i, plane));
                    let error = (ours - row[plane]).abs() / (size + 1e-2);
                    assert!(
                        error < 2e-3,
                        "splat {i}, plane {plane}: {ours} where {} is expected",
                        row[plane]
                    );
                    worst = worst.max(error);
                }
            }
        }
        println!(
            "{n} splats, degree {sh_degree}, {:?}: {worst:.1e}",
            gradient.options()
        );
    }
}

#[test]
fn gradients_equal_finite_differences() {
    let smooth = RenderConfig {
        alpha_min: 0.0,
        transmittance_stop: 0.0,
        background: [0.3, 0.6, 0.1],
        ..RenderConfig::default()
    };
    check(1, 64, 0, &smooth);
    check(2, 20, 3, &smooth);
    let antialiased = RenderConfig {
        antialiased: true,
        ..smooth
    };
    check(3, 40, 1, &antialiased);
}
