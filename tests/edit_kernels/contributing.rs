//! What splats give to pictures: against the twin, the processor's gradient, differences.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use glam::Vec2;
use render::edit::{Contribution, ScreenMask};
use render::gpu::{Gpu, GpuError};
use render::rasterizer::{Capacity, frame_uniform};
use render::software::draw;
use render::{Camera, GpuSplats, RenderConfig, Splats, Style, sh};
use tests::gpu;

use super::{chunk_bytes, filtered};
use crate::gradients::differences::{camera, random_splats};
use crate::reference::blend::ProjectedArrays;
use crate::reference::contribute::contribute;

const SIZE: [u32; 2] = [90, 61];

fn view() -> Camera {
    camera(SIZE[0], SIZE[1])
}

/// A blob in the middle of the picture.
fn mask() -> ScreenMask {
    let points = [Vec2::new(30.0, 40.0), Vec2::new(60.0, 20.0)];
    ScreenMask::stroke(SIZE[0], SIZE[1], &points, 9.0)
}

/// Of all sizes, and some hardly there.
fn scene(seed: u64, n: usize, degree: u32) -> Splats {
    let mut splats = random_splats(seed, n, degree);
    for i in (0..n).step_by(3) {
        splats.log_scales[i] -= 1.2;
        splats.opacity_logits[i] += 3.0;
    }
    splats
}

fn upload(gpu: &Gpu, splats: &Splats) -> GpuSplats {
    GpuSplats::upload_chunked(gpu, splats, chunk_bytes(splats, 300)).unwrap()
}

/// One for all tests: compiling its kernels takes seconds on a CPU driver.
fn contribution(gpu: &Gpu) -> MutexGuard<'static, Contribution> {
    static CONTRIBUTION: OnceLock<Mutex<Contribution>> = OnceLock::new();
    let shared = CONTRIBUTION.get_or_init(|| Mutex::new(Contribution::new(gpu).unwrap()));
    let mut contribution = shared.lock().unwrap_or_else(PoisonError::into_inner);
    // What a test that failed has left.
    contribution.finish(gpu).unwrap();
    contribution
}

/// Of one view.
fn contributions(gpu: &Gpu, splats: &GpuSplats, mask: Option<&ScreenMask>) -> Vec<f32> {
    let mut contribution = contribution(gpu);
    let config = RenderConfig::default();
    contribution
        .add(gpu, splats, &view(), &config, mask)
        .unwrap();
    contribution.finish(gpu).unwrap()
}

fn assert_near(ours: f64, expected: f64, what: &str) {
    let off = (ours - expected).abs();
    assert!(off <= 2e-3 * expected + 0.02, "{what}: {ours} {expected}");
}

#[test]
fn contributions_agree_with_the_twin() {
    let Some(gpu) = gpu::gpu() else { return };
    let config = RenderConfig::default();
    let splats = scene(41, 700, 1);
    for uploaded in [upload(gpu, &splats), filtered(gpu, &splats)] {
        let mut rasterizer = gpu::rasterizer(gpu);
        rasterizer
            .draw_complete(gpu, &uploaded, &view(), &config)
            .unwrap();
        let projected = rasterizer.read_projected(gpu).unwrap();
        drop(rasterizer);
        let capacity = Capacity::for_frame(gpu, &uploaded, SIZE, 0);
        let frame = frame_uniform(&view(), &config, &uploaded, &capacity);
        let arrays = ProjectedArrays {
            a: &projected.a,
            b: &projected.b,
            c: &projected.c,
        };
        let bits = &projected.visible_bits;
        let seen: Vec<usize> = (0..700)
            .filter(|i| bits[i / 32] >> (i % 32) & 1 == 1)
            .collect();
        let masked = mask();
        for mask in [None, Some(&masked)] {
            let counts = |x, y| mask.is_none_or(|it| it.contains(x, y));
            let expected = contribute(arrays, &frame, counts);
            let ours = contributions(gpu, &uploaded, mask);
            assert_eq!(ours.len(), 700);
            for (i, &ours) in ours.iter().enumerate() {
                let expected = seen.binary_search(&i).map_or(0.0, |at| expected[at]);
                assert_near(f64::from(ours), expected, &format!("splat {i}"));
            }
            let total: f64 = expected.iter().sum();
            assert!(500.0 < total, "{total}");
        }
    }
}

/// Blending is linear in the splats' colours, so that the gradient of red and the difference that
/// more red makes say the same.
#[test]
fn contributions_are_what_colours_change() {
    let Some(gpu) = gpu::gpu() else { return };
    let config = RenderConfig::default();
    let splats = scene(42, 300, 0);
    let mask = mask();
    let drawn = draw(&splats, &view(), &config).unwrap();
    let red = |splats: &Splats| -> f64 {
        let image = draw(splats, &view(), &config).unwrap().image;
        let at = |i: usize| (i as u32 % SIZE[0], i as u32 / SIZE[0]);
        let pixels = image.rgb.iter().enumerate();
        let counted = pixels.filter(|(i, _)| mask.contains(at(*i).0, at(*i).1));
        counted.map(|(_, rgb)| f64::from(rgb[0])).sum()
    };
    let mut d_image = vec![0.0; 4 * drawn.image.alpha.len()];
    for (i, d) in d_image[..drawn.image.alpha.len()].iter_mut().enumerate() {
        let (x, y) = (i as u32 % SIZE[0], i as u32 / SIZE[0]);
        *d = f32::from(u8::from(mask.contains(x, y)));
    }
    let slopes = drawn.backward(&d_image).unwrap();
    let ours = contributions(gpu, &upload(gpu, &splats), Some(&mask));
    let base = red(&splats);
    for (i, &ours) in ours.iter().enumerate() {
        let by_gradient = f64::from(slopes.sh_coeffs[i][0] / sh::C0);
        assert_near(f64::from(ours), by_gradient, &format!("splat {i}"));
        if i % 10 == 0 {
            let mut redder = splats.clone();
            redder.sh_coeffs[i][0] += 2.0;
            let by_difference = (red(&redder) - base) / (2.0 * f64::from(sh::C0));
            assert_near(f64::from(ours), by_difference, &format!("splat {i}"));
        }
    }
    assert!(20 < ours.iter().filter(|it| 1.0 < **it).count());
    assert!(20 < ours.iter().filter(|it| **it == 0.0).count());
}

/// A number that is linear in the pixels changes as `without` says when one splat is missing.
#[test]
fn absences_are_what_pictures_lose() {
    let Some(gpu) = gpu::gpu() else { return };
    let config = RenderConfig {
        background: [0.3, 0.1, 0.8],
        ..RenderConfig::default()
    };
    let splats = scene(45, 300, 0);
    let pixels = (SIZE[0] * SIZE[1]) as usize;
    let slope = |at: usize| {
        let (x, y) = (at as u32 % SIZE[0], at as u32 / SIZE[0]);
        let place = 0.05 * x as f32 + 0.07 * y as f32;
        [0.0, 1.0, 2.0].map(|phase| (place + phase).sin())
    };
    let slopes: Vec<[f32; 3]> = (0..pixels).map(slope).collect();
    let number = |splats: &Splats| -> f64 {
        let image = draw(splats, &view(), &config).unwrap().image;
        let products = image.rgb.iter().flatten().zip(slopes.iter().flatten());
        products.map(|(a, b)| f64::from(a * b)).sum()
    };
    let uploaded = upload(gpu, &splats);
    let mut contribution = contribution(gpu);
    contribution
        .add(gpu, &uploaded, &view(), &config, None)
        .unwrap();
    let ours = contribution.without(gpu, &uploaded, &slopes).unwrap();
    assert!(contribution.without(gpu, &uploaded, &slopes[1..]).is_err());
    // A view afterwards is none the worse for it.
    let before = contribution.finish(gpu).unwrap();
    contribution
        .add(gpu, &uploaded, &view(), &config, None)
        .unwrap();
    for (now, before) in contribution.finish(gpu).unwrap().iter().zip(&before) {
        // Sums of floats in whatever order the device has.
        assert!((now - before).abs() <= 1e-4 * before, "{now} {before}");
    }
    let base = number(&splats);
    let mut changed = 0;
    for (i, ours) in ours.iter().enumerate() {
        // Where α is held at its largest, absence is passed over.
        if 0.98 < splats.opacity(i) || i % 3 != 1 {
            continue;
        }
        let others: Vec<usize> = (0..300).filter(|it| *it != i).collect();
        let expected = number(&splats.select(&others)) - base;
        let off = (f64::from(*ours) - expected).abs();
        assert!(
            off <= 0.03 * expected.abs() + 0.05,
            "{i}: {ours} {expected}"
        );
        changed += usize::from(1.0 < expected.abs());
    }
    assert!(15 < changed, "{changed}");
}

/// All splats and the background together have one of each pixel; views and parts of views add up.
#[test]
fn views_add_up() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = scene(43, 500, 2);
    let uploaded = upload(gpu, &splats);
    let config = RenderConfig::default();
    let whole = contributions(gpu, &uploaded, None);
    let sum: f64 = whole.iter().map(|it| f64::from(*it)).sum();
    let alpha = draw(&splats, &view(), &config).unwrap().image.alpha;
    let alpha: f64 = alpha.iter().map(|it| f64::from(*it)).sum();
    assert!((sum / alpha - 1.0).abs() < 2e-3, "{sum} {alpha}");

    // In parts, twice, with a view of another size between, and in a style that shows no splats.
    let depths = RenderConfig {
        style: Style::Depth,
        ..config.clone()
    };
    let [width, height] = SIZE;
    let corner = |x, y| Vec2::new(x, y);
    let left = [corner(0.0, 0.0), corner(32.5, height as f32)];
    let right = [corner(33.5, 0.0), corner(width as f32, height as f32)];
    let [left, right] = [left, right].map(|it| ScreenMask::rect(width, height, it));
    assert_eq!(left.count() + right.count(), u64::from(width * height));
    let mut contribution = contribution(gpu);
    for (camera, mask) in [
        (view(), Some(&left)),
        (camera(40, 90), None),
        (view(), Some(&right)),
        (view(), None),
    ] {
        contribution
            .add(gpu, &uploaded, &camera, &depths, mask)
            .unwrap();
    }
    let all = contribution.finish(gpu).unwrap();
    contribution
        .add(gpu, &uploaded, &camera(40, 90), &config, None)
        .unwrap();
    let other = contribution.finish(gpu).unwrap();
    for (i, all) in all.iter().enumerate() {
        let expected = 2.0 * whole[i] + other[i];
        assert!(
            (all - expected).abs() <= 1e-3 + 1e-4 * expected,
            "splat {i}"
        );
    }
    assert!(contribution.finish(gpu).unwrap().is_empty());
}

#[test]
fn contributions_of_what_does_not_fit_are_refused() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut contribution = contribution(gpu);
    let config = RenderConfig::default();
    let mut add = |splats: &GpuSplats, camera: &Camera, mask: Option<&ScreenMask>| {
        contribution.add(gpu, splats, camera, &config, mask)
    };
    let (few, more) = (scene(44, 20, 0), scene(44, 30, 0));
    let (few, more) = (upload(gpu, &few), upload(gpu, &more));
    let narrow = ScreenMask::full(SIZE[0] - 1, SIZE[1]);
    let refused = |it| matches!(it, Err(GpuError::Invalid(_)));
    assert!(refused(add(&few, &view(), Some(&narrow))));
    add(&few, &view(), None).unwrap();
    assert!(refused(add(&more, &view(), None)));
    assert_eq!(contribution.finish(gpu).unwrap().len(), 20);
    let none = upload(gpu, &Splats::default());
    contribution
        .add(gpu, &none, &view(), &config, None)
        .unwrap();
    assert!(contribution.finish(gpu).unwrap().is_empty());
    // A picture without pixels shows nothing of anything.
    contribution
        .add(gpu, &more, &camera(0, 10), &config, None)
        .unwrap();
    assert_eq!(contribution.finish(gpu).unwrap(), [0.0; 30]);
}
