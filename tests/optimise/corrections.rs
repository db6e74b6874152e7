//! Photos that are too bright or too dark, cameras that stood elsewhere: what is off is found, and
//! held-out photos, which are as they should be, look more like the splats.

use std::ops::ControlFlow;

use glam::{DAffine3, DQuat, DVec3};
use recon::dataset::HoldOut;
use recon::optim::{Begin, OptimiseConfig, Update};
use recon::synthetic::{SyntheticPhotos, photos};
use render::gpu::Gpu;
use tests::gpu;

use super::{Scan, begin, psnr, quick, small_photos};

/// Few, so that each photo has seven turns.
const STEPS: u32 = 63;

/// Every photo but the held-out 0, 4 and 8 is spoilt by `spoil`, which is told its number.
fn spoilt(mut spoil: impl FnMut(&mut SyntheticPhotos, usize)) -> Scan {
    let mut made = photos(&small_photos());
    for number in (0..made.photos.len()).filter(|it| it % 4 != 0) {
        spoil(&mut made, number);
    }
    Scan::of(&made, HoldOut::EveryNth(4))
}

/// A number between -1 and 1, another for each of these.
fn odd(number: usize, kind: usize) -> f64 {
    ((1 + number) as f64 * 2.4 + kind as f64 * 1.1).sin()
}

/// Held-out PSNR after all steps.
fn outcome(gpu: &Gpu, scan: &Scan, config: &OptimiseConfig) -> (f64, recon::optim::Checkpoint) {
    let mut run = begin(gpu, scan, config, &Begin::Points);
    while !run.is_done() {
        let go_on = &mut |_: Update| ControlFlow::Continue(());
        run.advance(gpu, true, go_on).unwrap();
    }
    (psnr(gpu, &mut run), run.checkpoint(gpu).unwrap())
}

#[test]
fn exposures_that_differ_are_found() {
    let Some(gpu) = gpu::gpu() else { return };
    let factor = |number: usize| 1.0 + 0.3 * odd(number, 0);
    let scan = spoilt(|made, number| {
        for pixel in made.photos[number].pixels_mut() {
            for value in &mut pixel.0[..3] {
                *value = (f64::from(*value) * factor(number)).round().min(255.0) as u8;
            }
        }
    });
    let off = quick(STEPS);
    let on = OptimiseConfig {
        exposure: true,
        ..off.clone()
    };
    let (without, _) = outcome(gpu, &scan, &off);
    let (with, state) = outcome(gpu, &scan, &on);
    println!("{without:.2} dB as they are, {with:.2} dB with exposures");
    assert!(without + 0.15 < with);
    // What all share is the splats': only how they differ from each other is to be found.
    let exposures = state.corrections.exposures.unwrap();
    let spread = |left: &dyn Fn(usize) -> f64| {
        let left: Vec<f64> = (0..12).filter(|it| it % 4 != 0).map(left).collect();
        let mean = left.iter().sum::<f64>() / left.len() as f64;
        left.iter().map(|it| (it - mean).abs()).sum::<f64>()
    };
    let found = |number: usize| f64::from(exposures.rows(number).unwrap()[1][1]);
    let before = spread(&|it| factor(it).ln());
    let after = spread(&|it| factor(it).ln() - found(it).ln());
    println!("{before:.3} of exposure to be found, {after:.3} is left");
    assert!(after < 0.9 * before);
    for held_out in [0, 4, 8] {
        let none = [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ];
        assert_eq!(exposures.rows(held_out), Some(none), "never fitted");
        assert_eq!(exposures.steps[held_out], 0);
    }
}

/// How far a point that a camera sees at the scene's distance moves, as a part of that distance.
fn distance(a: &DAffine3, b: &DAffine3) -> f64 {
    let point = 4.0 * DVec3::Z;
    let [there, here] = [a, b].map(|it| it.transform_point3(point));
    (there - here).length() / 4.0
}

#[test]
fn cameras_that_stood_elsewhere_are_found() {
    let Some(gpu) = gpu::gpu() else { return };
    let right = photos(&small_photos()).poses;
    let scan = spoilt(|made, number| {
        let c2w = &mut made.poses.frames[number].c2w;
        let axis = DVec3::new(odd(number, 1), odd(number, 2), odd(number, 3));
        let away = DVec3::new(odd(number, 4), odd(number, 5), odd(number, 6));
        let turn = DQuat::from_axis_angle(axis.normalize(), 0.5_f64.to_radians());
        let shift = 0.01 * c2w.translation.length() * away.normalize();
        *c2w *= DAffine3::from_rotation_translation(turn, shift);
    });
    let off = quick(STEPS);
    let on = OptimiseConfig {
        refine_poses: true,
        ..off.clone()
    };
    let (without, _) = outcome(gpu, &scan, &off);
    let (with, state) = outcome(gpu, &scan, &on);
    println!("{without:.2} dB as they are, {with:.2} dB with poses");
    assert!(without + 0.3 < with);
    let poses = state.corrections.poses.unwrap();
    let (mut before, mut after) = (0.0, 0.0);
    for number in (0..12).filter(|it| it % 4 != 0) {
        let truth = right.frames[number].c2w;
        before += distance(&truth, &scan.dataset.views[number].c2w);
        let found = poses[number].w2c().inverse();
        let (turn, place) = (found.matrix3.as_dmat3(), found.translation.as_dvec3());
        after += distance(&truth, &DAffine3::from_mat3_translation(turn, place));
    }
    println!("off by {before:.3} in all, {after:.3} is left");
    assert!(after < 0.8 * before);
    assert!(
        [0, 4, 8].iter().all(|it| poses[*it].steps == 0),
        "never fitted"
    );
}
