//! Whole frames, for what golden files do not show: growing arrays, chunks, repetition, styles.

use glam::Vec3;
use render::gpu::Gpu;
use render::rasterizer::{Capacity, frame_uniform};
use render::{Camera, GpuSplats, Image, Rasterizer, RenderConfig, Splats, Style};
use tests::gpu;

use super::blending::compare_shown;
use super::chain::{camera, random_splats};
use super::rng;
use crate::reference::shade::Drawn;

fn draw(gpu: &Gpu, splats: &GpuSplats, camera: &Camera, config: &RenderConfig) -> Image {
    let mut rasterizer = gpu::rasterizer(gpu);
    let stats = rasterizer
        .draw_complete(gpu, splats, camera, config)
        .unwrap();
    assert!(!stats.overflowed);
    rasterizer.read_image(gpu).unwrap()
}

/// `n` faint splats, each over the whole image of [`camera`].
fn covering(n: usize) -> Splats {
    let mut splats = random_splats(&mut rng(60), n, 0);
    for (i, mean) in splats.means.iter_mut().enumerate() {
        *mean = Vec3::new(0.0, 0.0, 3.0 + 0.01 * i as f32);
        splats.log_scales[i] = Vec3::splat(3.0);
        splats.opacity_logits[i] = -3.0;
    }
    splats
}

/// Few splats of many tiles each need more pairs than a new rasteriser has room for. Also after a
/// frame whose numbers nobody has fetched: those must not be taken for this frame's.
#[test]
fn arrays_grow_until_no_splat_is_missing() {
    let Some(gpu) = gpu::gpu() else { return };
    let (camera, config) = (camera(500, 400), RenderConfig::default());
    let upload = |splats: &Splats| GpuSplats::upload(gpu, splats).unwrap();
    let (small, large) = (upload(&covering(3)), upload(&covering(120)));
    let mut rasterizer = Rasterizer::new(gpu).unwrap();
    assert!(rasterizer.read_image(gpu).is_err(), "nothing was drawn");

    rasterizer.draw(gpu, &large, &camera, &config).unwrap();
    gpu.wait().unwrap();
    let stats = rasterizer.poll(gpu).unwrap();
    assert!(stats.overflowed && stats.visible == 120);
    assert_eq!(stats.pairs, 120 * 32 * 25);
    let cut_off = rasterizer.read_image(gpu).unwrap();
    let before = rasterizer.bytes();

    // Not asked how it went.
    rasterizer.draw(gpu, &small, &camera, &config).unwrap();
    let stats = rasterizer
        .draw_complete(gpu, &large, &camera, &config)
        .unwrap();
    assert_eq!((stats.visible, stats.pairs), (120, 120 * 32 * 25));
    assert!(!stats.overflowed && before < rasterizer.bytes());
    let complete = rasterizer.read_image(gpu).unwrap();
    assert_ne!(complete, cut_off);

    // Once there is room it stays, and a frame repeats to the bit.
    let grown = rasterizer.bytes();
    for _ in 0..3 {
        let stats = rasterizer
            .draw_complete(gpu, &large, &camera, &config)
            .unwrap();
        assert!(!stats.overflowed);
        assert_eq!(rasterizer.bytes(), grown);
    }
    assert_eq!(rasterizer.read_image(gpu).unwrap(), complete);
    let alpha = 1.0 - (1.0 - render::splats::sigmoid(-3.0)).powi(120);
    let middle = complete.alpha[200 * 500 + 250];
    assert!(
        (middle - alpha).abs() < 2e-2,
        "{middle} where all give {alpha}"
    );
}

/// Numbers of a frame are that frame's, whatever was drawn and not asked for before.
#[test]
fn numbers_belong_to_the_frame_just_drawn() {
    let Some(gpu) = gpu::gpu() else { return };
    let (camera, config) = (camera(64, 48), RenderConfig::default());
    let upload = |n| GpuSplats::upload(gpu, &covering(n)).unwrap();
    let (few, many) = (upload(2), upload(9));
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer.draw(gpu, &few, &camera, &config).unwrap();
    rasterizer.draw(gpu, &few, &camera, &config).unwrap();
    let stats = rasterizer
        .draw_complete(gpu, &many, &camera, &config)
        .unwrap();
    assert_eq!((stats.visible, stats.pairs), (9, 9 * 12));
}

#[test]
fn chunks_change_nothing() {
    let Some(gpu) = gpu::gpu() else { return };
    let camera = camera(150, 90);
    for degree in [0, 3] {
        let splats = random_splats(&mut rng(61), 1500, degree);
        let config = RenderConfig::default();
        let whole = GpuSplats::upload(gpu, &splats).unwrap();
        assert_eq!(whole.chunks().len(), 1);
        let image = draw(gpu, &whole, &camera, &config);
        assert_eq!(whole.download(gpu).unwrap(), splats);
        let planes = 11 + 3 * splats.coeffs_per_splat() as u64;
        // Sizes in between are rounded down, and nothing is smaller than a block.
        for (per_chunk, chunks) in [(256, 6), (512, 3), (700, 3), (10, 6)] {
            let parts = GpuSplats::upload_chunked(gpu, &splats, 4 * planes * per_chunk).unwrap();
            assert_eq!(parts.chunks().len(), chunks);
            assert_eq!(parts.download(gpu).unwrap(), splats);
            assert!(draw(gpu, &parts, &camera, &config) == image, "{per_chunk}");
        }
    }
}

/// Values survive to the bit, those that are not numbers too.
#[test]
fn splats_come_back_as_they_went() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = random_splats(&mut rng(62), 300, 2);
    splats.means[7].x = f32::from_bits(0x7fc0_1234);
    splats.sh_coeffs[11][2] = -0.0;
    splats.quats[299][3] = f32::from_bits(1);
    let back = GpuSplats::upload(gpu, &splats)
        .unwrap()
        .download(gpu)
        .unwrap();
    let bits = |it: &Splats| {
        let vec3s = it
            .means
            .iter()
            .chain(&it.log_scales)
            .flat_map(Vec3::to_array);
        let quats = it.quats.iter().flatten().copied();
        let sh = it.sh_coeffs.iter().flatten().copied();
        let all = vec3s
            .chain(quats)
            .chain(sh)
            .chain(it.opacity_logits.iter().copied());
        all.map(f32::to_bits).collect::<Vec<u32>>()
    };
    assert!(bits(&back) == bits(&splats));
    let nothing = GpuSplats::upload(gpu, &Splats::default()).unwrap();
    assert!(nothing.is_empty() && nothing.download(gpu).unwrap().is_empty());
}

#[test]
fn frames_repeat_to_the_bit() {
    let Some(gpu) = gpu::gpu() else { return };
    let camera = camera(150, 90);
    let mut splats = random_splats(&mut rng(63), 3000, 1);
    for mean in splats.means.iter_mut().step_by(2) {
        mean.z = 2.5;
    }
    let config = RenderConfig::default();
    let uploaded = GpuSplats::upload(gpu, &splats).unwrap();
    let first = draw(gpu, &uploaded, &camera, &config);
    let other = GpuSplats::upload(gpu, &covering(5)).unwrap();
    for _ in 0..3 {
        draw(gpu, &other, &camera, &config);
        assert!(draw(gpu, &uploaded, &camera, &config) == first);
    }
    // Warm: nothing is allocated any more.
    let mut rasterizer = gpu::rasterizer(gpu);
    let mut bytes = Vec::new();
    for _ in 0..4 {
        let stats = rasterizer.draw_complete(gpu, &uploaded, &camera, &config);
        assert!(!stats.unwrap().overflowed);
        bytes.push(rasterizer.bytes());
    }
    assert!(bytes.iter().all(|it| *it == bytes[0]), "{bytes:?}");
}

/// What the window shows follows from the frame, for every style, size and an empty scene.
#[test]
fn styles_show_what_the_frame_holds() {
    let Some(gpu) = gpu::gpu() else { return };
    for [width, height] in [[1, 1], [17, 33], [150, 90]] {
        for n in [0, 400] {
            for style in Style::ALL {
                check_style(gpu, n, &camera(width, height), style);
            }
        }
    }
}

fn check_style(gpu: &Gpu, n: usize, camera: &Camera, style: Style) {
    let config = RenderConfig {
        style,
        background: [0.2, 0.4, 0.6],
        ..RenderConfig::default()
    };
    let size = [camera.intrinsics.width, camera.intrinsics.height];
    let splats = GpuSplats::upload(gpu, &random_splats(&mut rng(64), n, 1)).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let stats = rasterizer.draw_complete(gpu, &splats, camera, &config);
    assert_eq!(rasterizer.image_size(), Some(size));
    let image = rasterizer.read_image(gpu).unwrap();
    let shown = rasterizer.read_rgba8(gpu).unwrap();
    drop(rasterizer);
    let capacity = Capacity {
        image_size: size,
        splats: n,
        visible: n,
        pairs: 0,
    };
    let rgba: Vec<[f32; 4]> = image
        .rgb
        .iter()
        .zip(&image.alpha)
        .map(|(&[r, g, b], &alpha)| [r, g, b, alpha])
        .collect();
    let drawn = Drawn {
        frame: &frame_uniform(camera, &config, &splats, &capacity),
        image: &rgba,
        depths: &image.depth,
    };
    let pixels: Vec<u32> = bytemuck::pod_collect_to_vec(&shown);
    compare_shown(&pixels, &drawn);

    let distinct: std::collections::BTreeSet<u32> = pixels.iter().copied().collect();
    if n == 0 {
        assert_eq!(stats.unwrap().pairs, 0);
        let background = if style == Style::Alpha {
            [0, 0, 0, 255]
        } else {
            [51, 102, 153, 255]
        };
        assert!(distinct.iter().eq([&u32::from_le_bytes(background)]));
    } else if size == [150, 90] {
        assert!(20 < stats.unwrap().visible);
        assert!(20 < distinct.len(), "{style:?}: {} colours", distinct.len());
    }
    if style.label() == "Points" || style.label() == "Ellipsoids" {
        assert!(image.alpha.iter().all(|&it| it == 0.0 || it == 1.0));
    }
}
