//! Each rule on a scene with planted rubbish: it is found, and what is good is spared.

use std::sync::Arc;

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use render::{Camera, Intrinsics, Splats, splats::logit};

use super::*;
use crate::edit::CropScope;
use crate::edit::{EditOp, Edited, History, Region, Scope, Similarity};

/// Splats of the good part: the surface of a ball of radius 1.
const GOOD: usize = 4000;

/// A ball's surface, evenly and a little at random.
fn ball() -> Splats {
    let mut rng = rand_pcg::Pcg64::seed_from_u64(3);
    let mut splats = Splats::default();
    for i in 0..GOOD {
        let y = 1.0 - 2.0 * (i as f32 + 0.5) / GOOD as f32;
        let around = 2.399_963 * i as f32;
        let ring = (1.0 - y * y).sqrt();
        let at = Vec3::new(ring * around.cos(), y, ring * around.sin());
        let off = Vec3::from([0; 3].map(|_| rng.random_range(-0.01..0.01_f32)));
        let wide = Vec3::from([0; 3].map(|_| rng.random_range(0.01..0.04_f32)));
        add(&mut splats, at + off, wide, rng.random_range(0.2..0.99));
    }
    splats
}

fn add(splats: &mut Splats, mean: Vec3, scales: Vec3, opacity: f32) {
    splats.means.push(mean);
    splats.quats.push([1.0, 0.0, 0.0, 0.0]);
    splats.log_scales.push(scales.map(f32::ln));
    splats.opacity_logits.push(logit(opacity));
    splats.sh_coeffs.push([0.0; 3]);
}

/// A ring of cameras, three from the middle, looking inwards.
fn cameras() -> Vec<Camera> {
    let intrinsics = Intrinsics::from_vertical_fov(0.9, 64, 48);
    let camera = |i: usize| {
        let turn = 0.5 * i as f32;
        let eye = Vec3::new(3.0 * turn.cos(), -0.4, 3.0 * turn.sin());
        Camera::look_at(intrinsics, eye, Vec3::ZERO, Vec3::NEG_Y)
    };
    (0..12).map(camera).collect()
}

/// What `rule` alone finds, at its usual strength.
fn found(rule: Rule, splats: &Splats, with_cameras: bool) -> Vec<usize> {
    let measured = if with_cameras {
        Measured::with_cameras(splats, &cameras())
    } else {
        Measured::of(splats)
    };
    let subject = Subject::whole(Arc::new(splats.clone()));
    let all = find(&subject, &measured, &CleanConfig::default());
    let Some((_, bits)) = all.into_iter().find(|it| it.0 == rule) else {
        return Vec::new();
    };
    (0..splats.len()).filter(|i| bits.get(*i)).collect()
}

/// Everything planted is found, and nearly nothing else.
fn check(rule: Rule, splats: &Splats, with_cameras: bool) {
    let found = found(rule, splats, with_cameras);
    let planted: Vec<usize> = (GOOD..splats.len()).collect();
    let missed = planted.iter().filter(|it| !found.contains(it)).count();
    let spoilt = found.iter().filter(|it| **it < GOOD).count();
    assert_eq!(missed, 0, "{rule:?} missed of {}", planted.len());
    assert!(spoilt * 100 <= GOOD, "{rule:?} took {spoilt} good ones");
}

#[test]
fn the_good_ones_are_spared() {
    let ball = ball();
    for rule in Rule::ALL {
        for with_cameras in [false, true] {
            let found = found(rule, &ball, with_cameras);
            assert!(found.len() * 100 <= GOOD, "{rule:?} took {}", found.len());
        }
    }
}

#[test]
fn floaters_alone_and_in_clumps_are_found() {
    let mut splats = ball();
    for i in 0..30 {
        let turn = i as f32;
        let at = Vec3::new(turn.sin(), (2.3 * turn).cos(), (0.7 * turn).cos());
        add(&mut splats, 4.0 * at.normalize(), Vec3::splat(0.02), 0.8);
    }
    for i in 0..15 {
        let at = Vec3::new(0.0, -5.0, 0.01 * i as f32);
        add(&mut splats, at, Vec3::splat(0.02), 0.8);
    }
    check(Rule::Isolated, &splats, false);
    check(Rule::Isolated, &splats, true);
}

#[test]
fn what_hangs_before_a_camera_is_found() {
    let mut splats = ball();
    for camera in cameras() {
        let at = camera.position() + 0.12 * camera.forward();
        add(&mut splats, at, Vec3::splat(0.06), 0.5);
    }
    check(Rule::NearCamera, &splats, true);
    assert!(found(Rule::NearCamera, &splats, false).is_empty());
}

#[test]
fn what_no_camera_can_see_is_found() {
    let mut splats = ball();
    for i in 0..20 {
        let turn = i as f32;
        add(
            &mut splats,
            Vec3::new(turn.sin(), -9.0, turn.cos()),
            Vec3::splat(0.02),
            0.9,
        );
    }
    check(Rule::Outside, &splats, true);
    assert!(found(Rule::Outside, &splats, false).is_empty());
}

#[test]
fn needles_and_fog_are_found() {
    let mut splats = ball();
    for i in 0..25 {
        let at = 0.8 * Vec3::new((i as f32).sin(), (i as f32).cos(), 0.3);
        add(&mut splats, at, Vec3::new(0.01, 0.6, 0.012), 0.9);
    }
    check(Rule::Spike, &splats, false);
    check(Rule::Spike, &splats, true);
    let mut splats = ball();
    for i in 0..25 {
        let at = 0.8 * Vec3::new((i as f32).sin(), (i as f32).cos(), 0.3);
        add(&mut splats, at, Vec3::splat(0.7), 0.03);
    }
    check(Rule::Fog, &splats, false);
    check(Rule::Fog, &splats, true);
}

#[test]
fn what_is_no_number_is_no_fault() {
    let mut splats = ball();
    add(&mut splats, Vec3::NAN, Vec3::splat(0.1), 0.5);
    add(&mut splats, Vec3::INFINITY, Vec3::splat(0.1), 0.5);
    add(
        &mut splats,
        cameras()[0].position(),
        Vec3::splat(f32::INFINITY),
        0.5,
    );
    for rule in Rule::ALL {
        found(rule, &splats, true);
    }
    assert_eq!(found(Rule::Isolated, &splats, false).len(), 3);
    for count in [0, 1, 5] {
        let few = splats.select(&(0..count).collect::<Vec<_>>());
        for rule in Rule::ALL {
            found(rule, &few, true);
        }
    }
}

#[test]
fn what_is_edited_is_cleaned_where_the_cameras_know_it() {
    let mut splats = ball();
    for _ in 0..3 {
        add(
            &mut splats,
            Vec3::new(0.0, -7.0, 0.0),
            Vec3::splat(0.02),
            0.8,
        );
    }
    let mut history = History::new(Arc::new(splats));
    let remove = |hits: &[usize], len| EditOp::Remove {
        what: "some".to_owned(),
        hits: crate::edit::Bits::of(len, |i| hits.contains(&i)),
    };
    let len = GOOD + 3;
    let by = Similarity {
        scale: 5.0,
        translation: Vec3::new(1.0, 2.0, 3.0),
        ..Similarity::IDENTITY
    };
    let scope = Scope::All;
    history.apply(EditOp::Transform { by, scope }).unwrap();
    history.apply(remove(&[0, 7, GOOD], len)).unwrap();
    let around_the_second = EditOp::Crop {
        region: Region::Ball {
            centre: history.now().splats.means[GOOD + 1],
            radius: 0.0,
        },
        inside: true,
        scope: CropScope::Export,
    };
    let subject = Subject::of(history.now());
    assert_eq!(subject.splats.len(), GOOD);
    let mean = subject.splats.means[GOOD - 1];
    assert!((mean - Vec3::new(0.0, -7.0, 0.0)).length() < 1e-4, "{mean}");
    let measured = Measured::with_cameras(&subject.splats, &cameras());
    let only_isolated = CleanConfig {
        isolated: CleanConfig::default().isolated,
        ..CleanConfig::NONE
    };
    let found = find(&subject, &measured, &only_isolated);
    assert_eq!((found.len(), found[0].1.len()), (1, len));
    assert_eq!(found[0].1.count(), 2);
    let edits = removals(found);
    assert_eq!(edits.len(), 1);
    history.apply(edits[0].clone()).unwrap();
    assert_eq!(history.now().saved_count(), GOOD - 2);
    history.undo();

    // What is cropped cannot be removed: both of them lie in one place.
    history.apply(around_the_second).unwrap();
    let subject = Subject::of(history.now());
    let found = find(&subject, &measured, &only_isolated);
    assert_eq!(found[0].1.count(), 0);
    // Numbers of another scene say nothing.
    let other = Edited::new(Arc::new(ball()));
    assert!(find(&Subject::of(&other), &measured, &only_isolated).len() <= 1);
}

#[test]
fn a_splat_goes_once() {
    let bits = |all: &[usize]| crate::edit::Bits::of(9, |i| all.contains(&i));
    let found = vec![
        (Rule::Isolated, bits(&[1, 2])),
        (Rule::Spike, bits(&[2])),
        (Rule::Fog, bits(&[2, 3])),
    ];
    assert_eq!(union(9, &found), bits(&[1, 2, 3]));
    let edits = removals(found);
    let counts: Vec<usize> = edits
        .iter()
        .map(|it| match it {
            EditOp::Remove { hits, .. } => hits.count(),
            _ => 0,
        })
        .collect();
    assert_eq!(counts, [2, 1]);
}

/// With the photos' own word on what they see.
#[test]
fn what_the_photos_hardly_see_is_found() {
    let splats = ball();
    let mut measured = Measured::with_cameras(&splats, &cameras());
    let subject = Subject::whole(Arc::new(splats));
    let config = CleanConfig {
        unseen: CleanConfig::default().unseen,
        ..CleanConfig::NONE
    };
    assert!(
        find(&subject, &measured, &config).is_empty(),
        "not measured"
    );
    let seen = measured.seen.as_mut().unwrap();
    let every_hundredth = |i: usize| if i.is_multiple_of(100) { 0.0 } else { 3000.0 };
    seen.contributions = (0..GOOD).map(every_hundredth).collect();
    seen.most = vec![500.0; GOOD];
    let found = find(&subject, &measured, &config);
    assert_eq!(found[0].1.count(), GOOD / 100);
}

#[test]
fn what_several_photos_need_stays() {
    let mut splats = ball();
    for _ in 0..3 {
        add(
            &mut splats,
            Vec3::new(0.0, -7.0, 0.0),
            Vec3::splat(0.02),
            0.8,
        );
    }
    let mut measured = Measured::with_cameras(&splats, &cameras());
    let subject = Subject::whole(Arc::new(splats));
    let seen = measured.seen.as_mut().unwrap();
    // Of twelve views: much in many, much in one, little in many.
    let average = 12.0 * 1e6 / (GOOD as f32 + 3.0);
    seen.contributions = vec![average; GOOD + 3];
    seen.most = vec![average / 12.0; GOOD + 3];
    seen.most[GOOD + 1] = average;
    seen.contributions[GOOD + 2] = 0.01 * average;
    seen.most[GOOD + 2] = 0.001 * average;
    let found = find(&subject, &measured, &CleanConfig::default());
    let isolated = &found.iter().find(|it| it.0 == Rule::Isolated).unwrap().1;
    let gone: Vec<usize> = (GOOD..GOOD + 3).filter(|i| isolated.get(*i)).collect();
    assert_eq!(gone, [GOOD + 1, GOOD + 2]);
}
