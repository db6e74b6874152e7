//! 3DGS's rule on pools, and where several views are asked.

use render::Splats;
use render::gpu::{Gpu, GpuError};
use render::training::{Densifier, Growth, Rule, SplatPool};
use tests::gpu;

use super::{check_origins, held, numbered, numbers, pool};
use crate::reference::{doubt, elect, nominate};

const GROWTH: Growth = Growth {
    gradient_threshold: 0.6,
    split_scale: 0.08,
    least_opacity: 0.05,
    largest_scale: 0.14,
    budget: 10_000,
    seed: 3,
};

/// The statistics of each splat: Σ lengths, frames, importance, errors.
fn statistics(gpu: &Gpu, pool: &SplatPool) -> Vec<[f32; 4]> {
    let planes = held(gpu, pool).statistics;
    let floats = |it: Vec<u32>| [0, 1, 2, 3].map(|k| f32::from_bits(it[k]));
    planes.into_iter().map(floats).collect()
}

/// What each splat becomes, but for those that several views say are to be pruned.
fn expected(
    splats: &Splats,
    statistics: &[[f32; 4]],
    growth: &Growth,
    (stays, least_importance): (&dyn Fn(usize) -> bool, Option<f32>),
) -> Vec<u32> {
    let mut copies: Vec<u32> = (0..splats.len()).map(|i| u32::from(stays(i))).collect();
    let alive = copies.iter().sum::<u32>() as usize;
    let eager = (0..splats.len()).filter(|&i| stays(i)).filter_map(|i| {
        let [lengths, frames, importance, _] = statistics[i];
        let gradient = nominate::nominate([lengths, frames, importance], growth, least_importance)?;
        Some((-gradient, i))
    });
    let seats = growth.budget.saturating_sub(alive);
    for i in elect::elect(eager.collect(), seats) {
        copies[i] = 2;
    }
    copies
}

fn check(gpu: &Gpu, densifier: &mut Densifier, n: usize, budget: usize) {
    let splats = numbered(n, 1, 70 + n as u64);
    let growth = Growth { budget, ..GROWTH };
    let mut pool = pool(gpu, &splats, 2 * n);
    let statistics = statistics(gpu, &pool);
    let before = held(gpu, &pool);
    let stays = |i: usize| nominate::stays(&splats, i, &growth);
    let copies = expected(&splats, &statistics, &growth, (&stays, None));
    let done = densifier
        .densify(gpu, &mut pool, &Rule::Adaptive(growth))
        .unwrap();
    let total = copies.iter().sum::<u32>() as usize;
    let alive = (0..n).filter(|&i| stays(i)).count();
    assert!(total <= budget.max(alive));
    assert_eq!(
        (done.before, done.after),
        (n, if total == 0 { n } else { total })
    );
    if total == 0 {
        return;
    }
    let new = pool.splats().download(gpu).unwrap();
    let after = held(gpu, &pool);
    let sources = numbers(&new);
    let rows = (0..n).flat_map(|i| std::iter::repeat_n(i, copies[i] as usize));
    assert!(
        sources.iter().copied().eq(rows),
        "{n} splats, at most {budget}"
    );
    for (j, &i) in sources.iter().enumerate() {
        let splits = copies[i] == 2 && GROWTH.split_scale.ln() < splats.log_scales[i].max_element();
        let second = 0 < j && sources[j - 1] == i;
        if splits {
            let shift = splats.log_scales[i] - new.log_scales[j];
            assert!((shift - 1.6_f32.ln()).abs().max_element() < 1e-5);
            assert_ne!(new.means[j], splats.means[i]);
        } else {
            assert_eq!(after.params[j], before.params[i]);
        }
        if splits || second {
            assert!(after.moments[j].iter().all(|it| *it == 0));
        } else {
            assert_eq!(after.moments[j], before.moments[i]);
        }
    }
    assert!(after.statistics.iter().flatten().all(|it| *it == 0));
    check_origins(gpu, &pool);
}

#[test]
fn eager_splats_become_two() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    for n in [1, 255, 257, 1500] {
        // Room for all that want to; for some; for none.
        for budget in [2 * n, n - n / 20, n / 2, 0] {
            check(gpu, &mut densifier, n, budget);
        }
    }
}

#[test]
fn a_rule_that_gives_up_all_changes_nothing() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = numbered(300, 0, 71);
    let mut pool = pool(gpu, &splats, 400);
    let before = held(gpu, &pool);
    let rule = Rule::Adaptive(Growth {
        least_opacity: 1.5,
        ..GROWTH
    });
    let mut densifier = Densifier::new(gpu).unwrap();
    let done = densifier.densify(gpu, &mut pool, &rule).unwrap();
    assert_eq!((done.before, done.after), (300, 300));
    let after = held(gpu, &pool);
    assert!(after.params == before.params && after.moments == before.moments);
    let mut without = SplatPool::new(gpu, &splats, 400, 0).unwrap();
    let refused = densifier.densify(gpu, &mut without, &rule);
    assert!(matches!(refused, Err(GpuError::Invalid(_))));
}

/// Half of the candidates go, in the order of the draw; only what matters to the views grows.
#[test]
fn several_views_decide() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let n = 1500;
    let views = 2;
    let splats = numbered(n, 0, 72);
    let mut pool = pool(gpu, &splats, 2 * n);
    let statistics = statistics(gpu, &pool);
    let rule = Rule::MultiView {
        growth: GROWTH,
        least_importance: 0.25,
        views,
    };
    densifier.densify(gpu, &mut pool, &rule).unwrap();
    let sources = numbers(&pool.splats().download(gpu).unwrap());
    let candidates: Vec<usize> = (0..n)
        .filter(|&i| doubt::is_candidate(&splats, i, &GROWTH))
        .collect();
    let key = |i: usize| {
        let error = f64::from(statistics[i][3]) / f64::from(views);
        doubt::doubt(i as u32, GROWTH.seed, error)
    };
    let is_left = |i: usize| sources.binary_search(&i).is_ok();
    let (left, gone): (Vec<usize>, Vec<usize>) = candidates.iter().partition(|it| is_left(**it));
    assert_eq!(gone.len(), candidates.len() / 2);
    assert!(100 < gone.len());
    let last_gone = gone.iter().map(|it| key(*it)).fold(0.0, f64::max);
    let first_left = left.iter().map(|it| key(*it)).fold(f64::MAX, f64::min);
    assert!(
        last_gone <= first_left * (1.0 + 1e-4),
        "{last_gone} {first_left}"
    );
    let stays = |i: usize| !gone.contains(&i);
    let copies = expected(&splats, &statistics, &GROWTH, (&stays, Some(0.5)));
    let rows = (0..n).flat_map(|i| std::iter::repeat_n(i, copies[i] as usize));
    assert!(sources.iter().copied().eq(rows));
    assert!(copies.contains(&2));
}
