//! Frozen splats: no rule, no order and no fading changes them, whatever they are.

use glam::Vec3;
use render::Splats;
use render::gpu::{Gpu, GpuError, Recorder};
use render::splats::sigmoid;
use render::training::{Densified, Densifier, Growth, Noise, PoolOptions, Rule, SplatPool};
use tests::gpu;

use super::{Held, frozen_pool, held, numbered, numbers};
use crate::reference::{self, nominate};

const LEAST: f32 = 0.005;

const GROWTH: Growth = Growth {
    gradient_threshold: 0.6,
    split_scale: 0.08,
    least_opacity: 0.05,
    largest_scale: 0.14,
    budget: 10_000,
    seed: 3,
};

/// Numbered splats, every fifth of them too faint for any rule; of the first some have no numbers,
/// and one is larger than all.
fn splats(n: usize) -> Splats {
    let mut splats = numbered(n, 1, 300 + n as u64);
    for logit in splats.opacity_logits.iter_mut().step_by(5) {
        *logit = -9.0;
    }
    splats.means[3] = Vec3::new(0.5, f32::from_bits(0x7fc0_1234), 0.0);
    splats.opacity_logits[7] = f32::from_bits(0x7fc0_4321);
    splats.log_scales[11] = Vec3::splat(9.0);
    splats.quats[12] = [0.0; 4];
    splats
}

/// The first are as they were in everything that is kept, and the others come from others.
fn assert_frozen(frozen: usize, before: &Held, after: &Held, sources: &[usize]) {
    assert!(sources[..frozen].iter().copied().eq(0..frozen));
    assert!(sources[frozen..].iter().all(|it| frozen <= *it));
    assert!(after.params[..frozen] == before.params[..frozen]);
    assert!(after.moments[..frozen] == before.moments[..frozen]);
}

fn sources(gpu: &Gpu, pool: &SplatPool) -> Vec<usize> {
    numbers(&pool.splats().download(gpu).unwrap())
}

#[test]
fn monte_carlo_leaves_them_alone() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let n = 1500;
    let splats = splats(n);
    for (frozen, by_importance) in [(20, false), (512, true), (700, false), (1499, true)] {
        let mut pool = frozen_pool(gpu, &splats, n + 100, frozen);
        let before = held(gpu, &pool);
        let rule = Rule::Mcmc {
            least_opacity: LEAST,
            target_len: n + 60,
            seed: 7,
            by_importance,
        };
        let done = densifier.densify(gpu, &mut pool, &rule).unwrap();
        let expected = Densified {
            before: n,
            after: n + 60,
        };
        assert_eq!((done, pool.frozen()), (expected, frozen));
        let sources = sources(gpu, &pool);
        assert_frozen(frozen, &before, &held(gpu, &pool), &sources);
        for i in frozen..n {
            let alive = LEAST < sigmoid(splats.opacity_logits[i]);
            assert_eq!(alive, sources.contains(&i), "splat {i}");
        }
    }
}

/// What is expected of 3DGS's rule beside `frozen` splats, which count in the budget.
fn expected(splats: &Splats, pool: &Held, growth: &Growth, frozen: usize) -> Vec<usize> {
    let stays = |i: usize| i < frozen || nominate::stays(splats, i, growth);
    let alive: Vec<usize> = (0..splats.len()).filter(|i| stays(*i)).collect();
    let wishes = alive.iter().filter(|i| frozen <= **i).filter_map(|&i| {
        let statistics = [0, 1, 2].map(|k| f32::from_bits(pool.statistics[i][k]));
        Some((-nominate::nominate(statistics, growth, None)?, i))
    });
    let seats = growth.budget.saturating_sub(alive.len());
    let grown = reference::elect::elect(wishes.collect(), seats);
    let copies = |i: usize| if grown.contains(&i) { 2 } else { 1 };
    let rows = alive
        .iter()
        .flat_map(|&i| std::iter::repeat_n(i, copies(i)));
    rows.collect()
}

#[test]
fn growth_leaves_them_alone() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let n = 1500;
    let splats = splats(n);
    for (frozen, budget) in [(20, 3000), (512, 1530), (700, 3000), (1000, 900)] {
        let growth = Growth { budget, ..GROWTH };
        for views in [None, Some(2)] {
            let mut pool = frozen_pool(gpu, &splats, 2 * n, frozen);
            let before = held(gpu, &pool);
            let rule = views.map_or(Rule::Adaptive(growth), |views| Rule::MultiView {
                growth,
                least_importance: 0.25,
                views,
            });
            let done = densifier.densify(gpu, &mut pool, &rule).unwrap();
            let sources = sources(gpu, &pool);
            assert_eq!(done.after, sources.len());
            assert_frozen(frozen, &before, &held(gpu, &pool), &sources);
            let grows = sources.windows(2).any(|it| it[0] == it[1]);
            assert_eq!(grows, frozen < budget, "{frozen} of {budget}");
            if views.is_none() {
                assert_eq!(sources, expected(&splats, &before, &growth, frozen));
            } else {
                let gone = (frozen..n).filter(|it| !sources.contains(it)).count();
                assert!(10 < gone, "{gone}");
            }
        }
    }
}

/// Where only frozen splats would be left, or are there, nothing happens.
#[test]
fn nothing_is_made_of_frozen_splats_alone() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let n = 600;
    let splats = splats(n);
    let none_stays = Growth {
        least_opacity: 1.5,
        ..GROWTH
    };
    let mcmc = Rule::Mcmc {
        least_opacity: LEAST,
        target_len: n + 50,
        seed: 1,
        by_importance: false,
    };
    for (frozen, rule) in [
        (300, Rule::Adaptive(none_stays)),
        (n, Rule::Adaptive(GROWTH)),
        (n, mcmc),
    ] {
        let mut pool = frozen_pool(gpu, &splats, n + 100, frozen);
        let before = held(gpu, &pool);
        let done = densifier.densify(gpu, &mut pool, &rule).unwrap();
        assert_eq!((done.before, done.after), (n, n), "{rule:?}");
        let after = held(gpu, &pool);
        assert!(after.params == before.params && after.moments == before.moments);
        pool.set_len(gpu, 10);
        assert_eq!(pool.len(), frozen.max(10));
    }
    let options = PoolOptions {
        frozen: n + 1,
        ..PoolOptions::default()
    };
    let refused = SplatPool::with_options(gpu, &splats, &options);
    assert!(matches!(refused, Err(GpuError::Invalid(_))));
}

#[test]
fn they_keep_their_places() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    for (n, frozen) in [(600, 20), (1500, 512), (1500, 700), (1500, 1500)] {
        let splats = splats(n);
        let mut pool = frozen_pool(gpu, &splats, n + 7, frozen);
        let before = held(gpu, &pool);
        let (centre, radius) = pool.splats().extent();
        densifier.reorder(gpu, &mut pool).unwrap();
        let (order, after) = (sources(gpu, &pool), held(gpu, &pool));
        assert_frozen(frozen, &before, &after, &order);
        for (j, &i) in order.iter().enumerate() {
            assert_eq!(after.params[j], before.params[i]);
            assert_eq!(after.statistics[j], before.statistics[i]);
        }
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..n), "each splat is there once");
        let free = order[frozen..].iter();
        let codes: Vec<u32> = free
            .map(|&i| reference::encode::encode(splats.means[i], centre, radius))
            .collect();
        let unsorted = codes.windows(2).filter(|it| it[1] < it[0]).count();
        assert!(unsorted <= n / 200, "{unsorted} of {n}");
    }
}

/// Fading and noise do to the others what they do to all where none is frozen.
#[test]
fn fading_and_noise_pass_them_by() {
    let Some(gpu) = gpu::gpu() else { return };
    let densifier = Densifier::new(gpu).unwrap();
    let mut noise = Noise::new(gpu).unwrap();
    let splats = splats(1300);
    let frozen = 600;
    let mut act = |frozen: usize| {
        let pool = frozen_pool(gpu, &splats, 1400, frozen);
        densifier.decay(gpu, &pool, 0.25).unwrap();
        densifier.cap_opacity(gpu, &pool, 0.3, true).unwrap();
        noise.prepare(gpu, &pool, 20.0, 5);
        let mut recorder = Recorder::new(gpu, None, false);
        noise.record(&mut recorder);
        recorder.submit(gpu);
        held(gpu, &pool)
    };
    let before = held(gpu, &frozen_pool(gpu, &splats, 1400, frozen));
    let (with, without) = (act(frozen), act(0));
    assert!(with.params[..frozen] == before.params[..frozen]);
    assert!(with.moments[..frozen] == before.moments[..frozen]);
    assert!(with.params[frozen..] == without.params[frozen..]);
    assert!(with.moments[frozen..] == without.moments[frozen..]);
    assert!(with.params[frozen..] != before.params[frozen..]);
}
