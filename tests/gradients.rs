//! The backward rasteriser, in every design, against golden files and finite differences.

/// Against differences of a compositor in f64.
pub(crate) mod differences;

use std::path::Path;

use glam::Vec3;
use render::gpu::{Gpu, GpuVec};
use render::gradient::{
    Accumulation, BackwardDesign, DesignTime, GradientOptions, PoseGradient, choose,
};
use render::{Camera, GpuSplats, Gradient, Rasterizer, RenderConfig, Splats};
use tests::fixtures::raster_case;
use tests::{gpu, test_data};

/// Cases of few large splats, and those of many extreme ones.
const EASY: &[&str] = &[
    "r1",
    "r2",
    "r2_nocut",
    "r5_sh0",
    "r5_sh1",
    "r5_sh2",
    "r5_active1",
    "r6",
    "r6_depthgrad",
];
const HARD: &[&str] = &["r3", "r3_nocut", "r3_amax999", "r4", "r7"];

/// All forms of the backward pass that this device runs, with depth and pose.
fn gradients(gpu: &Gpu) -> Vec<Gradient> {
    GradientOptions::designs(gpu.capabilities())
        .into_iter()
        .map(|(design, accumulation)| {
            let options = GradientOptions {
                design,
                accumulation,
                depth: true,
                pose: true,
                until_sums: false,
            };
            Gradient::new(gpu, options).unwrap()
        })
        .collect()
}

/// Draws, and goes back from `d_image` (five planes).
fn backward(
    gpu: &Gpu,
    gradient: &mut Gradient,
    (splats, camera, config): (&Splats, &Camera, &RenderConfig),
    d_image: &[f32],
) -> (Splats, PoseGradient) {
    let splats = GpuSplats::upload(gpu, splats).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &splats, camera, config)
        .unwrap();
    let d_image = GpuVec::from_slice(gpu, "gradient", d_image).unwrap();
    gradient
        .backward(gpu, &rasterizer, &splats, &d_image)
        .unwrap();
    let d_splats = gradient.d_splats().unwrap().download(gpu).unwrap();
    (d_splats, gradient.read_pose(gpu).unwrap())
}

/// Rows of `width` against golden ones, with a tolerance relative to each row and a little of the
/// whole. Prints the largest share of it that is used, and the largest error of a row.
fn check_rows(about: &str, ours: &[f32], golden: &[f32], width: usize, of_row: f32) {
    assert_eq!(ours.len(), golden.len(), "{about}");
    let largest = |row: &[f32]| row.iter().fold(0.0_f32, |m, it| m.max(it.abs()));
    let all = largest(golden);
    let (mut share, mut relative) = (0.0_f32, 0.0_f32);
    for (row, (ours, golden)) in ours.chunks(width).zip(golden.chunks(width)).enumerate() {
        let tolerance = of_row * largest(golden) + 2e-6 * all;
        let error = tests::max_abs_diff(ours, golden);
        assert!(
            error <= tolerance,
            "{about}, row {row}: {ours:?} where {golden:?} is expected, off by {error:e}, at most {tolerance:e}"
        );
        share = share.max(error / tolerance.max(f32::MIN_POSITIVE));
        relative = relative.max(error / (largest(golden) + 1e-6 * all).max(f32::MIN_POSITIVE));
    }
    println!("{about}: worst row {relative:.1e}, {share:.3} of the tolerance");
}

fn check_case(gpu: &Gpu, folder: &Path, name: &str, gradient: &mut Gradient) {
    let case = raster_case(&folder.join(format!("fixtures/raster/{name}.safetensors")));
    let t = &case.tensors;
    let colours = t.rows::<3>("G");
    let mut d_image: Vec<f32> = Vec::new();
    for channel in 0..3 {
        d_image.extend(colours.iter().map(|it| it[channel]));
    }
    d_image.extend(t.f32s("Ga"));
    if t.has("Gd") {
        d_image.extend(t.f32s("Gd"));
    } else {
        d_image.resize(5 * colours.len(), 0.0);
    }
    let scene = (&case.splats, &case.camera, &case.config);
    let (d, pose) = backward(gpu, gradient, scene, &d_image);

    let options = gradient.options();
    let about = |what: &str| {
        format!(
            "{name} {:?} {:?} {what}",
            options.design, options.accumulation
        )
    };
    let easy = EASY.contains(&name);
    let of_row = if easy { 2e-4 } else { 3e-3 };
    let means: Vec<f32> = d.means.iter().flat_map(Vec3::to_array).collect();
    let scales: Vec<f32> = d.log_scales.iter().flat_map(Vec3::to_array).collect();
    let per_splat = 3 * d.coeffs_per_splat();
    let logits = &d.opacity_logits;
    for (what, ours, width) in [
        ("means", &means[..], 3),
        ("quats", d.quats.as_flattened(), 4),
        ("log_scales", &scales, 3),
        ("opacity_logits", logits, 1),
        ("sh", d.sh_coeffs.as_flattened(), per_splat),
    ] {
        let golden = t.f32s(&format!("grad_{what}"));
        check_rows(&about(what), ours, &golden, width, of_row);
        for (i, count) in t.i32s("contrib_count").iter().enumerate() {
            let row = &ours[i * width..(i + 1) * width];
            assert!(
                0 < *count || row.iter().all(|it| *it == 0.0),
                "{name}: {row:?}"
            );
        }
    }
    let twist = pose.twist(&case.camera.w2c());
    let golden = t.f32s("grad_w2c");
    for (what, ours, golden) in [
        ("w2c", pose.w2c.as_flattened(), &golden[..12]),
        ("twist", &twist, &t.f32s("grad_w2c_se3")),
    ] {
        let largest = golden.iter().fold(0.0_f32, |m, it| m.max(it.abs()));
        let error = tests::max_abs_diff(ours, golden) / largest;
        println!("{}: {error:.1e} of the largest", about(what));
        let at_most = if easy { 2e-5 } else { 2e-4 };
        assert!(error <= at_most, "{}: {ours:?}, {golden:?}", about(what));
    }
}

#[test]
fn gradients_match_the_golden_files() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    for mut gradient in gradients(gpu) {
        for name in EASY.iter().chain(HARD) {
            check_case(gpu, &folder, name, &mut gradient);
        }
    }
}

/// By pairs a gradient repeats to the bit; by atomics up to the order of additions.
#[test]
fn gradients_repeat() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = differences::random_splats(7, 3000, 1);
    let camera = differences::camera(150, 90);
    let d_image: Vec<f32> = (0..5 * 150 * 90).map(|i| (i as f32 * 0.37).sin()).collect();
    for mut gradient in gradients(gpu) {
        let scene = (&splats, &camera, &RenderConfig::default());
        let first = backward(gpu, &mut gradient, scene, &d_image);
        let again = backward(gpu, &mut gradient, scene, &d_image);
        if gradient.options().accumulation == Accumulation::Pairs {
            assert_eq!(first, again);
        } else {
            for (a, b) in first.0.means.iter().zip(&again.0.means) {
                assert!((a - b).length() <= 1e-3 * a.length() + 1e-3, "{a} {b}");
            }
        }
    }
}

/// Splats in many chunks have the gradients they have in one.
#[test]
fn chunks_change_no_gradient() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = differences::random_splats(8, 1200, 2);
    let camera = differences::camera(100, 70);
    let d_image: Vec<f32> = (0..4 * 100 * 70).map(|i| (i as f32 * 0.7).cos()).collect();
    let d_image = GpuVec::from_slice(gpu, "gradient", &d_image).unwrap();
    let options = GradientOptions {
        design: BackwardDesign::Pixels,
        accumulation: Accumulation::Pairs,
        depth: false,
        pose: true,
        until_sums: false,
    };
    let mut gradient = Gradient::new(gpu, options).unwrap();
    let mut results = Vec::new();
    for bytes in [u64::MAX, 300 * 4 * 38] {
        let uploaded = GpuSplats::upload_chunked(gpu, &splats, bytes).unwrap();
        let mut rasterizer = gpu::rasterizer(gpu);
        rasterizer
            .draw_complete(gpu, &uploaded, &camera, &RenderConfig::default())
            .unwrap();
        gradient
            .backward(gpu, &rasterizer, &uploaded, &d_image)
            .unwrap();
        let d_splats = gradient.d_splats().unwrap();
        results.push((
            d_splats.download(gpu).unwrap(),
            gradient.read_pose(gpu).unwrap(),
        ));
    }
    assert_eq!(results[0], results[1]);
}

/// What is chosen is the fastest of what the device has, and all of that is timed.
#[test]
fn the_fastest_design_is_chosen() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = differences::random_splats(10, 2000, 0);
    let splats = GpuSplats::upload(gpu, &splats).unwrap();
    let camera = differences::camera(64, 48);
    let d_image = GpuVec::from_slice(gpu, "gradient", &vec![0.1; 4 * 64 * 48]).unwrap();
    let wanted = GradientOptions {
        pose: true,
        ..GradientOptions::portable(gpu.capabilities())
    };
    let unused = Rasterizer::new(gpu).unwrap();
    assert!(choose(gpu, &unused, &splats, &d_image, wanted).is_err());
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &splats, &camera, &RenderConfig::default())
        .unwrap();
    let choice = choose(gpu, &rasterizer, &splats, &d_image, wanted).unwrap();
    println!("{choice}");
    let mut tried: Vec<_> = choice
        .tried
        .iter()
        .map(|it| (it.design, it.accumulation))
        .collect();
    assert_eq!(tried[0], (wanted.design, wanted.accumulation));
    let mut designs = GradientOptions::designs(gpu.capabilities());
    let by_name = |it: &(BackwardDesign, Accumulation)| format!("{it:?}");
    tried.sort_by_key(by_name);
    designs.sort_by_key(by_name);
    assert_eq!(tried, designs);
    let ms_of = |it: &DesignTime| it.ms.unwrap();
    let least = choice.tried.iter().map(ms_of).fold(f64::INFINITY, f64::min);
    let chosen = choice.tried.iter().find(|it| {
        (it.design, it.accumulation) == (choice.options.design, choice.options.accumulation)
    });
    assert_eq!(chosen.map(ms_of), Some(least));
    assert!(0.0 < least && choice.options.pose && !choice.options.depth);
}

/// What has no gradient, or no frame to be the gradient of, is an error.
#[test]
fn a_gradient_of_nothing_is_an_error() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = differences::random_splats(9, 50, 0);
    let splats = GpuSplats::upload(gpu, &splats).unwrap();
    let options = GradientOptions::portable(gpu.capabilities());
    let mut gradient = Gradient::new(gpu, options).unwrap();
    let d_image = GpuVec::zeroed(gpu, "gradient", 4 * 40 * 30).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let camera = differences::camera(40, 30);
    for (style, size, works) in [
        (render::Style::Points, 4 * 40 * 30, false),
        (render::Style::Splats, 40 * 30, false),
        (render::Style::Splats, 4 * 40 * 30, true),
    ] {
        let config = RenderConfig {
            style,
            ..RenderConfig::default()
        };
        rasterizer
            .draw_complete(gpu, &splats, &camera, &config)
            .unwrap();
        let d_image = if works {
            d_image.clone()
        } else {
            GpuVec::zeroed(gpu, "gradient", size).unwrap()
        };
        let result = gradient.backward(gpu, &rasterizer, &splats, &d_image);
        assert_eq!(result.is_ok(), works, "{style:?}, {size}: {result:?}");
    }
}
