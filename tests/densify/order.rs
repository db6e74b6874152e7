//! Splats laid in an order in which neighbours in memory are neighbours in space.

use glam::Vec3;
use render::Splats;
use render::training::{Densifier, Rule, SplatPool};
use tests::gpu;

use super::{check_origins, difference, draw, held, numbered, numbers, pool};
use crate::reference;

/// The mean distance from one splat to the next.
fn stride(splats: &Splats) -> f32 {
    let steps = splats.means.windows(2).map(|it| it[0].distance(it[1]));
    steps.sum::<f32>() / (splats.len() - 1) as f32
}

#[test]
fn everything_follows_into_morton_order() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    for n in [1, 2, 255, 257, 1500] {
        let splats = numbered(n, 1, 80 + n as u64);
        let mut pool = pool(gpu, &splats, n + 7);
        let before = held(gpu, &pool);
        let (centre, radius) = pool.splats().extent();
        densifier.reorder(gpu, &mut pool).unwrap();
        let new = pool.splats().download(gpu).unwrap();
        let after = held(gpu, &pool);
        let order = numbers(&new);
        for (j, &i) in order.iter().enumerate() {
            assert_eq!(after.params[j], before.params[i]);
            assert_eq!(after.moments[j], before.moments[i]);
            assert_eq!(after.statistics[j], before.statistics[i]);
        }
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..n), "each splat is there once");
        let code = |it: &Vec3| reference::encode::encode(*it, centre, radius);
        let codes: Vec<u32> = new.means.iter().map(code).collect();
        // Divisions on a GPU may be off in the last digit, and a mean in another cell.
        let unsorted = codes.windows(2).filter(|it| it[1] < it[0]).count();
        assert!(unsorted <= n / 200, "{unsorted} of {n}");
        if n == 1500 {
            let (before, after) = (stride(&splats), stride(&new));
            assert!(4.0 * after < before, "{after} {before}");
        }
        densifier.reorder(gpu, &mut pool).unwrap();
        assert_eq!(numbers(&pool.splats().download(gpu).unwrap()), order);
        check_origins(gpu, &pool);
    }
}

#[test]
fn whose_copies_they_are_is_known_after_many_changes() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let mut pool = pool(gpu, &numbered(1200, 1, 95), 1500);
    for round in 0..6 {
        let rule = Rule::Mcmc {
            least_opacity: 0.1,
            target_len: 1200 + 40 * round,
            seed: round as u32,
            by_importance: false,
        };
        densifier.densify(gpu, &mut pool, &rule).unwrap();
        if round % 2 == 0 {
            densifier.reorder(gpu, &mut pool).unwrap();
        }
        if round == 3 {
            // As where there is no more room.
            pool = SplatPool::from_state(gpu, &pool.read(gpu).unwrap(), 2000).unwrap();
        }
        check_origins(gpu, &pool);
    }
    assert_eq!(pool.len(), 1400);
    pool.mark_origins(gpu);
    let origins = pool.origins(gpu).unwrap();
    assert!(origins.into_iter().eq(0..1400));
}

/// But for splats at one depth, which are blended in the order of their numbers.
#[test]
fn the_picture_does_not_change() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let mut pool = pool(gpu, &numbered(1500, 1, 90), 1500);
    let before = draw(gpu, pool.splats());
    densifier.reorder(gpu, &mut pool).unwrap();
    let (largest, _) = difference(&before, &draw(gpu, pool.splats()));
    assert!(largest < 1e-5, "{largest}");
}

#[test]
fn what_is_nowhere_goes_last() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = numbered(600, 0, 91);
    splats.means[17].y = f32::from_bits(0x7fc0_1234);
    splats.means[400].x = f32::INFINITY;
    let mut pool = pool(gpu, &splats, 600);
    Densifier::new(gpu)
        .unwrap()
        .reorder(gpu, &mut pool)
        .unwrap();
    let order = numbers(&pool.splats().download(gpu).unwrap());
    assert_eq!(order[598..], [17, 400]);
}
