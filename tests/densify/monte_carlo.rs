//! 3DGS-MCMC on pools: dead splats move to live ones, everything follows, the picture stays.

use render::Splats;
use render::gpu::{Gpu, GpuError};
use render::splats::sigmoid;
use render::training::{Densified, Densifier, Rule, SplatPool};
use tests::gpu;

use super::{Held, check_origins, difference, draw, held, numbered, numbers, pool};
use crate::reference;

const LEAST: f32 = 0.005;

fn rule(target_len: usize, seed: u32) -> Rule {
    Rule::Mcmc {
        least_opacity: LEAST,
        target_len,
        seed,
        by_importance: false,
    }
}

/// Makes every `step`th splat invisible.
fn kill(splats: &mut Splats, step: usize) {
    for logit in splats.opacity_logits.iter_mut().step_by(step) {
        *logit = -9.0;
    }
}

/// What each splat after is of each before: bits where it is the only one, else a share.
fn check(before: (&Splats, &Held), after: (&Splats, &Held), copies: &[u32]) {
    let sources = numbers(after.0);
    let ((old, old_held), (new, new_held)) = (before, after);
    for (j, &i) in sources.iter().enumerate() {
        if copies[i] == 1 {
            assert_eq!(new_held.params[j], old_held.params[i], "splat {i}");
            assert_eq!(new_held.moments[j], old_held.moments[i], "splat {i}");
            continue;
        }
        assert!(new_held.moments[j].iter().all(|it| *it == 0), "splat {i}");
        for (plane, (new, old)) in new_held.params[j]
            .iter()
            .zip(&old_held.params[i])
            .enumerate()
        {
            let shared = (7..11).contains(&plane);
            assert!(shared || new == old, "plane {plane} of splat {i}");
        }
        let opacity = 1.0 / (1.0 + (-f64::from(old.opacity_logits[i])).exp());
        let n = copies[i].min(51);
        let (each, factor) = reference::divide::share(opacity, n, f64::from(LEAST));
        let ours = 1.0 / (1.0 + (-f64::from(new.opacity_logits[j])).exp());
        assert!((ours / each - 1.0).abs() < 1e-4, "{ours} {each}");
        let shift = f64::from((new.log_scales[j] - old.log_scales[i]).y);
        assert!((shift - factor.ln()).abs() < 1e-4, "{shift} {factor}");
    }
    assert!(new_held.statistics.iter().flatten().all(|it| *it == 0));
}

/// Copies of each old splat.
fn count(sources: &[usize], n: usize) -> Vec<u32> {
    let mut copies = vec![0; n];
    for &it in sources {
        copies[it] += 1;
    }
    copies
}

fn check_pool(gpu: &Gpu, densifier: &mut Densifier, (n, dead_step): (usize, usize)) {
    let mut splats = numbered(n, 2, 50 + n as u64);
    if 0 < dead_step {
        kill(&mut splats, dead_step);
    }
    let room = n + n / 10 + 3;
    for target_len in [0, n, n + n / 20 + 1, room, room + 100] {
        let mut pool = pool(gpu, &splats, room);
        let before = held(gpu, &pool);
        let done = densifier
            .densify(gpu, &mut pool, &rule(target_len, 7))
            .unwrap();
        let after = target_len.clamp(n, room);
        assert_eq!(done, Densified { before: n, after });
        assert_eq!(pool.len(), after);
        let new = pool.splats().download(gpu).unwrap();
        let sources = numbers(&new);
        assert!(sources.is_sorted(), "copies lie beside each other");
        let alive = |i: usize| LEAST < sigmoid(splats.opacity_logits[i]);
        if !(0..n).any(alive) {
            let last = before.params.last().unwrap();
            let old = held(gpu, &pool).params;
            assert_eq!(old[..n], before.params);
            assert!(old[n..].iter().all(|it| it == last));
            continue;
        }
        let copies = count(&sources, n);
        for (i, &copies) in copies.iter().enumerate() {
            assert_eq!(alive(i), 0 < copies, "splat {i} of {n}");
        }
        check((&splats, &before), (&new, &held(gpu, &pool)), &copies);
        check_origins(gpu, &pool);
    }
}

#[test]
fn everything_follows_its_splat() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    for n in [1, 255, 257, 1500] {
        for dead_step in [0, 1, 4] {
            check_pool(gpu, &mut densifier, (n, dead_step));
        }
    }
}

#[test]
fn nothing_stays_nothing() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    for room in [0, 10] {
        let mut empty = SplatPool::new(gpu, &Splats::default(), room, 4).unwrap();
        let done = densifier.densify(gpu, &mut empty, &rule(5, 0)).unwrap();
        assert_eq!((done.before, done.after, empty.len()), (0, 0, 0));
        densifier.reorder(gpu, &mut empty).unwrap();
        densifier.decay(gpu, &empty, 0.1).unwrap();
    }
}

/// The only one that is alive takes all others' places, more than the formula knows of.
#[test]
fn one_survivor_becomes_all() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut splats = numbered(300, 0, 61);
    kill(&mut splats, 1);
    splats.opacity_logits[177] = 2.0;
    let mut pool = pool(gpu, &splats, 300);
    Densifier::new(gpu)
        .unwrap()
        .densify(gpu, &mut pool, &rule(300, 1))
        .unwrap();
    let new = pool.splats().download(gpu).unwrap();
    assert!(numbers(&new).iter().all(|it| *it == 177));
    assert!(new.opacity_logits.iter().all(|it| it.is_finite()));
    assert!(new.log_scales.iter().all(|it| it.is_finite()));
}

#[test]
fn seeds_decide() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let mut splats = numbered(900, 0, 62);
    kill(&mut splats, 5);
    let mut after = |seed| {
        let mut pool = pool(gpu, &splats, 1000);
        densifier.densify(gpu, &mut pool, &rule(950, seed)).unwrap();
        held(gpu, &pool).params
    };
    let first = after(3);
    assert!(after(3) == first);
    assert!(after(4) != first);
}

/// Importance makes a splat likelier to be drawn, and must be kept to be used.
#[test]
fn importance_counts_when_asked() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let n = 600;
    let splats = numbered(n, 0, 63);
    let rule = Rule::Mcmc {
        least_opacity: LEAST,
        target_len: 2 * n,
        seed: 1,
        by_importance: true,
    };
    let mut pool = pool(gpu, &splats, 2 * n);
    for (chunk, moments) in pool.chunks() {
        let importance: Vec<f32> = (0..chunk.stride)
            .map(|i| if (chunk.first + i) % 3 == 0 { 5.0 } else { 0.0 })
            .collect();
        moments
            .statistics
            .write_at(gpu, 2 * chunk.stride, &importance);
    }
    densifier.densify(gpu, &mut pool, &rule).unwrap();
    let copies = count(&numbers(&pool.splats().download(gpu).unwrap()), n);
    let grown: u32 = copies
        .iter()
        .step_by(3)
        .map(|it| it.saturating_sub(1))
        .sum();
    let all: u32 = copies.iter().map(|it| it.saturating_sub(1)).sum();
    assert!(all <= grown + 2, "{grown} of {all}");
    let mut without = SplatPool::new(gpu, &splats, n, 2).unwrap();
    let refused = densifier.densify(gpu, &mut without, &rule);
    assert!(matches!(refused, Err(GpuError::Invalid(_))));
}

/// Relocation and growth leave the picture nearly what it was (equation 9 keeps what a splat covers
/// in all, not each pixel of it); copies that did not share would not.
#[test]
fn the_picture_stays() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut densifier = Densifier::new(gpu).unwrap();
    let mut splats = numbered(1200, 1, 64);
    kill(&mut splats, 5);
    let mut pool = pool(gpu, &splats, 1500);
    let before = draw(gpu, pool.splats());
    densifier.densify(gpu, &mut pool, &rule(1300, 2)).unwrap();
    let (largest, mean) = difference(&before, &draw(gpu, pool.splats()));
    let sources = numbers(&pool.splats().download(gpu).unwrap());
    let naive = render::GpuSplats::upload(gpu, &splats.select(&sources)).unwrap();
    let (_, without) = difference(&before, &draw(gpu, &naive));
    println!(
        "relocation changes pixels by {mean:.4} (largest {largest:.3}), without sharing {without:.4}"
    );
    assert!(mean < 0.01 && 5.0 * mean < without);
}
