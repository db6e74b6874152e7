//! The forward rasteriser against golden files of independent references.

use std::path::Path;

use render::gpu::Gpu;
use render::{GpuSplats, Image};
use tests::fixtures::{RasterCase, raster_case};
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
        // Where alpha is small the quotient is noise.
        let solid = |values: Vec<f32>| -> Vec<f32> {
            let alphas = t.f32s("out_alpha");
            let pairs = values.into_iter().zip(alphas);
            pairs
                .map(|(z, alpha)| if 0.01 < alpha { z } else { 0.0 })
                .collect()
        };
        let expected = solid(t.f32s("out_depth_expected"));
        check(
            name,
            "expected depth",
            &solid(image.expected_depth()),
            &expected,
            20.0 * depth,
        );
    }
}

fn open(folder: &Path, name: &str) -> RasterCase {
    raster_case(&folder.join(format!("fixtures/raster/{name}.safetensors")))
}

fn draw(gpu: &Gpu, case: &RasterCase) -> Image {
    let splats = GpuSplats::upload(gpu, &case.splats).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &splats, &case.camera, &case.config)
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
