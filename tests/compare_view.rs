//! Photo and frame drawn together: each way shows the pixels it should, compared on the GPU.

use glam::Vec3;
use recon::metrics::{Mask, Picture, difference};
use recon::synthetic::{demo_camera, demo_scene};
use render::gpu::{Gpu, GpuVec};
use render::{Compare, CompareMode, Comparison, GpuSplats, RenderConfig};
use tests::gpu;

/// A row of the target is a multiple of 256 bytes, so that it can be copied back as it is.
const SIZE: [u32; 2] = [64, 48];

/// Draws into a texture of `size` and reads it back. `[height × width × 4]`
fn painted(gpu: &Gpu, compare: &Compare, size: [u32; 2]) -> Vec<u8> {
    let [width, height] = size;
    let extent = wgpu::Extent3d {
        width,
        height,
        depth_or_array_layers: 1,
    };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("target"),
        size: extent,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let view = texture.create_view(&Default::default());
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations::default(),
            })],
            ..Default::default()
        });
        compare.paint(&mut pass);
    }
    let copy = GpuVec::<u32>::zeroed(gpu, "copy", (width * height) as usize).unwrap();
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: copy.buffer(),
            layout: wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * width),
                rows_per_image: None,
            },
        },
        extent,
    );
    gpu.queue.submit([encoder.finish()]);
    let pixels = copy.read(gpu).unwrap();
    pixels.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn pixel(rgba: &[u8], width: u32, x: u32, y: u32) -> [u8; 3] {
    let at = 4 * (y * width + x) as usize;
    [rgba[at], rgba[at + 1], rgba[at + 2]]
}

/// The heat map's colours, as its shader has them.
fn heat(difference: f32) -> Vec3 {
    let stops = [
        Vec3::ZERO,
        Vec3::new(0.30, 0.08, 0.52),
        Vec3::new(0.80, 0.16, 0.26),
        Vec3::new(0.98, 0.58, 0.10),
        Vec3::new(1.0, 0.98, 0.74),
    ];
    let at = 4.0 * (difference / 0.25).clamp(0.0, 1.0);
    let below = (at as usize).min(3);
    stops[below].lerp(stops[below + 1], at - below as f32)
}

#[test]
fn each_way_shows_the_pixels_it_should() {
    let Some(gpu) = gpu::gpu() else { return };
    let [width, height] = SIZE;
    let splats = GpuSplats::upload(gpu, &demo_scene(1, 3_000, 1)).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let camera = demo_camera(width, height);
    rasterizer
        .draw_complete(gpu, &splats, &camera, &RenderConfig::default())
        .unwrap();
    let render = rasterizer.read_rgba8(gpu).unwrap();
    // A photo that differs more and more to the right; one pixel of it does not count.
    let mut photo = render.clone();
    for (i, texel) in photo.chunks_mut(4).enumerate() {
        let by = 2 * (i as u32 % width) as u8;
        texel[..3]
            .iter_mut()
            .for_each(|it| *it = it.wrapping_add(by));
        texel[3] = 255;
    }
    let masked = (5 * width + 60) as usize;
    photo[4 * masked + 3] = 0;
    photo[4 * masked] = 255 - render[4 * masked];

    let format = wgpu::TextureFormat::Rgba8Unorm;
    let mut compare = Compare::new(gpu, format).unwrap();
    let mut shown = |mode, size| {
        let comparison = Comparison {
            mode,
            wipe: 0.25,
            id: 1,
            size: SIZE,
            rgba: &photo,
        };
        compare.prepare(gpu, &rasterizer, &comparison).unwrap();
        painted(gpu, &compare, size)
    };
    let same = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 1);
    let at_photo = |x, y| pixel(&photo, width, x, y);
    let at_render = |x, y| pixel(&render, width, x, y);
    let of_photo = shown(CompareMode::Photo, SIZE);
    let of_render = shown(CompareMode::Render, SIZE);
    let wiped = shown(CompareMode::Wipe, SIZE);
    let both = shown(CompareMode::SideBySide, [2 * width, height]);
    for y in 0..height {
        for x in 0..width {
            assert!(same(pixel(&of_render, width, x, y), at_render(x, y)));
            let is_masked = (y * width + x) as usize == masked;
            if is_masked {
                let dim = pixel(&of_photo, width, x, y);
                assert!(dim[0] < 128, "what does not count is dim: {dim:?}");
                continue;
            }
            assert!(same(pixel(&of_photo, width, x, y), at_photo(x, y)));
            let expected = if x < width / 4 {
                at_photo(x, y)
            } else {
                at_render(x, y)
            };
            assert!(same(pixel(&wiped, width, x, y), expected), "{x} {y}");
            assert!(same(pixel(&both, 2 * width, x, y), at_photo(x, y)));
            assert!(same(pixel(&both, 2 * width, width + x, y), at_render(x, y)));
        }
    }

    let differing = shown(CompareMode::Difference, SIZE);
    let counts: Vec<u8> = photo.chunks(4).map(|it| it[3]).collect();
    let mask = Mask::from_luma8(width, height, &counts).unwrap();
    let picture = |rgba: &[u8]| {
        let rgb = rgba.chunks(4).flat_map(|it| [it[0], it[1], it[2], 255]);
        Picture::from_rgba8(width, height, &rgb.collect::<Vec<u8>>()).unwrap()
    };
    let expected = difference(&picture(&photo), &picture(&render), Some(&mask)).unwrap();
    for (i, (value, drawn)) in expected.iter().zip(differing.chunks(4)).enumerate() {
        for (wanted, is) in heat(*value).to_array().into_iter().zip(drawn) {
            let wanted = 255.0 * wanted;
            assert!((wanted - f32::from(*is)).abs() <= 2.0, "{i}: {wanted} {is}");
        }
    }
}

#[test]
fn a_photo_of_another_size_than_it_says_is_refused() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rasterizer = gpu::rasterizer(gpu);
    let splats = GpuSplats::upload(gpu, &demo_scene(1, 100, 0)).unwrap();
    let camera = demo_camera(16, 16);
    rasterizer
        .draw_complete(gpu, &splats, &camera, &RenderConfig::default())
        .unwrap();
    let mut compare = Compare::new(gpu, wgpu::TextureFormat::Rgba8Unorm).unwrap();
    for (size, bytes) in [([4, 4], 63), ([4, 4], 60), ([0, 0], 0)] {
        let comparison = Comparison {
            mode: CompareMode::Photo,
            wipe: 0.5,
            id: 7,
            size,
            rgba: &vec![0; bytes],
        };
        let result = compare.prepare(gpu, &rasterizer, &comparison);
        assert!(result.is_err(), "{size:?} {bytes}");
    }
}
