//! The forward rasteriser against golden files of independent references.

use std::path::Path;

use glam::{Affine3A, Vec3};
use render::gpu::Gpu;
use render::{Camera, GpuSplats, Image, Intrinsics, RenderConfig, Splats};
use tests::fixtures::{RasterCase, Tensors, raster_case};
use tests::{gpu, max_abs_diff, test_data};

/// Cases of few large splats, where plain float32 is exact to 1e-6, and those of many extreme ones.
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

#[test]
fn images_match_the_golden_files() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    for name in EASY.iter().chain(HARD) {
        let case = open(&folder, name);
        let image = draw(gpu, &case);
        let (colour, depth) = if EASY.contains(name) {
            (1e-5, 3e-5)
        } else {
            (1e-4, 5e-4)
        };
        let t = &case.tensors;
        check(
            name,
            "rgb",
            image.rgb.as_flattened(),
            &t.f32s("out_image"),
            colour,
        );
        check(name, "alpha", &image.alpha, &t.f32s("out_alpha"), colour);
        check(name, "depth", &image.depth, &t.f32s("out_depth"), depth);
        // The quotient's error is the depth's over alpha; where there is nearly none it is noise.
        let alphas = t.f32s("out_alpha");
        let weighted = |depths: Vec<f32>| -> Vec<f32> {
            let pairs = depths.into_iter().zip(&alphas);
            pairs
                .map(|(z, &alpha)| if 0.01 < alpha { z * alpha } else { 0.0 })
                .collect()
        };
        let ours = weighted(image.expected_depth());
        let golden = weighted(t.f32s("out_depth_expected"));
        check(name, "expected depth", &ours, &golden, 2.0 * depth);
    }
}

fn open(folder: &Path, name: &str) -> RasterCase {
    raster_case(&folder.join(format!("fixtures/raster/{name}.safetensors")))
}

fn draw(gpu: &Gpu, case: &RasterCase) -> Image {
    draw_splats(gpu, &case.splats, &case.camera, &case.config)
}

fn draw_splats(gpu: &Gpu, splats: &Splats, camera: &Camera, config: &RenderConfig) -> Image {
    let splats = GpuSplats::upload(gpu, splats).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &splats, camera, config)
        .unwrap();
    rasterizer.read_image(gpu).unwrap()
}

fn check(case: &str, what: &str, ours: &[f32], golden: &[f32], tolerance: f32) {
    let worst = max_abs_diff(ours, golden);
    println!("{case} {what}: {worst:.1e} (at most {tolerance:.0e})");
    assert!(
        worst <= tolerance,
        "{case} {what}: {worst:e} > {tolerance:e}"
    );
}

/// Another program's float render of four splats of degree 3.
#[test]
fn the_golden_picture_of_brush_is_met() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    let golden = Tensors::open(&folder.join("data/golden_numbers/brush/tiny_case.safetensors"));
    let shape = golden.shape("out_img");
    let (height, width) = (shape[0] as u32, shape[1] as u32);
    let focal = 0.5 * width as f32;
    let intrinsics = Intrinsics {
        fx: focal,
        fy: focal,
        cx: 0.5 * width as f32,
        cy: 0.5 * height as f32,
        width,
        height,
    };
    let camera = Camera {
        intrinsics,
        c2w: Affine3A::from_translation(Vec3::new(0.123, 0.456, -8.0)),
    };
    let vec3s = |name| golden.rows::<3>(name).into_iter().map(Vec3::from).collect();
    let splats = Splats {
        means: vec3s("means"),
        quats: golden.rows("quats"),
        log_scales: vec3s("scales"),
        opacity_logits: golden.f32s("opacities"),
        sh_coeffs: golden.rows("coeffs"),
        sh_degree: 3,
    };
    let image = draw_splats(gpu, &splats, &camera, &RenderConfig::default());
    let pixels = image.rgb.iter().zip(&image.alpha);
    let rgba: Vec<f32> = pixels.flat_map(|(&[r, g, b], &a)| [r, g, b, a]).collect();
    check("brush", "rgba", &rgba, &golden.f32s("out_img"), 1e-4);
}

/// Another program's 8-bit render of a few splats, as a lossless picture.
#[test]
fn the_golden_picture_of_splat_transform_is_met() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    let folder = folder.join("data/splat_fixtures_others/splat-transform/golden-render");
    let bytes = std::fs::read(folder.join("tiny.webp")).unwrap();
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes)).unwrap();
    let (width, height) = decoder.dimensions();
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut golden = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut golden).unwrap();

    let splats = recon::io::open_splats(&folder.join("tiny_scene.ply"))
        .unwrap()
        .splats;
    // That program turns the scene half around z before it looks at it from (0, 5, -8), up +y.
    let intrinsics = Intrinsics::from_vertical_fov(60_f32.to_radians(), width, height);
    let eye = Vec3::new(0.0, -5.0, -8.0);
    let camera = Camera::look_at(intrinsics, eye, Vec3::ZERO, Vec3::NEG_Y);
    let image = draw_splats(gpu, &splats, &camera, &RenderConfig::default());
    let ours = image.rgb.as_flattened().iter();
    let ours = ours.map(|it| (it.clamp(0.0, 1.0) * 255.0).round());
    let golden = golden.chunks(channels).flat_map(|it| &it[..3]);
    let squares = ours.zip(golden).map(|(a, &b)| (a - f32::from(b)).powi(2));
    let mse = squares.sum::<f32>() / (3 * width * height) as f32;
    let psnr = 10.0 * (255.0 * 255.0 / mse.max(1e-9)).log10();
    println!("splat-transform tiny: {psnr:.1} dB (at least 45)");
    assert!(45.0 <= psnr, "{psnr} dB");
}
