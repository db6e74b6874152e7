//! Whole steps: a frame, its gradient, the descent.

use render::gpu::{Gpu, GpuVec, Recorder};
use render::gradient::{Accumulation, BackwardDesign, GradientOptions};
use render::training::{AdamRates, Descent, DescentConfig, PoolOptions, SplatPool};
use render::{Gradient, RenderConfig, Splats};
use tests::gpu;

use crate::gradients::differences::{camera, random_splats};

const SIZE: [u32; 2] = [100, 70];

fn options() -> GradientOptions {
    GradientOptions {
        design: BackwardDesign::Pixels,
        accumulation: Accumulation::Pairs,
        depth: false,
        pose: false,
        until_sums: true,
    }
}

/// ∂L/∂(pixel), another in each step.
pub(super) fn d_image(step: u32) -> Vec<f32> {
    let numbers = 0..4 * SIZE[0] * SIZE[1];
    let phase = step as f32;
    numbers.map(|i| (i as f32 * 0.7 + phase).cos()).collect()
}

/// Some steps along gradients at the pixels.
pub(super) fn descend(
    gpu: &Gpu,
    pool: &SplatPool,
    steps: std::ops::Range<u32>,
    config: &DescentConfig,
    d_image: impl Fn(u32) -> Vec<f32>,
) {
    let mut gradient = Gradient::new(gpu, options()).unwrap();
    let mut descent = Descent::new(gpu).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    for step in steps {
        let splats = pool.splats();
        let camera = camera(SIZE[0], SIZE[1]);
        rasterizer
            .draw_complete(gpu, splats, &camera, &RenderConfig::default())
            .unwrap();
        let d_image = GpuVec::from_slice(gpu, "gradient", &d_image(step)).unwrap();
        gradient
            .prepare(gpu, &rasterizer, splats, &d_image)
            .unwrap();
        assert!(gradient.d_splats().is_none());
        let config = DescentConfig {
            step: step + 1,
            ..*config
        };
        descent
            .prepare(gpu, &rasterizer, &gradient, pool, &config)
            .unwrap();
        let mut recorder = Recorder::new(gpu, None, false);
        gradient.record(&mut recorder, &rasterizer).unwrap();
        descent.record(&mut recorder);
        recorder.submit(gpu);
    }
    gpu.wait().unwrap();
}

/// Rates at which a few steps show.
pub(super) fn config() -> DescentConfig {
    DescentConfig {
        rates: AdamRates {
            means: 1e-2,
            quats: 1e-2,
            log_scales: 2e-2,
            opacity_logits: 5e-2,
            sh_base: 1e-2,
            sh_rest: 1e-2,
        },
        opacity_weight: 0.01,
        scale_weight: 0.01,
        ..DescentConfig::default()
    }
}

/// A pool's bytes of a chunk of 300 splats of degree 2, so that several hundred make several.
pub(super) const SMALL_CHUNKS: u64 = 300 * 4 * 38;

#[test]
fn a_splat_takes_at_most_430_bytes() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(1, 256, 3);
    let pool = SplatPool::new(gpu, &splats, 1024, 0).unwrap();
    let bytes = pool.bytes() as f64 / pool.room() as f64;
    println!("{bytes:.1} bytes a splat");
    assert!(bytes <= 430.0);
}

#[test]
fn chunks_and_room_change_no_step() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(2, 900, 2);
    let one = SplatPool::new(gpu, &splats, 0, 2).unwrap();
    let options = PoolOptions {
        room: 1500,
        statistics: 2,
        max_chunk_bytes: Some(SMALL_CHUNKS),
        ..PoolOptions::default()
    };
    let many = SplatPool::with_options(gpu, &splats, &options).unwrap();
    assert_eq!(one.chunks().count(), 1);
    assert_eq!(many.chunks().count(), 6);
    assert_eq!((many.len(), many.room()), (900, 1500));
    let mut moved = Vec::new();
    for pool in [&one, &many] {
        descend(gpu, pool, 0..3, &config(), d_image);
        let statistics = pool.chunks().flat_map(|(chunk, moments)| {
            let all = moments.statistics.read(gpu).unwrap();
            let [first, second] = [0, chunk.stride].map(|at| all[at..at + chunk.count].to_vec());
            first.into_iter().zip(second)
        });
        let statistics: Vec<(f32, f32)> = statistics.collect();
        assert!(statistics.iter().any(|(_, frames)| *frames == 3.0));
        moved.push((pool.splats().download(gpu).unwrap(), statistics));
    }
    assert_ne!(moved[0].0, splats);
    assert!(moved[0] == moved[1]);
}

/// Gradients that are no numbers move nothing and stay in no memory.
#[test]
fn broken_gradients_are_ignored() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(3, 400, 1);
    for broken in [f32::NAN, f32::INFINITY, 1e37] {
        let pool = SplatPool::new(gpu, &splats, 0, 0).unwrap();
        let d_broken = |_| vec![broken; d_image(0).len()];
        let plain = DescentConfig {
            opacity_weight: 0.0,
            scale_weight: 0.0,
            ..config()
        };
        descend(gpu, &pool, 0..1, &plain, d_broken);
        assert!(pool.splats().download(gpu).unwrap() == splats, "{broken}");
        let dense = DescentConfig {
            only_visible: false,
            ..plain
        };
        descend(gpu, &pool, 1..3, &dense, |step| {
            let mut some = d_image(step);
            some[3000..3040].fill(broken);
            some
        });
        let after = pool.splats().download(gpu).unwrap();
        assert!(after != splats, "{broken}");
        assert!(all_finite(&after), "{broken}");
    }
}

fn all_finite(splats: &Splats) -> bool {
    splats.means.iter().all(|it| it.is_finite())
        && splats.quats.as_flattened().iter().all(|it| it.is_finite())
        && splats.log_scales.iter().all(|it| it.is_finite())
        && splats.opacity_logits.iter().all(|it| it.is_finite())
        && splats
            .sh_coeffs
            .as_flattened()
            .iter()
            .all(|it| it.is_finite())
}

/// Without a gradient from the frame, first moments are a tenth of the regularisers' slopes.
#[test]
fn regularisers_are_slopes_of_means() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = random_splats(4, 120, 0);
    // Half of them behind the camera.
    for mean in &mut splats.means[..60] {
        mean.z -= 30.0;
    }
    let pool = SplatPool::new(gpu, &splats, 300, 0).unwrap();
    descend(gpu, &pool, 0..1, &config(), |_| vec![0.0; d_image(0).len()]);
    let (chunk, moments) = pool.chunks().next().unwrap();
    let first = moments.geometry.read(gpu).unwrap();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / splats.len() as f64;
    let loss = |it: &Splats| {
        let opacity = |i| f64::from(it.opacity_logits[i]);
        let opacities = &mut (0..it.len()).map(|i| 1.0 / (1.0 + (-opacity(i)).exp()));
        let scales = &mut it
            .log_scales
            .iter()
            .map(|v| v.as_dvec3().exp().element_sum() / 3.0);
        0.01 * mean(opacities) + 0.01 * mean(scales)
    };
    for i in [0, 17, 59, 60, 100, 119] {
        for plane in 0..11 {
            let slope = |step: f32| {
                let mut moved = splats.clone();
                match plane {
                    7..10 => moved.log_scales[i][plane - 7] += step,
                    10 => moved.opacity_logits[i] += step,
                    _ => (),
                }
                loss(&moved)
            };
            let expected = (slope(1e-2) - slope(-1e-2)) / 2e-2;
            let ours = 10.0 * f64::from(first[plane * chunk.stride + i]);
            assert!(
                (ours - expected).abs() <= 1e-3 * expected.abs() + 1e-12,
                "splat {i}, plane {plane}: {ours:e} {expected:e}"
            );
        }
    }
}

/// The pose's gradient is the same whether those of splats are wanted or not.
#[test]
fn poses_do_without_gradients_of_splats() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(5, 500, 1);
    let pool = SplatPool::new(gpu, &splats, 0, 0).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let camera = camera(SIZE[0], SIZE[1]);
    rasterizer
        .draw_complete(gpu, pool.splats(), &camera, &RenderConfig::default())
        .unwrap();
    let d_image = GpuVec::from_slice(gpu, "gradient", &d_image(0)).unwrap();
    let [with, without] = [false, true].map(|until_sums| {
        let options = GradientOptions {
            pose: true,
            until_sums,
            ..options()
        };
        let mut gradient = Gradient::new(gpu, options).unwrap();
        gradient
            .backward(gpu, &rasterizer, pool.splats(), &d_image)
            .unwrap();
        gradient.read_pose(gpu).unwrap()
    });
    assert_ne!(with.w2c[0][0], 0.0);
    for (a, b) in with
        .w2c
        .as_flattened()
        .iter()
        .zip(without.w2c.as_flattened())
    {
        assert!((a - b).abs() <= 1e-5 * a.abs(), "{a} {b}");
    }
}
