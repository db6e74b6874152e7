//! What views say of splats; opacities that fade; noise on a pool.

use glam::Vec3;
use render::gpu::{Gpu, GpuError, Recorder};
use render::loss::{AlphaUse, Photo};
use render::training::{Densifier, Noise, Scores, SplatPool};
use render::{Gradient, GradientOptions, RenderConfig, Splats};
use tests::gpu;

use super::{camera, held, numbered, pool};
use crate::reference;

/// What a view said.
struct Said {
    /// Importance and error of each splat.
    scores: Vec<[f32; 2]>,
    /// Alpha of each pixel of the frame.
    alpha: Vec<f32>,
    /// Mark and error of each.
    marked: Vec<(f32, f32)>,
}

/// What a view of `splats` says beside a grey photo with a bright corner.
fn scores(gpu: &Gpu, splats: &Splats) -> Said {
    let pool = pool(gpu, splats, splats.len());
    for (_, moments) in pool.chunks() {
        moments
            .statistics
            .write(gpu, &vec![0.0; moments.statistics.len()]);
    }
    let size = [96, 64];
    let rgba: Vec<u8> = (0..size[0] * size[1])
        .flat_map(|it| {
            let (x, y) = (it % size[0], it / size[0]);
            let grey = if x < 30 && y < 20 { 250 } else { 90 };
            [grey, 80, 100, 255]
        })
        .collect();
    let photo = Photo::upload(gpu, size, &rgba).unwrap();
    let options = GradientOptions {
        until_sums: true,
        ..GradientOptions::portable(gpu.capabilities())
    };
    let mut gradient = Gradient::new(gpu, options).unwrap();
    let mut scores = Scores::new(gpu).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    rasterizer
        .draw_complete(gpu, pool.splats(), &camera(), &RenderConfig::default())
        .unwrap();
    let image = rasterizer.read_image(gpu).unwrap();
    for _ in 0..2 {
        scores
            .score_view(
                gpu,
                (&rasterizer, &mut gradient),
                &pool,
                (&photo, [0.0; 3], AlphaUse::Ignored),
            )
            .unwrap();
    }
    let bare = SplatPool::new(gpu, splats, 0, 2).unwrap();
    let refused = scores.score_view(
        gpu,
        (&rasterizer, &mut gradient),
        &bare,
        (&photo, [0.0; 3], AlphaUse::Ignored),
    );
    assert!(matches!(refused, Err(GpuError::Invalid(_))));
    drop(rasterizer);
    let photo: Vec<[f32; 3]> = rgba
        .chunks(4)
        .map(|it| [0, 1, 2].map(|k| f32::from(it[k]) / 255.0))
        .collect();
    let errors = reference::find_errors::find_errors(&image.rgb, &photo);
    let marked = reference::mark_errors::mark_errors(&errors);
    // Both views said the same.
    let halves = |it: &Vec<u32>| [2, 3].map(|k| 0.5 * f32::from_bits(it[k]));
    let statistics = held(gpu, &pool).statistics;
    assert!(statistics.iter().all(|it| it[0] == 0 && it[1] == 0));
    Said {
        scores: statistics.iter().map(halves).collect(),
        alpha: image.alpha,
        marked,
    }
}

#[test]
fn a_splat_alone_has_the_errors_of_its_pixels() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = numbered(1, 0, 95);
    splats.means[0] = Vec3::new(-0.6, -0.4, 4.0);
    splats.log_scales[0] = Vec3::splat(-1.0);
    let said = scores(gpu, &splats);
    let (importance, error) = reference::score::score(&said.alpha, &said.marked);
    assert!(10.0 < importance && 0.05 < error && error < 0.95);
    let [ours, our_error] = said.scores[0].map(f64::from);
    assert!(
        (ours / importance - 1.0).abs() < 1e-3,
        "{ours} {importance}"
    );
    assert!(
        (our_error / error - 1.0).abs() < 1e-3,
        "{our_error} {error}"
    );
}

/// What the splats cover of the marked pixels is, all together, the frame's alpha there.
#[test]
fn importance_adds_up_to_alpha() {
    let Some(gpu) = gpu::gpu() else { return };
    let Said {
        scores,
        alpha,
        marked,
    } = scores(gpu, &numbered(1300, 0, 96));
    let covered: f64 = scores.iter().map(|it| f64::from(it[0])).sum();
    let expected: f64 = alpha
        .iter()
        .zip(&marked)
        .map(|(alpha, (mark, _))| f64::from(alpha * mark))
        .sum();
    assert!(100.0 < expected);
    assert!(
        (covered / expected - 1.0).abs() < 2e-3,
        "{covered} {expected}"
    );
    assert!(scores.iter().all(|it| (0.0..=1.001).contains(&it[1])));
    assert!(scores.iter().any(|it| 0.3 < it[1]));
}

#[test]
fn opacities_fade() {
    let Some(gpu) = gpu::gpu() else { return };
    let densifier = Densifier::new(gpu).unwrap();
    let mut splats = numbered(700, 0, 97);
    splats.opacity_logits[5] = -100.0;
    splats.opacity_logits[600] = 40.0;
    let check = |pool: &SplatPool, (keep, largest), forgets: bool| {
        let before = held(gpu, &super::pool(gpu, &splats, 700));
        let after = held(gpu, pool);
        for (i, &logit) in splats.opacity_logits.iter().enumerate() {
            let ours = f32::from_bits(after.params[i][10]);
            match reference::fade::fade(logit, keep, largest) {
                None => assert_eq!(ours.to_bits(), logit.to_bits(), "splat {i}"),
                Some(it) => assert!((f64::from(ours) - it).abs() < 1e-4, "{ours} {it}"),
            }
            for (plane, (new, old)) in after.moments[i].iter().zip(&before.moments[i]).enumerate() {
                let forgotten = forgets && (plane == 10 || plane == 21);
                assert_eq!(*new, if forgotten { 0 } else { *old });
            }
        }
    };
    let faded = pool(gpu, &splats, 700);
    densifier.decay(gpu, &faded, 0.25).unwrap();
    check(&faded, (0.75, 1.0), false);
    for forgets in [false, true] {
        let cut = pool(gpu, &splats, 700);
        densifier.cap_opacity(gpu, &cut, 0.01, forgets).unwrap();
        check(&cut, (1.0, f64::from(0.01_f32)), forgets);
    }
}

/// As the kernel alone does it (which has tests of its own), in every chunk, and in the pool's
/// new length once that has changed.
#[test]
fn noise_reaches_every_splat() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = numbered(1300, 0, 98);
    splats.opacity_logits.fill(-8.0);
    let mut pool = pool(gpu, &splats, 1400);
    let mut noise = Noise::new(gpu).unwrap();
    let mut moved = |pool: &SplatPool, seed| {
        let before = pool.splats().download(gpu).unwrap();
        noise.prepare(gpu, pool, 20.0, seed);
        let mut recorder = Recorder::new(gpu, None, false);
        noise.record(&mut recorder);
        recorder.submit(gpu);
        let after = pool.splats().download(gpu).unwrap();
        let uniform = render::gpu::NoiseUniform {
            scale: 20.0,
            gate_slope: 100.0,
            gate_opacity: 0.005,
            seed,
        };
        for i in 0..before.len() {
            let unit = reference::random::normal_noise(i as u32, seed);
            let delta = reference::add_noise::add_noise(&before, i, unit, &uniform);
            let expected = before.means[i].as_dvec3() + delta;
            let off = (after.means[i].as_dvec3() - expected).abs().max_element();
            assert!(off < 1e-4, "splat {i}: {off}");
            assert_ne!(after.means[i], before.means[i]);
        }
    };
    moved(&pool, 1);
    moved(&pool, 2);
    pool.set_len(gpu, 400);
    moved(&pool, 3);
}
