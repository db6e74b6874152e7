//! `weigh`, `accumulate`, `draw`, `trace` and `gather` against their twins.

use rand::RngExt;
use render::gpu::{
    DensifyTally, DrawUniform, GatherUniform, Gpu, GpuVec, LevelUniform, TraceUniform, WeighUniform,
};
use render::kernels as k;
use render::splats::sigmoid;
use render::{GpuSplats, Splats};
use tests::gpu;

use super::chain::{GUARD, UNTOUCHED, random_splats};
use super::{SIZES, per, random_u32s, rng, run};
use crate::reference;

const TALLY: DensifyTally = DensifyTally {
    alive: 0,
    wishes: 0,
    candidates: 0,
};

fn upload<T: bytemuck::Pod>(gpu: &Gpu, elements: &[T]) -> GpuVec<T> {
    GpuVec::from_slice(gpu, "test", elements).unwrap()
}

/// Weights and copies that `weigh` leaves of splats in chunks of 512, and how many are alive.
fn weigh(
    gpu: &Gpu,
    splats: &Splats,
    importance: Option<&[f32]>,
    least_opacity: f32,
) -> (Vec<f32>, Vec<u32>, u32) {
    let planes = 11 + 3 * splats.coeffs_per_splat() as u64;
    let uploaded = GpuSplats::upload_chunked(gpu, splats, 4 * planes * 512).unwrap();
    let n = splats.len();
    let uniform = WeighUniform {
        least_opacity,
        by_importance: u32::from(importance.is_some()),
    };
    let (sums, copies) = (upload(gpu, &vec![7_u32; n]), upload(gpu, &vec![7_u32; n]));
    let tally = upload(gpu, &[TALLY]);
    let kernel = k::Weigh::new(gpu).unwrap();
    for chunk in uploaded.chunks() {
        let mut statistics = vec![0.0; 3 * chunk.stride];
        if let Some(importance) = importance {
            let part = &importance[chunk.first..chunk.first + chunk.count];
            statistics[2 * chunk.stride..][..chunk.count].copy_from_slice(part);
        }
        let arrays = k::weigh::Arrays {
            weigh: &upload(gpu, &[uniform]),
            chunk: &chunk.uniform,
            params: &chunk.params,
            statistics: &upload(gpu, &statistics),
            sums: &sums,
            copies: &copies,
            tally: &tally,
        };
        let bound = kernel.bind(gpu, &arrays);
        run(gpu, kernel.kernel(), &bound, per(chunk.count, 256));
    }
    let weights = sums.read(gpu).unwrap().into_iter().map(f32::from_bits);
    let alive = tally.read(gpu).unwrap()[0].alive;
    (weights.collect(), copies.read(gpu).unwrap(), alive)
}

#[test]
fn weigh_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(120);
    for n in [1, 255, 257, 1500] {
        let mut splats = random_splats(&mut rng, n, 1);
        let nothing = f32::from_bits(0x7fc0_1234);
        for i in (0..n).step_by(40) {
            match i / 40 % 5 {
                0 => splats.opacity_logits[i] = nothing,
                1 => splats.means[i].y = f32::INFINITY,
                2 => splats.quats[i][3] = nothing,
                3 => splats.log_scales[i].z = f32::NEG_INFINITY,
                _ => splats.opacity_logits[i] = -200.0,
            }
        }
        let importance: Vec<f32> = (0..n).map(|i| (i % 7) as f32 * 3.0).collect();
        for importance in [None, Some(importance.as_slice())] {
            let (weights, copies, alive) = weigh(gpu, &splats, importance, 0.05);
            let mut expected_alive = 0;
            for i in 0..n {
                let expected =
                    reference::weigh::weigh(&splats, i, 0.05, importance.map(|it| it[i]));
                if (sigmoid(splats.opacity_logits[i]) - 0.05).abs() < 1e-6 {
                    continue;
                }
                expected_alive += u32::from(expected.is_some());
                assert_eq!(copies[i], u32::from(expected.is_some()), "splat {i} of {n}");
                let expected = expected.unwrap_or(0.0);
                let off = (f64::from(weights[i]) - expected).abs();
                assert!(off <= 1e-5 * expected, "{} {expected}", weights[i]);
            }
            assert_eq!(alive, expected_alive);
        }
    }
}

/// All levels of sums over `elements`, and what lies behind them.
fn accumulate(gpu: &Gpu, elements: &[u32], floats: bool) -> Vec<u32> {
    let mut levels = vec![(0, elements.len())];
    while let Some(&(first, len)) = levels.last()
        && 256 < len
    {
        levels.push((first + len, len.div_ceil(256)));
    }
    let &(last, len) = levels.last().unwrap();
    let mut array = elements.to_vec();
    array.resize(last + len + GUARD, UNTOUCHED);
    let sums = upload(gpu, &array);
    let constants = [("FLOATS", f64::from(u8::from(floats)))];
    let kernel = k::Accumulate::with_constants(gpu, &constants).unwrap();
    for (first, len) in levels {
        let level = LevelUniform {
            first: first as u32,
            len: len as u32,
        };
        let arrays = k::accumulate::Arrays {
            level: &upload(gpu, &[level]),
            sums: &sums,
        };
        let bound = kernel.bind(gpu, &arrays);
        run(gpu, kernel.kernel(), &bound, per(len, 256));
    }
    sums.read(gpu).unwrap()
}

#[test]
fn accumulate_agrees_to_the_bit() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(121);
    for n in SIZES {
        let counts = random_u32s(&mut rng, n, 9);
        let weights: Vec<f32> = counts
            .iter()
            .map(|it| {
                if *it < 3 {
                    0.0
                } else {
                    rng.random_range(0.0..1e3)
                }
            })
            .collect();
        let bits: Vec<u32> = weights.iter().map(|it| it.to_bits()).collect();
        let expected = reference::accumulate::accumulate(&counts);
        let ours = accumulate(gpu, &counts, false);
        assert_eq!(ours[..expected.len()], expected, "{n}");
        assert!(ours[expected.len()..].iter().all(|it| *it == UNTOUCHED));
        let expected = reference::accumulate::accumulate(&weights);
        let ours = accumulate(gpu, &bits, true);
        assert!(
            ours[..expected.len()].iter().eq(expected
                .iter()
                .map(|it| it.to_bits())
                .collect::<Vec<_>>()
                .iter()),
            "{n}"
        );
        assert!(ours[expected.len()..].iter().all(|it| *it == UNTOUCHED));
    }
}

/// Copies after the draws, of splats of these weights; 0 is dead, but for the first `frozen`.
fn draw(gpu: &Gpu, weights: &[f32], frozen: u32, target_len: u32, seed: u32) -> Vec<u32> {
    let sums = reference::accumulate::accumulate(weights);
    let bits: Vec<u32> = sums.iter().map(|it| it.to_bits()).collect();
    let mut expected: Vec<u32> = weights.iter().map(|it| u32::from(0.0 < *it)).collect();
    let alive = expected.iter().sum();
    expected[..frozen as usize].fill(1);
    let copies = upload(gpu, &expected);
    let kernel = k::Draw::new(gpu).unwrap();
    let arrays = k::draw::Arrays {
        draw: &upload(
            gpu,
            &[DrawUniform {
                len: weights.len() as u32,
                target_len,
                seed,
                frozen,
            }],
        ),
        tally: &upload(gpu, &[DensifyTally { alive, ..TALLY }]),
        sums: &upload(gpu, &bits),
        copies: &copies,
    };
    let bound = kernel.bind(gpu, &arrays);
    run(gpu, kernel.kernel(), &bound, per(target_len as usize, 256));
    reference::draw::draw(&sums, &mut expected, target_len, (alive, frozen), seed);
    let ours = copies.read(gpu).unwrap();
    assert_eq!(ours, expected);
    ours
}

/// Every draw agrees; nothing dead is drawn; where all are dead all stay.
#[test]
fn draws_agree() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(122);
    for n in [1, 2, 255, 256, 257, 1000, 70_000_u32] {
        let mut weights: Vec<f32> = (0..n)
            .map(|_| {
                if rng.random_bool(0.3) {
                    0.0
                } else {
                    rng.random_range(1e-3_f32..1.0).powi(4)
                }
            })
            .collect();
        weights[n as usize / 2] = 0.5;
        for target_len in [n, n + n / 20 + 3] {
            let copies = draw(gpu, &weights, 0, target_len, n);
            assert_eq!(copies.iter().sum::<u32>(), target_len);
            let dead = weights.iter().zip(&copies).filter(|(it, _)| **it == 0.0);
            assert!(dead.into_iter().all(|(_, copies)| *copies == 0));
        }
        let copies = draw(gpu, &vec![0.0; n as usize], 0, n + 5, 1);
        assert!(copies.iter().all(|it| *it == 1));
        let frozen = n / 3;
        weights[..frozen as usize].fill(0.0);
        let copies = draw(gpu, &weights, frozen, n + 7, 2);
        assert!(copies[..frozen as usize].iter().all(|it| *it == 1));
        assert_eq!(copies.iter().sum::<u32>(), n + 7);
    }
}

/// Within four standard errors of what the weights say; another seed, other draws.
#[test]
fn draws_follow_the_weights() {
    let Some(gpu) = gpu::gpu() else { return };
    let n = 600;
    let weights: Vec<f32> = (0..n).map(|i| ((i % 10) as f32).powi(2)).collect();
    let total: f64 = weights.iter().map(|it| f64::from(*it)).sum();
    let alive = weights.iter().filter(|it| 0.0 < **it).count() as u32;
    let draws = 200_000;
    let copies = draw(gpu, &weights, 0, alive + draws, 3);
    for (weight, copies) in weights.iter().zip(&copies) {
        let chance = f64::from(*weight) / total;
        let expected = chance * f64::from(draws);
        let drawn = f64::from(copies.saturating_sub(1));
        let error = (expected * (1.0 - chance)).sqrt();
        assert!(
            (drawn - expected).abs() <= 4.5 * error + 0.5,
            "{drawn} {expected}"
        );
    }
    assert_ne!(copies, draw(gpu, &weights, 0, alive + draws, 4));
}

#[test]
fn trace_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(123);
    let kernel = k::Trace::new(gpu).unwrap();
    for n in [1, 255, 256, 257, 1000, 70_000] {
        let mut copies: Vec<u32> = (0..n).map(|_| rng.random_range(0_u32..5) / 2).collect();
        // Long rows of nothing, and one with many.
        copies[n / 3..n / 2].fill(0);
        copies[n / 2] = 600;
        let total = copies.iter().sum::<u32>() as usize;
        for new_len in [total, total + 3] {
            let sources = upload(gpu, &vec![UNTOUCHED; new_len + GUARD]);
            let arrays = k::trace::Arrays {
                trace: &upload(
                    gpu,
                    &[TraceUniform {
                        len: n as u32,
                        new_len: new_len as u32,
                    }],
                ),
                sums: &upload(gpu, &reference::accumulate::accumulate(&copies)),
                sources: &sources,
            };
            let bound = kernel.bind(gpu, &arrays);
            run(gpu, kernel.kernel(), &bound, per(new_len, 256));
            let ours = sources.read(gpu).unwrap();
            assert_eq!(ours[..new_len], reference::trace::trace(&copies, new_len));
            assert!(ours[new_len..].iter().all(|it| *it == UNTOUCHED));
        }
    }
}

#[test]
fn gather_agrees() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut rng = rng(124);
    let kernel = k::Gather::new(gpu).unwrap();
    let splats = random_splats(&mut rng, 1500, 1);
    let planes = 11 + 3 * 4;
    let chunked = GpuSplats::upload_chunked(gpu, &splats, 4 * planes as u64 * 512).unwrap();
    let (first_plane, count, staged_len) = (3, 7, 1300);
    let staged = random_u32s(&mut rng, count * staged_len, u32::MAX);
    let sources = random_u32s(&mut rng, 1500, staged_len as u32);
    for chunk in chunked.chunks() {
        let before = chunk.params.words().read(gpu).unwrap();
        let part = GatherUniform {
            first_plane: first_plane as u32,
            planes: count as u32,
            staged_len: staged_len as u32,
        };
        let arrays = k::gather::Arrays {
            part: &upload(gpu, &[part]),
            chunk: &chunk.uniform,
            sources: &upload(gpu, &sources),
            staged: &upload(gpu, &staged),
            planes: &chunk.params.words(),
        };
        let bound = kernel.bind(gpu, &arrays);
        run(gpu, kernel.kernel(), &bound, per(chunk.count, 256));
        let after = chunk.params.words().read(gpu).unwrap();
        for (plane, (ours, before)) in after
            .chunks(chunk.stride)
            .zip(before.chunks(chunk.stride))
            .enumerate()
        {
            if !(first_plane..first_plane + count).contains(&plane) {
                assert_eq!(ours, before);
                continue;
            }
            let from = &staged[(plane - first_plane) * staged_len..][..staged_len];
            let own = &sources[chunk.first..chunk.first + chunk.count];
            assert_eq!(ours, reference::gather::gather(from, own));
        }
    }
}
