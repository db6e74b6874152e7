//! Going on from a checkpoint, and doing the same twice.
//!
//! Chance is a function of seed and step, so that a run does the same twice but for the order in
//! which sums are added: atomics add as they come, and the design of the backward pass is chosen by
//! timing. Between two changes of their number, splats therefore agree to a small part of what a
//! step moves them. Once MCMC has drawn by sums that differ in their last digit, another splat may
//! have been chosen: from then on pictures are compared, not splats.

use recon::io::checkpoint;
use recon::optim::{Begin, Checkpoint, OptimiseConfig, Strategy};
use render::gpu::Gpu;
use tests::gpu;

use super::{Scan, advance, begin, psnr, quick};

/// Mean difference of two runs, as a part of what the steps in between moved.
const SAME: f64 = 0.02;
/// Difference of two runs' PSNR on held-out photos, dB, while splats are few and far from done.
const SAME_DB: f64 = 0.25;

fn mean_difference(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())).sum();
    sum / a.len() as f64
}

/// What moves of splats, one list for each kind. Quaternions are left out: splats begin round, where
/// their gradient is nothing but rounding, which Adam makes as large as any other.
fn parameters(checkpoint: &Checkpoint) -> [(&'static str, Vec<f32>); 4] {
    let splats = &checkpoint.pool.splats;
    let flat = |it: &[glam::Vec3]| it.iter().flat_map(glam::Vec3::to_array).collect();
    [
        ("means", flat(&splats.means)),
        ("log scales", flat(&splats.log_scales)),
        ("opacities", splats.opacity_logits.clone()),
        ("harmonics", splats.sh_coeffs.as_flattened().to_vec()),
    ]
}

/// `a` and `b` differ by little of what moved since `before`.
fn assert_same(before: &Checkpoint, a: &Checkpoint, b: &Checkpoint) {
    let [before, a, b] = [before, a, b].map(parameters);
    for (((what, before), (_, a)), (_, b)) in before.iter().zip(&a).zip(&b) {
        let moved = mean_difference(before, a);
        let differs = mean_difference(a, b);
        println!("{what}: moved {moved:.2e}, differ by {differs:.2e}");
        assert!(0.0 < moved, "{what}");
        assert!(differs <= SAME * moved, "{what}: {differs:e} of {moved:e}");
    }
}

fn on_disk(gpu: &Gpu, scan: &Scan, run: &recon::optim::Optimisation) -> Checkpoint {
    let path = scan.folder.path().join("kept").join("state");
    let kept = run.checkpoint(gpu).unwrap();
    let bytes = checkpoint::save(&path, &kept).unwrap();
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    let read = checkpoint::open(&path).unwrap();
    assert!(read == kept, "a checkpoint is read as it was written");
    read
}

#[test]
fn a_resumed_run_follows_the_uninterrupted_one() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let config = quick(60);
    let mut whole = begin(gpu, &scan, &config, &Begin::Points);
    advance(gpu, &mut whole, 25);
    let kept = on_disk(gpu, &scan, &whole);
    assert_eq!(kept.step, 25);
    let from = Begin::Checkpoint(Box::new(kept.clone()));
    let mut resumed = begin(gpu, &scan, &config, &from);
    assert_eq!(resumed.step(), 25);
    // Without moments Adam would take a full step in each coordinate: several times as far.
    for run in [&mut whole, &mut resumed] {
        advance(gpu, run, 28);
    }
    let [a, b] = [&whole, &resumed].map(|it| it.checkpoint(gpu).unwrap());
    assert_same(&kept, &a, &b);

    let mut curves = [Vec::new(), Vec::new()];
    for (run, curve) in [&mut whole, &mut resumed].into_iter().zip(&mut curves) {
        for step in [28, 40, 60] {
            advance(gpu, run, step);
            curve.push(psnr(gpu, run));
        }
    }
    println!("whole {:.3?}, resumed {:.3?}", curves[0], curves[1]);
    for (a, b) in curves[0].iter().zip(&curves[1]) {
        assert!((a - b).abs() < SAME_DB, "{curves:?}");
    }
    assert_eq!(whole.progress().splats, resumed.progress().splats);
}

#[test]
fn the_same_seed_does_the_same() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let config = quick(40);
    let run = |config: &OptimiseConfig| {
        let mut run = begin(gpu, &scan, config, &Begin::Points);
        let first = run.checkpoint(gpu).unwrap();
        advance(gpu, &mut run, 8);
        let early = run.checkpoint(gpu).unwrap();
        advance(gpu, &mut run, 40);
        (first, early, psnr(gpu, &mut run), run.progress().splats)
    };
    let (a, b) = (run(&config), run(&config));
    assert_eq!((a.0.pool == b.0.pool, a.3), (true, b.3));
    assert_same(&a.0, &a.1, &b.1);
    println!("{:.3} dB and {:.3} dB", a.2, b.2);
    assert!((a.2 - b.2).abs() < SAME_DB, "{} {}", a.2, b.2);

    // Other photos first: another way.
    let other = run(&OptimiseConfig { seed: 6, ..config });
    let [here, there] = [&a.1, &other.1].map(|it| parameters(it)[0].1.clone());
    let moved = mean_difference(&parameters(&a.0)[0].1, &here);
    assert!(4.0 * SAME * moved < mean_difference(&here, &there));
}

/// What a checkpoint lacks for the settings that it goes on with is added; what is over is dropped.
#[test]
fn other_settings_go_on_from_the_same_checkpoint() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let mut first = begin(gpu, &scan, &quick(40), &Begin::Points);
    advance(gpu, &mut first, 15);
    let mut kept = first.checkpoint(gpu).unwrap();
    for (strategy, filter_3d, sh_degree) in [
        (Strategy::MultiView, true, 3),
        (Strategy::Adaptive, false, 0),
        (Strategy::Fixed, true, 1),
    ] {
        let mut config = quick(40);
        config.densify.strategy = strategy;
        config.filter_3d = filter_3d;
        config.sh_degree = sh_degree;
        let from = Begin::Checkpoint(Box::new(kept.clone()));
        let mut run = begin(gpu, &scan, &config, &from);
        advance(gpu, &mut run, kept.step + 8);
        kept = run.checkpoint(gpu).unwrap();
        assert_eq!(kept.pool.filter.is_some(), filter_3d);
        assert_eq!(kept.pool.splats.sh_degree, 1, "that of the checkpoint");
        assert_eq!(kept.config.sh_degree, 1);
        let [before, after] = [&mut first, &mut run].map(|it| psnr(gpu, it));
        assert!(
            before - 1.0 < after,
            "{strategy:?}: {before} dB, {after} dB"
        );
    }
}
