//! Random edits, done, undone, done again, written and read.

use std::sync::Arc;

use glam::{Affine3A, Quat, Vec3};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use render::edit::Property;
use render::{Camera, Intrinsics, Splats, sh};

use super::{
    Bits, ColourChange, CropScope, EditOp, Edited, History, Mode, Pick, Region, Scope, Shape,
    Similarity,
};

/// Sequences that are tried.
const SEQUENCES: u64 = 1000;

fn number(rng: &mut Pcg64) -> f32 {
    rng.random_range(-2.0..2.0_f32)
}

fn place(rng: &mut Pcg64) -> Vec3 {
    Vec3::new(number(rng), number(rng), number(rng))
}

fn turn(rng: &mut Pcg64) -> Quat {
    let axis = place(rng).normalize_or(Vec3::X);
    Quat::from_axis_angle(axis, number(rng))
}

/// One of `all`.
fn one<T: Clone>(rng: &mut Pcg64, all: &[T]) -> T {
    all[rng.random_range(0..all.len())].clone()
}

/// Splats of all kinds; quaternions are not normalised, and some zeros are negative.
pub(crate) fn some_splats(rng: &mut Pcg64, count: usize) -> Splats {
    let sh_degree = rng.random_range(0..=2_u32);
    let coeffs = sh::coeff_count(sh_degree);
    let mut all =
        |per: usize| -> Vec<[f32; 3]> { (0..per * count).map(|_| place(rng).to_array()).collect() };
    let (means, log_scales, quats) = (all(1), all(1), all(1));
    let sh_coeffs = all(coeffs);
    Splats {
        quats: quats.iter().map(|[a, b, c]| [*a, *b, *c, -0.0]).collect(),
        opacity_logits: means.iter().map(|it| 3.0 * it[0]).collect(),
        means: means.into_iter().map(Vec3::from).collect(),
        log_scales: log_scales.into_iter().map(Vec3::from).collect(),
        sh_coeffs,
        sh_degree,
    }
}

fn some_region(rng: &mut Pcg64) -> Region {
    if rng.random_bool(0.5) {
        Region::Box {
            centre: place(rng),
            half: place(rng).abs(),
            rotation: turn(rng),
        }
    } else {
        Region::Ball {
            centre: place(rng),
            radius: number(rng).abs(),
        }
    }
}

fn some_pick(rng: &mut Pcg64) -> Pick {
    match rng.random_range(0..5) {
        0 => {
            let mut point = || [30.0 * (2.0 + number(rng)), 30.0 * (2.0 + number(rng))];
            let shapes = [
                Shape::Whole,
                Shape::Rectangle(point(), point()),
                Shape::Polygon(vec![point(), point(), point(), point()]),
                Shape::Stroke {
                    points: vec![point(), point()],
                    radius: 7.5,
                },
            ];
            let shape = one(rng, &shapes);
            let c2w = Affine3A::from_rotation_translation(turn(rng), place(rng));
            let intrinsics = Intrinsics::from_vertical_fov(1.0, 120, 100);
            let camera = Camera { intrinsics, c2w };
            Pick::Screen { camera, shape }
        }
        1 => Pick::Volume {
            region: some_region(rng),
        },
        2 => Pick::Range {
            property: one(
                rng,
                &[
                    Property::Opacity,
                    Property::Distance {
                        from: [0.1, 0.2, 0.3],
                    },
                ],
            ),
            low: one(rng, &[0.25, f32::NEG_INFINITY, 0.1]),
            high: one(rng, &[0.75, f32::INFINITY]),
        },
        3 => Pick::Colour {
            rgb: place(rng).abs().to_array(),
            tolerance: number(rng).abs(),
        },
        _ => Pick::Seen {
            what: "what is \"seen\"".to_owned(),
        },
    }
}

/// Any edit of a scene of `len` splats and one part. Not all can be done.
pub(crate) fn some_op(rng: &mut Pcg64, len: usize) -> EditOp {
    let hits = {
        let share = rng.random_range(0.0..1.0_f64);
        let chosen: Vec<bool> = (0..len).map(|_| rng.random_bool(share)).collect();
        Bits::of(len, |i| chosen[i])
    };
    let scope = one(rng, &[Scope::All, Scope::Selection]);
    let mode = one(rng, &Mode::ALL);
    let name = one(rng, &["a", "b", "ü \\"]).to_owned();
    match rng.random_range(0..26) {
        0..4 => EditOp::Select {
            pick: some_pick(rng),
            mode,
            hits,
        },
        4 => EditOp::SelectAll,
        5 => EditOp::SelectNone,
        6 => EditOp::SelectInverse,
        7 => EditOp::Spread {
            distance: number(rng),
        },
        8 => EditOp::Keep { name },
        9 => EditOp::Recall { name, mode },
        10 => EditOp::Forget { name },
        11 => EditOp::Delete,
        12 => EditOp::Remove {
            what: "floaters".to_owned(),
            hits,
        },
        13 => EditOp::Prune {
            opacity_below: one(rng, &[None, Some(0.05)]),
            scale_above: one(rng, &[None, Some(6.5)]),
        },
        14 => EditOp::Hide,
        15 => EditOp::Isolate,
        16 => one(rng, &[EditOp::ShowAll, EditOp::UnlockAll, EditOp::Uncrop]),
        17 => EditOp::Lock,
        18 => EditOp::Crop {
            region: some_region(rng),
            inside: rng.random_bool(0.5),
            scope: one(rng, &[CropScope::Export, CropScope::Optimise]),
        },
        19 | 20 => EditOp::Transform {
            by: Similarity {
                rotation: turn(rng),
                scale: 0.1 + number(rng).abs(),
                translation: place(rng),
            },
            scope,
        },
        21 => EditOp::Adjust {
            colour: ColourChange {
                exposure: number(rng),
                temperature: 0.3,
                saturation: -0.2,
                contrast: 0.1,
            },
            scope,
        },
        22 => EditOp::Background {
            rgb: place(rng).to_array(),
        },
        23 => EditOp::Duplicate,
        24 => EditOp::Merge { part: 0, name },
        _ => EditOp::LimitSh {
            degree: rng.random_range(0..=3),
        },
    }
}

/// Every bit of a scene.
fn bits_of(scene: &Edited) -> (Vec<u32>, impl PartialEq + std::fmt::Debug) {
    let splats = &scene.splats;
    let placement = &scene.placement;
    let numbers = splats
        .means
        .iter()
        .chain(&splats.log_scales)
        .chain([&placement.translation])
        .flat_map(glam::Vec3::to_array)
        .chain(splats.quats.iter().flatten().copied())
        .chain(splats.opacity_logits.iter().copied())
        .chain(splats.sh_coeffs.iter().flatten().copied())
        .chain(placement.rotation.to_array())
        .chain([placement.scale])
        .chain(scene.background.into_iter().flatten());
    let rest = (
        splats.sh_degree,
        splats.len(),
        scene.marks.clone(),
        scene.kept.clone(),
        scene.background.is_some(),
    );
    (numbers.map(f32::to_bits).collect(), rest)
}

#[track_caller]
fn check(a: &Edited, b: &Edited, seed: u64) {
    assert_eq!(bits_of(a), bits_of(b), "sequence {seed}");
    assert_eq!(a.splats.check(), Ok(()));
    assert_eq!(a.marks.len(), a.splats.len());
}

/// A history with one part, and that part.
pub(super) fn begun(rng: &mut Pcg64) -> History {
    let count = rng.random_range(0..40);
    let splats = Arc::new(some_splats(rng, count));
    let part = Arc::new(some_splats(rng, 5));
    History::replay(splats, vec![part], Vec::new(), 0).unwrap()
}

/// Does what can be done of some more edits, and remembers the scene after each.
fn grow(rng: &mut Pcg64, history: &mut History, states: &mut Vec<Edited>) {
    for _ in 0..rng.random_range(1..12) {
        let len = history.now().splats.len();
        if 2_000 < len {
            return;
        }
        let before = history.now().clone();
        let op = some_op(rng, len);
        match history.apply(op) {
            Ok(()) => {
                states.truncate(history.done());
                states.push(history.now().clone());
            }
            Err(_) => assert_eq!(*history.now(), before, "nothing has changed"),
        }
    }
}

#[test]
fn undoing_is_the_identity_to_the_bit() {
    let mut walked = 0;
    for seed in 0..SEQUENCES {
        let rng = &mut Pcg64::seed_from_u64(seed);
        let mut history = begun(rng);
        // Scenes between edits are kept, or made anew each time, or some of them.
        history.set_room(one(rng, &[usize::MAX, 0, 2_000]));
        let mut states = vec![history.now().clone()];
        grow(rng, &mut history, &mut states);
        for step in 0..12 {
            let done = history.done();
            match rng.random_range(0..5) {
                0 | 1 => {
                    let undone = history.undo().is_some();
                    assert_eq!(history.done(), done - usize::from(undone));
                }
                2 | 3 => {
                    let redone = history.redo().is_some();
                    assert_eq!(history.done(), done + usize::from(redone));
                }
                _ => history.go_to(rng.random_range(0..states.len() + 2)),
            }
            check(history.now(), &states[history.done()], seed);
            if step == 6 {
                grow(rng, &mut history, &mut states);
                states.truncate(history.ops().len() + 1);
                check(history.now(), &states[history.done()], seed);
            }
            walked += 1;
        }
        assert_eq!(states.len(), history.ops().len() + 1);
        while history.undo().is_some() {}
        check(history.now(), &states[0], seed);
        while history.redo().is_some() {}
        check(history.now(), &states[states.len() - 1], seed);
    }
    assert_eq!(walked, 12 * SEQUENCES);
}

#[test]
fn edits_survive_json_and_do_the_same_again() {
    for seed in 0..200 {
        let rng = &mut Pcg64::seed_from_u64(seed);
        let mut history = begun(rng);
        let mut states = vec![history.now().clone()];
        grow(rng, &mut history, &mut states);
        let ops: Vec<EditOp> = history.ops().cloned().collect();
        let text = serde_json::to_string(&ops).unwrap();
        let read: Vec<EditOp> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, ops, "{text}");
        let (splats, parts) = (history.splats().clone(), history.parts().to_vec());
        let again = History::replay(splats, parts, read, history.done()).unwrap();
        check(again.now(), history.now(), seed);
    }
}
