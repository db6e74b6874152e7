//! Frozen splats stay to the bit through steps and filters; splats that left a region come back.

use glam::{Quat, Vec3};
use render::gpu::{Gpu, Recorder};
use render::training::{
    Confine, DescentConfig, Enclosure, Filter, PoolOptions, PoolState, SplatPool,
};
use render::{GpuSplats, Splats};
use tests::gpu;

use super::steps::{SMALL_CHUNKS, config, d_image, descend};
use crate::gradients::differences::{camera, random_splats};
use crate::reference::confine::confine;

/// Pools of the same splats in several chunks, with so many frozen.
fn pool(gpu: &Gpu, splats: &Splats, frozen: usize) -> SplatPool {
    let options = PoolOptions {
        room: 1000,
        statistics: 3,
        filtered: true,
        frozen,
        max_chunk_bytes: Some(SMALL_CHUNKS),
    };
    SplatPool::with_options(gpu, splats, &options).unwrap()
}

/// Everything of the splats from `begin` to before `end`, as words.
fn part(state: &PoolState, begin: usize, end: usize) -> Vec<u32> {
    let n = state.splats.len();
    let splats = state.splats.select(&(begin..end).collect::<Vec<_>>());
    let floats = splats
        .means
        .iter()
        .chain(&splats.log_scales)
        .flat_map(Vec3::to_array)
        .chain(splats.quats.iter().flatten().copied())
        .chain(splats.opacity_logits.iter().copied())
        .chain(splats.sh_coeffs.iter().flatten().copied());
    let mut words: Vec<u32> = floats.map(f32::to_bits).collect();
    let planes = state.geometry.chunks(n);
    let planes = planes
        .chain(std::iter::once(state.sh_second.as_slice()))
        .chain(state.statistics.iter().map(Vec::as_slice))
        .chain(state.filter.as_deref());
    for plane in planes {
        words.extend(plane[begin..end].iter().map(|it| it.to_bits()));
    }
    for plane in state.sh_first.chunks(n) {
        words.extend(&plane[begin..end]);
    }
    words
}

/// A step moves the others as it would if none were frozen: all are drawn.
#[test]
fn a_step_leaves_frozen_splats_to_the_bit() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(31, 900, 2);
    for only_visible in [true, false] {
        let config = DescentConfig {
            only_visible,
            ..config()
        };
        let all = pool(gpu, &splats, 0);
        descend(gpu, &all, 0..1, &config, d_image);
        let all = all.read(gpu).unwrap();
        for frozen in [1, 255, 333, 900] {
            let some = pool(gpu, &splats, frozen);
            let before = some.read(gpu).unwrap();
            assert_eq!(before.frozen, frozen);
            descend(gpu, &some, 0..1, &config, d_image);
            let after = some.read(gpu).unwrap();
            assert!(part(&after, 0, frozen) == part(&before, 0, frozen));
            assert!(part(&after, frozen, 900) == part(&all, frozen, 900));
            assert_eq!(after.splats == before.splats, frozen == 900);

            // And so it goes on from what was read.
            let next = SplatPool::from_state(gpu, &after, 2000).unwrap();
            descend(gpu, &next, 1..3, &config, d_image);
            let next = next.read(gpu).unwrap();
            assert!(part(&next, 0, frozen) == part(&before, 0, frozen));
            let over = PoolState {
                frozen: 901,
                ..next
            };
            assert!(over.check().is_err());
        }
    }
}

/// They come out without a filter, and the others with what they had baked in.
#[test]
fn frozen_splats_get_no_filter() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = random_splats(32, 700, 1);
    for scales in &mut splats.log_scales {
        *scales -= 2.0;
    }
    let pool = pool(gpu, &splats, 280);
    let mut filter = Filter::new(gpu, &[camera(90, 60)]).unwrap();
    filter.prepare(gpu, &pool, 0.3).unwrap();
    let mut recorder = Recorder::new(gpu, None, false);
    filter.record(&mut recorder);
    recorder.submit(gpu);
    let sizes = pool.read(gpu).unwrap().filter.unwrap();
    assert!(sizes[..280].iter().all(|it| *it == 0.0));
    assert!(sizes[280..].iter().all(|it| 0.0 < *it));
    let snapshot = pool.snapshot(gpu).unwrap();
    assert_eq!(snapshot.frozen(), 280);
    let shown = snapshot.download(gpu).unwrap();
    let (first, rest): (Vec<usize>, Vec<usize>) = (0..700).partition(|it| *it < 280);
    assert!(shown.select(&first) == splats.select(&first));
    assert!(shown.select(&rest).log_scales != splats.select(&rest).log_scales);
    // Drawn to the bit as they would be without: a filter of size zero is none.
    let images = [
        GpuSplats::upload(gpu, &splats.select(&first)).unwrap(),
        self::pool(gpu, &splats.select(&first), 280)
            .snapshot(gpu)
            .unwrap(),
    ]
    .map(|it| {
        let mut rasterizer = gpu::rasterizer(gpu);
        rasterizer
            .draw_complete(gpu, &it, &camera(90, 60), &render::RenderConfig::default())
            .unwrap();
        rasterizer.read_image(gpu).unwrap().rgb.into_flattened()
    });
    assert!(tests::max_abs_diff(&images[0], &images[1]) < 1e-5);
}

#[test]
fn confine_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = random_splats(33, 900, 0);
    let centre = splats.means.iter().sum::<Vec3>() / 900.0;
    splats.means[400] = Vec3::new(f32::from_bits(0x7fc0_1234), 0.0, 1.0);
    splats.means[401] = Vec3::splat(1e8);
    let turned = Quat::from_euler(glam::EulerRot::XYZ, 0.4, -0.9, 0.2);
    for (half, radius) in [
        (Vec3::ZERO, 0.8),
        (Vec3::new(0.5, 0.9, 0.3), 0.0),
        (Vec3::new(0.4, 0.1, 0.7), 0.3),
    ] {
        let region = Enclosure {
            centre,
            half,
            rotation: turned,
            radius,
        };
        let mut confined = Confine::new(gpu, &region).unwrap();
        for frozen in [0, 333] {
            let pool = pool(gpu, &splats, frozen);
            let before = pool.read(gpu).unwrap();
            confined.prepare(gpu, &pool);
            let mut recorder = Recorder::new(gpu, None, false);
            confined.record(&mut recorder);
            recorder.submit(gpu);
            let after = pool.read(gpu).unwrap();
            let mut moved = 0;
            for i in 0..900 {
                let (old, new) = (before.splats.means[i], after.splats.means[i]);
                let expected = confine(old, &region).filter(|it| frozen <= i && it.is_finite());
                let same = old.to_array().map(f32::to_bits) == new.to_array().map(f32::to_bits);
                match expected {
                    None => assert!(same, "splat {i}"),
                    Some(it) => {
                        // The farther away it was the less f32 knows of where.
                        let scale = 1.0 + 1e-2 * old.length();
                        let off = (new.as_dvec3() - it).abs().max_element();
                        assert!(off < 1e-5 * f64::from(scale), "splat {i}: {new} {it}");
                        moved += 1;
                    }
                }
            }
            assert!(200 < moved && moved < 890, "{moved}");
            assert!(after.splats.log_scales == before.splats.log_scales);
        }
    }
}
