//! The 3D filter: what size it has, frames and gradients through it, and without it once baked.

use glam::{Mat4, Quat, Vec3};
use render::gpu::{Gpu, GpuVec, Recorder};
use render::gradient::{Accumulation, BackwardDesign, GradientOptions, SUMS};
use render::rasterizer::{Capacity, frame_uniform};
use render::training::{Filter, PoolOptions, SplatPool};
use render::{Camera, GpuSplats, Gradient, Intrinsics, RenderConfig, Splats};
use tests::gpu;

use super::steps::SMALL_CHUNKS;
use crate::gradients::differences::{camera, random_splats};
use crate::reference::measure_filter::measure_filter;
use crate::reference::project::project_filtered;
use crate::reference::project_backward::project_backward_filtered;

fn options() -> PoolOptions {
    PoolOptions {
        filtered: true,
        max_chunk_bytes: Some(SMALL_CHUNKS),
        ..PoolOptions::default()
    }
}

/// Cameras around the splats, some of which see only a few of them.
fn cameras() -> Vec<Camera> {
    let around = (0..7).map(|k| {
        let k = k as f32;
        let intrinsics = Intrinsics {
            fx: 40.0 + 30.0 * k,
            fy: 60.0 + 20.0 * k,
            cx: 20.0 + 2.0 * k,
            cy: 17.0,
            width: 48,
            height: 36,
        };
        let turn = Quat::from_euler(glam::EulerRot::XYZ, 0.3 * k, 0.7 * k, 0.1);
        let shift = Vec3::new(0.2 * k - 0.5, 0.1 * k, 0.3 + 0.4 * k);
        Camera::from_w2c(intrinsics, Mat4::from_rotation_translation(turn, shift))
    });
    around.collect()
}

fn measured(gpu: &Gpu, splats: &Splats, cameras: &[Camera]) -> SplatPool {
    let pool = SplatPool::with_options(gpu, splats, &options()).unwrap();
    let mut filter = Filter::new(gpu, cameras).unwrap();
    filter.prepare(gpu, &pool, 0.3).unwrap();
    let mut recorder = Recorder::new(gpu, None, false);
    filter.record(&mut recorder);
    recorder.submit(gpu);
    pool
}

#[test]
fn measure_filter_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(21, 700, 1);
    for number in [0, 1, 3, 7] {
        let cameras = &cameras()[..number];
        let pool = measured(gpu, &splats, cameras);
        let sizes = pool.read(gpu).unwrap().filter.unwrap();
        let expected = splats
            .means
            .iter()
            .map(|mean| measure_filter(*mean, cameras, 0.3));
        let off = sizes
            .iter()
            .zip(expected)
            .filter(|(ours, expected)| (f64::from(**ours) - expected).abs() > 1e-5 * expected)
            .count();
        // One or two may lie on a border of a view.
        assert!(off <= 2, "{off} of {} with {number} cameras", sizes.len());
    }
    let bare = SplatPool::new(gpu, &splats, 0, 0).unwrap();
    let mut filter = Filter::new(gpu, &cameras()).unwrap();
    assert!(filter.prepare(gpu, &bare, 0.3).is_err());
}

/// Projections and gradients of filtered splats, against the twins.
#[test]
fn frames_and_gradients_go_through_the_filter() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = random_splats(22, 500, 1);
    // Of all sizes beside that of the filter.
    for (i, scales) in splats.log_scales.iter_mut().enumerate() {
        *scales -= (i % 4) as f32;
    }
    let pool = measured(gpu, &splats, &cameras());
    let sizes = pool.read(gpu).unwrap().filter.unwrap();
    for antialiased in [false, true] {
        let config = RenderConfig {
            antialiased,
            ..RenderConfig::default()
        };
        check_frame(gpu, &pool, (&splats, &sizes), &config);
    }
}

fn check_frame(
    gpu: &Gpu,
    pool: &SplatPool,
    (splats, sizes): (&Splats, &[f32]),
    config: &RenderConfig,
) {
    let camera = camera(100, 70);
    let capacity = Capacity::for_frame(gpu, pool.splats(), [100, 70], 0);
    let frame = frame_uniform(&camera, config, pool.splats(), &capacity);
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, pool.splats(), &camera, config)
        .unwrap();
    let options = GradientOptions {
        design: BackwardDesign::Pixels,
        accumulation: Accumulation::Pairs,
        depth: false,
        pose: false,
        until_sums: false,
    };
    let mut gradient = Gradient::new(gpu, options).unwrap();
    let d_image: Vec<f32> = (0..4 * 100 * 70).map(|i| (i as f32 * 0.7).cos()).collect();
    let d_image = GpuVec::from_slice(gpu, "gradient", &d_image).unwrap();
    gradient
        .backward(gpu, &rasterizer, pool.splats(), &d_image)
        .unwrap();
    let projected = rasterizer.read_projected(gpu).unwrap();
    let sums = gradient.splat_sums().unwrap().read(gpu).unwrap();
    let (d, _) = gradient.d_splats().unwrap().download_bare(gpu).unwrap();
    let seen = (0..splats.len()).filter(|i| projected.visible_bits[i / 32] >> (i % 32) & 1 == 1);
    let (mut checked, mut filtered) = (0, 0);
    for (at, i) in seen.enumerate() {
        let size = f64::from(sizes[i]);
        let twin = project_filtered(splats, i, &frame, size).unwrap();
        let [xx, xy, yy, opacity] = projected.b[at].map(f64::from);
        let ours = [xx, xy, yy];
        let largest = twin.conic[0].max(twin.conic[2]);
        for (ours, expected) in ours.iter().zip(twin.conic) {
            assert!((ours - expected).abs() <= 1e-4 * largest, "splat {i}");
        }
        assert!((opacity - twin.opacity).abs() <= 1e-4 * twin.opacity);
        filtered += usize::from(0.1 < size / f64::from(splats.scales(i).min_element()));

        let row: [f64; SUMS] = std::array::from_fn(|k| f64::from(sums[at * SUMS + k]));
        let twin = project_backward_filtered((splats, i), &frame, &row, size).unwrap();
        if twin.undecided {
            continue;
        }
        checked += 1;
        let scales = d.log_scales[i].to_array();
        let ours = [&d.means[i].to_array()[..], &d.quats[i], &scales];
        let ours = [ours.concat(), vec![d.opacity_logits[i]]].concat();
        for group in [0..3, 3..7, 7..10, 10..11] {
            let expected = &twin.planes[group.clone()];
            let largest = expected.iter().fold(0.0_f64, |m, it| m.max(it.abs()));
            for (ours, expected) in ours[group.clone()].iter().zip(expected) {
                assert!(
                    (f64::from(*ours) - expected).abs() <= 5e-3 * largest + 1e-4,
                    "splat {i}, planes {group:?}: {ours} {expected}"
                );
            }
        }
    }
    println!("{checked} splats, {filtered} of them filtered by more than a tenth of their size");
    assert!(150 < checked && 100 < filtered);
}

/// A frame of what is written for programs that know no filter.
#[test]
fn baked_splats_look_the_same() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = random_splats(23, 600, 2);
    for scales in &mut splats.log_scales {
        *scales -= 2.0;
    }
    let pool = measured(gpu, &splats, &cameras());
    let baked = pool.snapshot(gpu).unwrap().download(gpu).unwrap();
    assert!(baked.means == splats.means && baked.log_scales != splats.log_scales);
    let baked = GpuSplats::upload(gpu, &baked).unwrap();
    assert_eq!(baked.filter_plane(), None);
    let bare = GpuSplats::upload(gpu, &splats).unwrap();
    let snapshot = pool.snapshot(gpu).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let mut draw = |splats: &GpuSplats| {
        let config = RenderConfig {
            antialiased: true,
            ..RenderConfig::default()
        };
        rasterizer
            .draw_complete(gpu, splats, &camera(120, 80), &config)
            .unwrap();
        let image = rasterizer.read_image(gpu).unwrap();
        image.rgb.into_flattened()
    };
    let filtered = draw(pool.splats());
    assert!(filtered == draw(&snapshot));
    let error = tests::max_abs_diff(&filtered, &draw(&baked));
    println!("baked: {error:.1e}");
    assert!(error <= 5e-4, "{error:e}");
    assert!(0.02 < tests::max_abs_diff(&filtered, &draw(&bare)));
}
