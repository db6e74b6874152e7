//! An image put together from windows is the image drawn at once, to the bit.

use glam::Vec3;
use rand::RngExt as _;
use recon::film::{draw_picture, windows_for};
use render::{Camera, GpuSplats, RenderConfig, Splats, Style, Window};
use tests::gpu;

use super::chain::{camera, random_splats};
use super::rng;

/// Small and large splats; many have their centre in another window than the pixels they colour,
/// or outside the image, where the Jacobian is clamped.
fn scattered() -> Splats {
    let mut splats = random_splats(&mut rng(70), 1200, 2);
    let mut roll = rng(71);
    for (i, mean) in splats.means.iter_mut().enumerate() {
        if i % 3 == 0 {
            splats.log_scales[i] += Vec3::splat(1.5);
        }
        if i % 5 == 0 {
            mean.x *= 2.0 + roll.random_range(0.0..2.0);
        }
    }
    splats
}

#[test]
fn windows_change_no_bit() {
    let Some(gpu) = gpu::gpu() else { return };
    let camera: Camera = camera(150, 90);
    let splats = GpuSplats::upload(gpu, &scattered()).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    for style in Style::ALL {
        for antialiased in [false, true] {
            let config = RenderConfig {
                style,
                antialiased,
                background: [0.2, 0.4, 0.6],
                ..RenderConfig::default()
            };
            let mut draw = |windows: &[Window]| {
                let scene = (&splats, &config);
                draw_picture(gpu, &mut rasterizer, scene, (&camera, windows), &mut || {
                    Ok(())
                })
                .unwrap()
            };
            let whole = draw(&[Window::whole(&camera)]);
            let first = whole.rgb.first_chunk::<3>().unwrap();
            // Here something is in front of every pixel.
            let is_even = style == Style::Alpha;
            assert!(
                is_even || whole.rgb.chunks(3).any(|it| it != first),
                "{style:?}"
            );
            for (side, count) in [(80, 4), (48, 8), (16, 60)] {
                let windows = Window::tiling(&camera, side);
                assert_eq!(windows.len(), count, "{side}");
                let parts = draw(&windows);
                let differ = whole.rgb.iter().zip(&parts.rgb).filter(|(a, b)| a != b);
                assert_eq!(differ.count(), 0, "{style:?} in {count} windows");
            }
        }
    }
}

/// The same of colours in 32-bit floats, alpha and depth, not only of what is shown.
#[test]
fn floats_are_the_same_too() {
    let Some(gpu) = gpu::gpu() else { return };
    let camera = camera(150, 90);
    let config = RenderConfig::default();
    let splats = GpuSplats::upload(gpu, &scattered()).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, &splats, &camera, &config)
        .unwrap();
    let whole = rasterizer.read_image(gpu).unwrap();
    for window in Window::tiling(&camera, 80) {
        rasterizer
            .draw_window_complete(gpu, &splats, (&camera, window), &config)
            .unwrap();
        let part = rasterizer.read_image(gpu).unwrap();
        let ([left, top], [width, height]) = (window.origin(), window.size());
        assert_eq!([part.width, part.height], [width, height]);
        for y in 0..height {
            for x in 0..width {
                let here = (y * width + x) as usize;
                let there = ((top + y) * whole.width + left + x) as usize;
                assert_eq!(part.rgb[here], whole.rgb[there]);
                assert_eq!(part.alpha[here].to_bits(), whole.alpha[there].to_bits());
                assert_eq!(part.depth[here].to_bits(), whole.depth[there].to_bits());
            }
        }
    }
}

#[test]
fn only_what_does_not_fit_is_cut() {
    let Some(gpu) = gpu::gpu() else { return };
    let small = camera(640, 480);
    assert_eq!(windows_for(gpu, &small), [Window::whole(&small)]);
    let large = camera(8192, 8192);
    let windows = windows_for(gpu, &large);
    assert!(
        16 <= windows.len() && windows.len() <= 64,
        "{}",
        windows.len()
    );
    let limit = gpu.capabilities().max_binding_bytes;
    for window in windows {
        let [width, height] = window.with_margin(&large).size();
        assert!(16 * u64::from(width) * u64::from(height) <= limit);
    }
}
