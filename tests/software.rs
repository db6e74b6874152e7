//! Splats drawn and differentiated on the processor: against the kernels, golden files and
//! differences; with numbers that are none.

use glam::Vec3;
use render::gpu::{Gpu, GpuVec};
use render::software::draw;
use render::{
    Camera, GpuSplats, Gradient, GradientOptions, Image, RenderConfig, Splats, SplatsError,
};
use tests::fixtures::raster_case;
use tests::{gpu, test_data};

use crate::gradients::differences;

/// Ways to draw that differ in what the code decides.
fn configs() -> [RenderConfig; 3] {
    let plain = RenderConfig {
        background: [0.3, 0.6, 0.1],
        ..RenderConfig::default()
    };
    let antialiased = RenderConfig {
        antialiased: true,
        alpha_max: 0.8,
        ..plain.clone()
    };
    let uncut = RenderConfig {
        alpha_min: 0.0,
        transmittance_stop: 0.0,
        max_sh_degree: 1,
        ..plain.clone()
    };
    [plain, antialiased, uncut]
}

/// Splats of about a pixel among large ones; some behind the camera and beside the picture.
fn scattered(seed: u64, n: usize, sh_degree: u32) -> Splats {
    let mut splats = differences::random_splats(seed, n, sh_degree);
    for i in 0..n {
        match i % 8 {
            0 => splats.means[i] *= 6.0,
            1 => splats.opacity_logits[i] += 8.0,
            2..6 => splats.log_scales[i] -= 2.0,
            _ => {}
        }
    }
    splats
}

fn d_image(image: &Image) -> Vec<f32> {
    let count = 4 * image.width * image.height;
    (0..count).map(|i| (i as f32 * 0.37).sin()).collect()
}

/// Image and gradient by the kernels.
fn by_kernels(
    gpu: &Gpu,
    (splats, camera, config): (&Splats, &Camera, &RenderConfig),
    d_image: &[f32],
) -> (Image, Splats) {
    let uploaded = GpuSplats::upload(gpu, splats).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &uploaded, camera, config)
        .unwrap();
    let d_image = GpuVec::from_slice(gpu, "gradient", d_image).unwrap();
    let options = GradientOptions::portable(gpu.capabilities());
    let mut gradient = Gradient::new(gpu, options).unwrap();
    gradient
        .backward(gpu, &rasterizer, &uploaded, &d_image)
        .unwrap();
    let d_splats = gradient.d_splats().unwrap().download(gpu).unwrap();
    (rasterizer.read_image(gpu).unwrap(), d_splats)
}

fn planes(splats: &Splats) -> [(&'static str, Vec<f32>); 5] {
    let threes = |all: &[Vec3]| all.iter().flat_map(Vec3::to_array).collect();
    [
        ("means", threes(&splats.means)),
        ("quats", splats.quats.as_flattened().to_vec()),
        ("log scales", threes(&splats.log_scales)),
        ("opacities", splats.opacity_logits.clone()),
        ("harmonics", splats.sh_coeffs.as_flattened().to_vec()),
    ]
}

/// Mean and largest difference.
fn apart(a: &[f32], b: &[f32]) -> (f32, f32) {
    assert_eq!(a.len(), b.len());
    let off = || a.iter().zip(b).map(|(a, b)| (a - b).abs());
    let mean = off().map(f64::from).sum::<f64>() / a.len().max(1) as f64;
    let largest = off().fold(0.0, |m: f32, it| if it <= m { m } else { it });
    (mean as f32, largest)
}

/// |a − b| / |b|.
fn relative(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = |it: f32| f64::from(it) * f64::from(it);
    let off: f64 = a.iter().zip(b).map(|(a, b)| square(a - b)).sum();
    let all: f64 = b.iter().map(|it| square(*it)).sum();
    (off / all.max(1e-30)).sqrt()
}

#[test]
fn images_and_gradients_are_those_of_the_kernels() {
    let Some(gpu) = gpu::gpu() else { return };
    let scenes = [(11, 400, 3, [61, 47]), (12, 3000, 0, [100, 70])];
    for (seed, n, degree, [width, height]) in scenes {
        for config in configs() {
            let splats = scattered(seed, n, degree);
            let camera = differences::camera(width, height);
            let drawn = draw(&splats, &camera, &config).unwrap();
            let slopes = d_image(&drawn.image);
            let found = drawn.backward(&slopes).unwrap();
            let (image, expected) = by_kernels(gpu, (&splats, &camera, &config), &slopes);
            let flat = |it: &Image| it.rgb.as_flattened().to_vec();
            // Where a splat's alpha is right at the threshold either may be right.
            for (what, ours, theirs) in [
                ("rgb", flat(&drawn.image), flat(&image)),
                ("alpha", drawn.image.alpha.clone(), image.alpha.clone()),
                ("depth", drawn.image.depth.clone(), image.depth.clone()),
            ] {
                let (mean, largest) = apart(&ours, &theirs);
                println!("{n} splats, {what}: {mean:.1e}, at most {largest:.1e}");
                assert!(mean < 1e-5 && largest < 1e-2, "{what}: {mean}, {largest}");
            }
            for ((what, ours), (_, theirs)) in planes(&found).iter().zip(planes(&expected)) {
                let off = relative(ours, &theirs);
                println!("{n} splats, gradient of {what}: {off:.1e}");
                assert!(off < 2e-3, "{what}: {off}");
            }
        }
    }
}

/// Along the gradient the loss changes as the gradient says, where nothing is cut off.
#[test]
fn the_gradient_is_that_of_differences() {
    for (degree, antialiased) in [(0, false), (3, true)] {
        let config = RenderConfig {
            alpha_min: 0.0,
            transmittance_stop: 0.0,
            alpha_max: 1.0,
            background: [0.2, 0.5, 0.9],
            antialiased,
            ..RenderConfig::default()
        };
        let splats = differences::random_splats(21, 60, degree);
        let camera = differences::camera(40, 32);
        let drawn = draw(&splats, &camera, &config).unwrap();
        let slopes = d_image(&drawn.image);
        let d = drawn.backward(&slopes).unwrap();
        let gradient = planes(&d);
        let along = |group: usize, by: f64| {
            let moved = |all: Vec<f32>, at: usize| -> Vec<f32> {
                let by = if at == group { by } else { 0.0 };
                let pairs = all.into_iter().zip(&gradient[at].1);
                let sums = pairs.map(|(a, b)| (f64::from(a) + by * f64::from(*b)) as f32);
                sums.collect()
            };
            let mut there = splats.clone();
            let threes = |all: &[f32]| all.chunks(3).map(Vec3::from_slice).collect();
            let [means, quats, scales, opacities, harmonics] = planes(&splats);
            there.means = threes(&moved(means.1, 0));
            there.quats = moved(quats.1, 1)
                .chunks(4)
                .map(|it| [it[0], it[1], it[2], it[3]])
                .collect();
            there.log_scales = threes(&moved(scales.1, 2));
            there.opacity_logits = moved(opacities.1, 3);
            let harmonics = moved(harmonics.1, 4);
            there.sh_coeffs = harmonics
                .chunks(3)
                .map(|it| [it[0], it[1], it[2]])
                .collect();
            let image = draw(&there, &camera, &config).unwrap().image;
            let pixels = image.alpha.len();
            let at = |i: usize| match i / pixels {
                3 => image.alpha[i % pixels],
                channel => image.rgb[i % pixels][channel],
            };
            let parts = slopes.iter().enumerate();
            parts
                .map(|(i, it)| f64::from(*it) * f64::from(at(i)))
                .sum::<f64>()
        };
        for (group, (what, values)) in gradient.iter().enumerate() {
            let squares: f64 = values.iter().map(|it| f64::from(*it).powi(2)).sum();
            let step = 3e-3 / squares.sqrt();
            let difference = |step| (along(group, step) - along(group, -step)) / (2.0 * step);
            let found = (4.0 * difference(step) - difference(2.0 * step)) / 3.0;
            let off = (found / squares - 1.0).abs();
            println!("degree {degree}, {what}: {off:.1e}");
            assert!(off < 5e-3, "{what}: {found}, {squares} expected");
        }
    }
}

#[test]
fn golden_files_are_met() {
    let Some(folder) = test_data() else { return };
    for name in ["r1", "r2", "r2_nocut", "r5_sh2", "r5_active1", "r6", "r3"] {
        let case = raster_case(&folder.join(format!("fixtures/raster/{name}.safetensors")));
        let drawn = draw(&case.splats, &case.camera, &case.config).unwrap();
        let t = &case.tensors;
        let (_, colour) = apart(drawn.image.rgb.as_flattened(), &t.f32s("out_image"));
        let (_, alpha) = apart(&drawn.image.alpha, &t.f32s("out_alpha"));
        let colours = t.rows::<3>("G");
        let mut slopes: Vec<f32> = Vec::new();
        for channel in 0..3 {
            slopes.extend(colours.iter().map(|it| it[channel]));
        }
        slopes.extend(t.f32s("Ga"));
        let d = drawn.backward(&slopes).unwrap();
        let names = ["means", "quats", "log_scales", "opacity_logits", "sh"];
        let golden = names.map(|it| t.f32s(&format!("grad_{it}")));
        for ((what, ours), golden) in planes(&d).iter().zip(&golden) {
            let off = relative(ours, golden);
            assert!(off < 1e-3, "{name}, gradient of {what}: {off}");
        }
        println!("{name}: colour {colour:.1e}, alpha {alpha:.1e}");
        assert!(colour < 1e-4 && alpha < 1e-4, "{name}: {colour} {alpha}");
    }
}

/// Splats of numbers that are none are left out; cameras and sizes that make no sense draw
/// nothing; lengths that disagree are an error.
#[test]
fn nonsense_is_not_drawn() {
    let good = differences::random_splats(31, 50, 1);
    let camera = differences::camera(32, 24);
    let config = RenderConfig::default();
    let clean = draw(&good, &camera, &config).unwrap().image;
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut splats = good.clone();
        let none = |change: &dyn Fn(&mut Splats)| {
            let mut one = good.select(&[0]);
            change(&mut one);
            one
        };
        let changes: [&dyn Fn(&mut Splats); 4] = [
            &|it| it.means[0].x = odd,
            &|it| it.log_scales[0] = Vec3::splat(odd.abs()),
            &|it| it.opacity_logits[0] = -odd.abs(),
            &|it| it.sh_coeffs[0] = [odd; 3],
        ];
        for change in changes {
            let bad = none(change);
            splats.means.extend(bad.means);
            splats.quats.extend(bad.quats);
            splats.log_scales.extend(bad.log_scales);
            splats.opacity_logits.extend(bad.opacity_logits);
            splats.sh_coeffs.extend(bad.sh_coeffs);
        }
        let drawn = draw(&splats, &camera, &config).unwrap();
        assert_eq!(drawn.image, clean);
        let d = drawn.backward(&d_image(&clean)).unwrap();
        for (what, values) in planes(&d) {
            assert!(values.iter().all(|it| it.is_finite()), "{odd}, {what}");
        }
        let mut lost = camera;
        lost.c2w.translation.x = odd;
        lost.intrinsics.fx = odd;
        let image = draw(&good, &lost, &config).unwrap().image;
        assert!(image.alpha.iter().all(|it| *it == 0.0));
    }
    let mut empty = camera;
    empty.intrinsics.width = 0;
    let drawn = draw(&good, &empty, &config).unwrap();
    assert_eq!(drawn.backward(&[]).unwrap(), good.zeros_like());
    let wrong = draw(&good, &camera, &config)
        .unwrap()
        .backward(&[0.0; 5])
        .unwrap_err();
    assert!(matches!(wrong, SplatsError::Length { found: 5, .. }));
    let mut short = good;
    short.quats.pop();
    assert!(draw(&short, &camera, &config).is_err());
}
