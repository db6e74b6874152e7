//! The kernels of the loss, against their twins and golden files.

use rand::RngExt;
use render::gpu::{Gpu, GpuVec, Groups, LossUniform, LossValues};
use render::kernels as k;
use render::loss::{AlphaUse, Padding, Photo, column_groups, row_groups};
use render::{GpuSplats, Loss, LossConfig, RenderConfig};
use tests::fixtures::Tensors;
use tests::{gpu, max_abs_diff, test_data};

use super::chain::{camera, random_splats};
use super::{rng, run};
use crate::reference;
use crate::reference::measure_loss::{Measured, Pair, pair};

/// Runs the kernels of the loss: values, and the gradient's planes.
fn measure(
    gpu: &Gpu,
    uniform: LossUniform,
    image: &[[f32; 4]],
    targets: &[u32],
    floats: bool,
) -> Compared {
    let constants = [("FLOATS", f64::from(u8::from(floats)))];
    let [width, height] = uniform.image_size;
    let pixels = (width * height) as usize;
    let loss = &GpuVec::from_slice(gpu, "loss", &[uniform]).unwrap();
    let image = &GpuVec::from_slice(gpu, "image", image).unwrap();
    let targets = &GpuVec::from_slice(gpu, "targets", targets).unwrap();
    let nans = |planes: usize| {
        GpuVec::from_slice(gpu, "planes", &vec![[f32::NAN; 4]; planes * pixels]).unwrap()
    };
    let (moments, slopes, blurred_slopes) = (&nans(4), &nans(3), &nans(3));
    let d_image = &GpuVec::from_slice(gpu, "gradient", &vec![f32::NAN; 4 * pixels]).unwrap();
    let rows = Groups::Direct(row_groups(uniform.image_size), 1);
    let columns = Groups::Direct(column_groups(uniform.image_size), 1);
    let parts = column_groups(uniform.image_size) as usize;
    let parts = &GpuVec::from_slice(gpu, "parts", &vec![[f32::NAN; 4]; parts]).unwrap();
    let measured = &GpuVec::zeroed(gpu, "values", 1).unwrap();

    let kernel = k::BlurRows::with_constants(gpu, &constants).unwrap();
    let arrays = k::blur_rows::Arrays {
        loss,
        image,
        targets,
        moments,
    };
    run(gpu, kernel.kernel(), &kernel.bind(gpu, &arrays), rows);
    let kernel = k::MeasureLoss::with_constants(gpu, &constants).unwrap();
    let arrays = k::measure_loss::Arrays {
        loss,
        image,
        targets,
        moments,
        slopes,
        parts,
    };
    run(gpu, kernel.kernel(), &kernel.bind(gpu, &arrays), columns);
    let kernel = k::SumLoss::new(gpu).unwrap();
    let arrays = k::sum_loss::Arrays {
        loss,
        parts,
        measured,
    };
    let one = Groups::Direct(1, 1);
    run(gpu, kernel.kernel(), &kernel.bind(gpu, &arrays), one);
    let kernel = k::BlurSlopes::new(gpu).unwrap();
    let arrays = k::blur_slopes::Arrays {
        loss,
        slopes,
        blurred_slopes,
    };
    run(gpu, kernel.kernel(), &kernel.bind(gpu, &arrays), rows);
    let kernel = k::LossBackward::with_constants(gpu, &constants).unwrap();
    let arrays = k::loss_backward::Arrays {
        loss,
        image,
        targets,
        blurred_slopes,
        d_image,
    };
    run(gpu, kernel.kernel(), &kernel.bind(gpu, &arrays), columns);
    Compared {
        values: measured.read(gpu).unwrap()[0],
        d_image: d_image.read(gpu).unwrap(),
        parts: parts.read(gpu).unwrap(),
        moments: moments.read(gpu).unwrap(),
        slopes: slopes.read(gpu).unwrap(),
        blurred_slopes: blurred_slopes.read(gpu).unwrap(),
    }
}

/// What the kernels of the loss leave.
struct Compared {
    values: LossValues,
    d_image: Vec<f32>,
    parts: Vec<[f32; 4]>,
    moments: Vec<[f32; 4]>,
    slopes: Vec<[f32; 4]>,
    blurred_slopes: Vec<[f32; 4]>,
}

/// What was averaged along rows, against the twins.
fn check_rows(uniform: &LossUniform, pair: &Pair, ours: &Compared) {
    let pixels = pair.frame.len();
    for (at, expected) in reference::blur_rows::blur_rows(uniform, pair)
        .iter()
        .enumerate()
    {
        let plane = |k: usize| ours.moments[k * pixels + at];
        let product = [plane(0)[3], plane(1)[3], plane(2)[3]];
        for (k, expected) in expected.iter().enumerate() {
            for (channel, expected) in expected.iter().enumerate() {
                let ours = match k {
                    4 => product[channel],
                    _ => plane(k)[channel],
                };
                assert!(
                    (f64::from(ours) - expected).abs() < 1e-6,
                    "pixel {at}, moment {k}: {ours}, expected {expected}"
                );
            }
        }
    }
    let expected = reference::blur_slopes::blur_slopes(uniform.image_size, &ours.slopes);
    assert_eq!(ours.blurred_slopes.len(), expected.len());
    for (ours, expected) in ours.blurred_slopes.iter().zip(&expected) {
        for (ours, expected) in ours.iter().zip(expected) {
            let size = 1.0 + expected.abs();
            assert!(
                (f64::from(*ours) - expected).abs() < 1e-4 * size,
                "{ours}, expected {expected}"
            );
        }
    }
}

fn uniform(image_size: [u32; 2], border: u32, ssim_weight: f32) -> LossUniform {
    LossUniform {
        image_size,
        first_target: 0,
        border,
        background: [0.0; 3],
        alpha_use: 0,
        ssim_weight,
        alpha_weight: 0.0,
        pad: [0; 2],
    }
}

#[test]
fn losses_match_the_golden_files() {
    let (Some(folder), Some(gpu)) = (test_data(), gpu::gpu()) else {
        return;
    };
    for (name, size) in [("loss_64x48", [64, 48]), ("loss_37x53", [37, 53])] {
        let t = Tensors::open(&folder.join(format!("fixtures/raster/{name}.safetensors")));
        let opaque = |rgb: &[f32; 3]| [rgb[0], rgb[1], rgb[2], 1.0];
        let image: Vec<[f32; 4]> = t.rows::<3>("img1").iter().map(opaque).collect();
        let photo: Vec<[f32; 4]> = t.rows::<3>("img2").iter().map(opaque).collect();
        let targets: Vec<u32> = photo.as_flattened().iter().map(|it| it.to_bits()).collect();
        let check = |what: &str, ours: f32, golden: f32| {
            let error = ((ours - golden) / golden).abs();
            println!("{name} {what}: {error:.1e} relative (at most 5e-6)");
            assert!(error <= 5e-6, "{name} {what}: {ours}, {golden}");
        };
        for (border, padding) in [(0, "same"), (5, "valid")] {
            for (weight, gradient, tolerance) in [
                (0.0, "grad_l1".to_owned(), 5e-7),
                (1.0, format!("grad_ssim_{padding}"), 5e-4),
                (0.2, format!("grad_loss_{padding}"), 5e-4),
            ] {
                let Compared {
                    values, d_image, ..
                } = measure(gpu, uniform(size, border, weight), &image, &targets, true);
                if weight == 0.2 {
                    check("l1", values.l1, t.f32s("l1")[0]);
                    check("mse", values.mse, t.f32s("mse")[0]);
                    let scalar = |what: &str| t.f32s(&format!("{what}_{padding}"))[0];
                    check(&format!("ssim {padding}"), values.ssim, scalar("ssim"));
                    check(&format!("loss {padding}"), values.loss, scalar("loss"));
                }
                // The loss has 1 − SSIM.
                let sign = if weight == 1.0 { -1.0 } else { 1.0 };
                let pixels = image.len();
                let ours: Vec<f32> = (0..3 * pixels)
                    .map(|i| sign * d_image[i % 3 * pixels + i / 3])
                    .collect();
                let golden = t.f32s(&gradient);
                let largest = golden.iter().fold(0.0_f32, |m, it| m.max(it.abs()));
                let error = max_abs_diff(&ours, &golden) / largest;
                println!("{name} {gradient}: {error:.1e} of the largest (at most {tolerance:.0e})");
                assert!(error <= tolerance, "{name} {gradient}: {error:e}");
            }
        }
    }
}

/// For every use of alpha, both paddings and sizes around the tile's, against the twins.
#[test]
fn losses_agree_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(101);
    for size in [[1, 1], [9, 12], [16, 16], [17, 33], [40, 21]] {
        let pixels = (size[0] * size[1]) as usize;
        let image: Vec<[f32; 4]> = (0..pixels)
            .map(|_| [(); 4].map(|()| rng.random_range(0.0..1.0)))
            .collect();
        // The photo begins somewhere inside the array.
        let targets: Vec<u32> = (0..pixels + 7).map(|_| rng.random()).collect();
        let photo: Vec<[f64; 4]> = targets[7..]
            .iter()
            .map(|it| it.to_le_bytes().map(|it| f64::from(it) / 255.0))
            .collect();
        for (alpha_use, border) in [(0, 0), (0, 5), (1, 0), (2, 5)] {
            let uniform = LossUniform {
                first_target: 7,
                background: [0.3, 0.9, 0.1],
                alpha_use,
                alpha_weight: 0.3,
                ..uniform(size, border, 0.2)
            };
            let compared = measure(gpu, uniform, &image, &targets, false);
            let pair = pair(&uniform, &image, &photo);
            check_rows(&uniform, &pair, &compared);
            let Compared {
                values,
                d_image,
                parts,
                ..
            } = compared;
            let sums = reference::measure_loss::measure_loss(&uniform, &pair);
            let total = |k: usize| parts.iter().map(|it| f64::from(it[k])).sum::<f64>();
            let Measured {
                l1,
                squares,
                ssim,
                alpha,
            } = sums;
            for (k, expected) in [l1, squares, ssim, alpha].into_iter().enumerate() {
                let ours = total(k);
                assert!(
                    (ours - expected).abs() < 1e-5 * (1.0 + 3.0 * pixels as f64),
                    "{ours} {expected}"
                );
            }
            let expected = reference::sum_loss::sum_loss(&uniform, &sums);
            let LossValues {
                loss,
                l1,
                mse,
                ssim,
                alpha,
            } = values;
            for (ours, expected) in [loss, l1, mse, ssim, alpha].into_iter().zip(expected) {
                assert!(
                    (f64::from(ours) - expected).abs() < 1e-5,
                    "{values:?} {expected:?}"
                );
            }
            let expected = reference::loss_backward::loss_backward(&uniform, &pair);
            let largest = expected
                .as_flattened()
                .iter()
                .fold(0.0_f64, |m, it| m.max(it.abs()));
            for (at, expected) in expected.iter().enumerate() {
                for (plane, expected) in expected.iter().enumerate() {
                    let ours = f64::from(d_image[plane * pixels + at]);
                    assert!(
                        (ours - expected).abs() <= 1e-3 * largest,
                        "{size:?}, alpha {alpha_use}, pixel {at}, plane {plane}: {ours}, expected {expected}"
                    );
                }
            }
        }
    }
}

/// The loss of a frame, and a photo that does not fit it.
#[test]
fn a_frame_is_compared_with_its_photo() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = GpuSplats::upload(gpu, &random_splats(&mut rng(102), 300, 0)).unwrap();
    let background = [0.4, 0.2, 0.7];
    let config = RenderConfig {
        background,
        ..RenderConfig::default()
    };
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &splats, &camera(50, 30), &config)
        .unwrap();
    let shown = rasterizer.read_rgba8(gpu).unwrap();
    let photo = Photo::upload(gpu, [50, 30], &shown).unwrap();
    let mut loss = Loss::new(gpu).unwrap();
    let settings = LossConfig {
        padding: Padding::Valid,
        alpha_use: AlphaUse::Opacity,
        ..LossConfig::default()
    };
    loss.prepare(gpu, &rasterizer, &photo, background, &settings)
        .unwrap();
    let mut recorder = render::gpu::Recorder::new(gpu, None, false);
    loss.record(&mut recorder);
    recorder.submit(gpu);
    let values = loss.read(gpu).unwrap();
    assert!(values.l1 < 0.5 / 255.0 && 0.99 < values.ssim, "{values:?}");
    assert!(Photo::upload(gpu, [50, 31], &shown).is_err());
    let other = Photo::upload(gpu, [30, 50], &shown).unwrap();
    let refused = loss.prepare(gpu, &rasterizer, &other, background, &settings);
    assert!(refused.is_err());
}
