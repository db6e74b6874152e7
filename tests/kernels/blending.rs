//! `blend` and `shade` against their twins.

use glam::DVec3;
use rand::RngExt;
use render::gpu::{FrameUniform, Gpu, GpuVec};
use render::kernels::shade;
use render::{RenderConfig, Splats, Style};
use tests::gpu;

use super::chain::{Chain, camera, random_splats};
use super::{kernels, rng, run};
use crate::reference;
use crate::reference::blend::{Pixel, ProjectedArrays};
use crate::reference::shade::Drawn;

/// Both get the same projected splats; the twin knows neither tiles nor their lists.
fn check_blend(gpu: &Gpu, splats: &Splats, [width, height]: [u32; 2], config: &RenderConfig) {
    let chain = Chain::new(gpu, splats, &camera(width, height), config, 1 << 17);
    chain.run_to_image();
    let projected = chain.projected();
    let arrays = ProjectedArrays {
        a: &projected.a,
        b: &projected.b,
        c: &projected.c,
    };
    let expected = reference::blend::blend(arrays, &chain.uniform);
    check_image(gpu, &chain, &expected, config);
    let pixels = expected.len();
    chain.image.write(gpu, &vec![[f32::NAN; 4]; pixels]);
    chain.depths.write(gpu, &vec![f32::NAN; pixels]);
    if chain.blend_eights() {
        let expected = reference::blend_eights::blend_eights(arrays, &chain.uniform);
        check_image(gpu, &chain, &expected, config);
    }
}

fn check_image(gpu: &Gpu, chain: &Chain<'_>, expected: &[Pixel], config: &RenderConfig) {
    let [width, height] = chain.uniform.image_size;
    let image = chain.image.read(gpu).unwrap();
    let depths = chain.depths.read(gpu).unwrap();
    if chain.uniform.shading == 0 {
        for (shown, rgba) in chain.pixels.read(gpu).unwrap().iter().zip(&image) {
            let bytes = shown.to_le_bytes();
            for (byte, value) in bytes.iter().zip(&rgba[..3]) {
                let exact = 255.0 * value.clamp(0.0, 1.0);
                assert!(
                    (f32::from(*byte) - exact).abs() < 0.51,
                    "{rgba:?}: {bytes:?}"
                );
            }
            assert_eq!(bytes[3], 255);
        }
    }
    let mut undecided = 0;
    let (mut worst, mut worst_depth) = (0.0_f64, 0.0_f64);
    for ((ours, depth), expected) in image.iter().zip(&depths).zip(expected) {
        if expected.undecided {
            undecided += 1;
            continue;
        }
        let [r, g, b] = expected.rgb;
        for (ours, expected) in ours.iter().zip([r, g, b, expected.alpha]) {
            worst = worst.max((f64::from(*ours) - expected).abs());
        }
        worst_depth = worst_depth.max((f64::from(*depth) - expected.depth).abs());
    }
    println!(
        "{width}×{height}, {:?}: {worst:.1e}, depth {worst_depth:.1e}, {undecided} undecided",
        config.style
    );
    assert!(worst < 5e-6, "{worst:e}");
    assert!(worst_depth < 2e-5, "{worst_depth:e}");
    assert!(undecided <= 2 + expected.len() / 100, "{undecided}");
}

#[test]
fn blend_agrees_at_every_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let background = RenderConfig {
        background: [0.2, 0.5, 0.9],
        ..RenderConfig::default()
    };
    for size in [[1, 1], [17, 33], [64, 48], [15, 16]] {
        for n in [0, 1, 255, 257, 1500] {
            let splats = random_splats(&mut rng(50 + n as u64), n, 1);
            check_blend(gpu, &splats, size, &background);
        }
    }
}

#[test]
fn blend_agrees_for_every_setting() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(&mut rng(51), 1200, 0);
    let base = RenderConfig {
        background: [1.0, 0.0, 0.5],
        ..RenderConfig::default()
    };
    let style = |style| RenderConfig {
        style,
        ..base.clone()
    };
    let configs = [
        style(Style::Points),
        style(Style::Ellipsoids),
        RenderConfig {
            alpha_min: 0.0,
            transmittance_stop: 0.0,
            ..base.clone()
        },
        RenderConfig {
            alpha_max: 0.7,
            transmittance_stop: 0.05,
            antialiased: true,
            ..base.clone()
        },
    ];
    for config in configs {
        check_blend(gpu, &splats, [61, 50], &config);
    }
}

/// More splats in a tile than a batch holds, opaque ones among them: pixels finish at different
/// times and the workgroup goes on for those that have not.
#[test]
fn blend_agrees_where_splats_are_piled_up() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(52);
    for opaque in [0.0, 0.02, 0.5] {
        let mut splats = random_splats(&mut rng, 900, 0);
        for (i, mean) in splats.means.iter_mut().enumerate() {
            mean.x = rng.random_range(-0.15..0.15) * mean.z;
            mean.y = rng.random_range(-0.15..0.15) * mean.z;
            splats.opacity_logits[i] = if rng.random_bool(opaque) { 8.0 } else { -3.5 };
        }
        check_blend(gpu, &splats, [32, 32], &RenderConfig::default());
    }
}

/// `image` and `depths` as a frame might leave them; pixels without anything among them.
fn check_shade(gpu: &Gpu, frame: &FrameUniform, image: &[[f32; 4]], depths: &[f32]) {
    let pixels = GpuVec::zeroed(gpu, "pixels", image.len()).unwrap();
    let arrays = shade::Arrays {
        frame: &GpuVec::from_slice(gpu, "frame", &[*frame]).unwrap(),
        image: &GpuVec::from_slice(gpu, "image", image).unwrap(),
        depths: &GpuVec::from_slice(gpu, "depths", depths).unwrap(),
        pixels: &pixels,
    };
    let kernel = &kernels(gpu).shade;
    let bound = kernel.bind(gpu, &arrays);
    let [width, height] = frame.image_size;
    let groups = render::gpu::Groups::Direct(width.div_ceil(8), height.div_ceil(8));
    run(gpu, kernel.kernel(), &bound, groups);
    let drawn = Drawn {
        frame,
        image,
        depths,
    };
    compare_shown(&pixels.read(gpu).unwrap(), &drawn);
}

/// RGBA8 against the twin: at most a level apart, alpha full. Where a pixel's two neighbours are
/// equally near in depth either may give the normal.
pub(super) fn compare_shown(pixels: &[u32], drawn: &Drawn<'_>) {
    let about = format!(
        "{:?}, shading {}",
        drawn.frame.image_size, drawn.frame.shading
    );
    let mut apart = 0;
    for (at, (pixel, expected)) in pixels.iter().zip(drawn.shade()).enumerate() {
        let [r, g, b, a] = pixel.to_le_bytes();
        assert_eq!(a, 255);
        let ours = DVec3::new(f64::from(r), f64::from(g), f64::from(b));
        let off = (ours - 255.0 * expected).abs().max_element();
        if 1.01 < off {
            println!(
                "{about}: pixel {at}: {ours} where {} is expected",
                255.0 * expected
            );
            apart += 1;
        }
    }
    let allowed = if drawn.frame.shading == 2 {
        pixels.len() / 500
    } else {
        0
    };
    assert!(apart <= allowed, "{about}: {apart} pixels differ");
}

#[test]
fn shade_agrees_for_every_size_and_mode() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(53);
    for [width, height] in [[1, 1], [1, 9], [17, 33], [64, 48]] {
        let splats = random_splats(&mut rng, 3, 0);
        let chain = Chain::new(
            gpu,
            &splats,
            &camera(width, height),
            &RenderConfig::default(),
            1,
        );
        let len = (width * height) as usize;
        let image: Vec<[f32; 4]> = (0..len)
            .map(|_| {
                let alpha = if rng.random_bool(0.2) {
                    0.0
                } else {
                    rng.random()
                };
                let mut colour = || rng.random_range(-0.2..1.3);
                [colour(), colour(), colour(), alpha]
            })
            .collect();
        let depths: Vec<f32> = image
            .iter()
            .map(|it| it[3] * rng.random_range(1.0..4.0_f32))
            .collect();
        for shading in 1..4 {
            let frame = FrameUniform {
                shading,
                depth_low: 1.5,
                depth_high: 3.5,
                background: [0.1, 0.9, 0.3, 1.0],
                ..chain.uniform
            };
            check_shade(gpu, &frame, &image, &depths);
        }
    }
}

/// A plane seen at an angle has one normal, at the image's borders too.
#[test]
fn shade_shows_one_normal_for_a_plane() {
    let Some(gpu) = gpu::gpu() else { return };
    let chain = Chain::new(
        gpu,
        &Splats::default(),
        &camera(40, 30),
        &RenderConfig::default(),
        1,
    );
    let frame = FrameUniform {
        shading: 2,
        ..chain.uniform
    };
    // Points with n · p = -2, n towards the camera.
    let n = DVec3::new(0.3, -0.5, -0.81).normalize();
    let depths: Vec<f32> = (0..40 * 30)
        .map(|at| {
            let x = (f64::from(at % 40) + 0.5 - f64::from(frame.principal[0]))
                / f64::from(frame.focal[0]);
            let y = (f64::from(at / 40) + 0.5 - f64::from(frame.principal[1]))
                / f64::from(frame.focal[1]);
            (-2.0 / n.dot(DVec3::new(x, y, 1.0))) as f32
        })
        .collect();
    let image = vec![[0.0, 0.0, 0.0, 1.0]; depths.len()];
    let drawn = Drawn {
        frame: &frame,
        image: &image,
        depths: &depths,
    };
    let expected = 0.5 + 0.5 * DVec3::new(n.x, -n.y, -n.z);
    for shown in drawn.shade() {
        assert!(
            (shown - expected).abs().max_element() < 2e-3,
            "{shown} where {expected} is right"
        );
    }
    check_shade(gpu, &frame, &image, &depths);
}
