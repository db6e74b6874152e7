//! Edits that are done again on a later state of their scene.

use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::tests::{begun, some_op, some_splats};
use super::{Bits, EditOp, Edited, History, LOCKED, Mode, Pick, Region};

/// Every splat with its marks, to the bit, in an order of their own.
fn sorted(scene: &Edited) -> Vec<Vec<u32>> {
    let splats = &scene.splats;
    let row = |i: usize| {
        let means = splats.means[i].to_array();
        let log_scales = splats.log_scales[i].to_array();
        let numbers = [
            means.as_slice(),
            &log_scales,
            &splats.quats[i],
            &[splats.opacity_logits[i]],
            splats.sh(i).as_flattened(),
        ];
        let numbers = numbers.concat().into_iter().map(f32::to_bits);
        numbers.chain([u32::from(scene.marks[i])]).collect()
    };
    let mut rows: Vec<Vec<u32>> = (0..splats.len()).map(row).collect();
    rows.sort();
    rows
}

fn seen(hits: Bits) -> EditOp {
    EditOp::Select {
        pick: Pick::Seen {
            what: "rectangle of what is seen".to_owned(),
        },
        mode: Mode::Replace,
        hits,
    }
}

#[test]
fn edits_follow_splats_that_have_changed_places() {
    let mut carried = 0;
    for seed in 0..400 {
        let rng = &mut Pcg64::seed_from_u64(seed);
        let mut history = begun(rng);
        for _ in 0..rng.random_range(1..14) {
            let now = history.now().clone();
            if 2_000 < now.splats.len() {
                break;
            }
            let op = match some_op(rng, now.splats.len()) {
                // What they hit is what they mean.
                EditOp::Select { pick, mode, hits } => {
                    let meant = EditOp::select(pick.clone(), mode, &now.splats);
                    meant.unwrap_or(EditOp::Select { pick, mode, hits })
                }
                op => op,
            };
            carried += usize::from(matches!(&op, EditOp::Remove { .. }));
            history.apply(op).ok();
        }
        let all = history.ops().len();
        let mut origins: Vec<u32> = (0..history.splats().len() as u32).collect();
        origins.shuffle(rng);
        let order: Vec<usize> = origins.iter().map(|it| *it as usize).collect();
        let shuffled = Arc::new(history.splats().select(&order));
        let mut again = history.clone();
        again.go_to(rng.random_range(0..=all));
        let done = again.done();
        let kept = again.rebase(shuffled, Some(&origins));
        assert_eq!((kept.kept, kept.dropped), (all, Vec::new()), "{seed}");
        assert_eq!(again.done(), done, "what was undone stays undone");
        history.go_to(done);
        assert_eq!(sorted(again.now()), sorted(history.now()), "{seed}");
        history.go_to(all);
        again.go_to(all);
        assert_eq!(sorted(again.now()), sorted(history.now()), "{seed}");
    }
    assert!(100 < carried);
}

#[test]
fn copies_are_marked_as_what_they_are_copies_of() {
    let rng = &mut Pcg64::seed_from_u64(5);
    let splats = Arc::new(some_splats(rng, 30));
    let hits = Bits::of(30, |i| i % 3 == 0);
    let mut history = History::new(splats.clone());
    history.apply(seen(hits)).unwrap();
    history.apply(EditOp::Lock).unwrap();
    let origins: Vec<u32> = (0..50).map(|_| rng.random_range(0..30_u32)).collect();
    let order: Vec<usize> = origins.iter().map(|it| *it as usize).collect();
    let later = Arc::new(splats.select(&order));
    let kept = history.rebase(later.clone(), Some(&origins));
    assert_eq!((kept.kept, kept.dropped.len()), (2, 0));
    for (marks, origin) in history.now().marks.iter().zip(&origins) {
        assert_eq!(marks & LOCKED != 0, origin % 3 == 0);
    }

    // Of other scenes the numbers say nothing.
    for wrong in [vec![0; 49], vec![50; 50]] {
        let mut history = history.clone();
        let kept = history.rebase(later.clone(), Some(&wrong));
        assert_eq!(kept.kept, 0);
    }
}

#[test]
fn without_lineage_only_what_has_a_meaning_is_kept() {
    let rng = &mut Pcg64::seed_from_u64(6);
    let splats = Arc::new(some_splats(rng, 30));
    let later = Arc::new(some_splats(rng, 40));
    let ball = Pick::Volume {
        region: Region::Ball {
            centre: glam::Vec3::ZERO,
            radius: 1.5,
        },
    };
    let mut history = History::new(splats.clone());
    for op in [
        seen(Bits::of(30, |i| i < 9)),
        EditOp::Hide,
        EditOp::select(ball.clone(), Mode::Replace, &splats).unwrap(),
        EditOp::Delete,
        EditOp::Remove {
            what: "fog".to_owned(),
            hits: Bits::of(30, |i| 20 < i),
        },
    ] {
        history.apply(op).unwrap();
    }
    let kept = history.rebase(later.clone(), None);
    assert_eq!(kept.kept, 2);
    let dropped = ["Select by rectangle of what is seen", "Hide", "Remove fog"];
    assert_eq!(kept.dropped, dropped);
    let deleted = ball.hits(&later).unwrap();
    let now = history.now();
    assert!((0..40).all(|i| (now.marks[i] != 0) == deleted.get(i)));
}
