//! The built-in engine on generated photos.

use std::ops::ControlFlow;

use recon::dataset::{Lens, Optics};
use recon::poses::{BuiltinEngine, Photos, PoseEngine, PoseError, PoseUpdate, Verdict, judge};
use tests::similarity::agreement;

use super::{boxes, config, found, go_on, photos, run, truth};

fn lens(optics: &Optics) -> &Lens {
    match optics {
        Optics::Lens(lens) => lens,
        Optics::Relative(_) => panic!("{optics:?}"),
    }
}

#[test]
fn cameras_of_generated_photos_are_found() {
    let (folder, cameras) = boxes(12);
    let photos = photos(folder.path());
    let (mut live, mut stages, mut last) = (0, Vec::new(), (String::new(), 0));
    let mut report = |update| {
        match update {
            PoseUpdate::Live(it) => {
                assert_eq!(it.points.len(), it.colours.len());
                live += usize::from(4 < it.cameras.len() && 50 < it.points.len());
            }
            PoseUpdate::Progressed { what, done, total } => {
                assert!(done <= total, "{what}: {done} of {total}");
                assert!(last.0 != what || last.1 <= done, "{what} goes back");
                if last.0 != what {
                    stages.push(what.clone());
                }
                last = (what, done);
            }
            PoseUpdate::Warned(text) => panic!("{text}"),
        }
        ControlFlow::Continue(())
    };
    let poses = BuiltinEngine::new()
        .run(&photos, &config(), &mut report)
        .unwrap();
    assert!(3 < live && 8 < stages.len(), "{live} {stages:?}");
    assert_eq!(poses.frames.len(), 12, "{:?}", poses.warnings);
    let gate = judge("built-in", &poses, &photos);
    println!("{gate:?}");
    assert_eq!((gate.verdict, gate.good), (Verdict::Good, 12));
    assert!(gate.mean_error_px < 1.0, "{}", gate.mean_error_px);
    let apart = agreement(&found(&poses), &truth(&poses, &cameras));
    println!("{apart:?} {:?}", poses.optics);
    assert!(
        apart.mean_degrees < 1.0 && apart.mean_position < 0.01,
        "{apart:?}"
    );
    assert_eq!(poses.optics.len(), 1);
    let focal = lens(&poses.optics[0]).fx / tests::boxes::lens().fx;
    assert!((focal - 1.0).abs() < 0.05, "{focal}");
    assert_eq!(poses.points.positions.len(), poses.points.errors_px.len());
    assert!(poses.points.observations.is_sorted_by_key(|it| it.point));
}

#[test]
fn it_stops_wherever_it_is_told_to() {
    let (folder, _) = boxes(6);
    let photos = photos(folder.path());
    let mut updates = 0;
    let mut count = |_| {
        updates += 1;
        ControlFlow::Continue(())
    };
    BuiltinEngine::new()
        .run(&photos, &config(), &mut count)
        .unwrap();
    for stop in [1, updates / 3, updates / 2, updates - 1] {
        let mut left = stop;
        let mut report = |_| {
            left -= 1;
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let result = BuiltinEngine::new().run(&photos, &config(), &mut report);
        assert!(
            matches!(result, Err(PoseError::Cancelled)),
            "{stop} of {updates}: {result:?}"
        );
    }
}

#[test]
fn an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been() {
    let (folder, _) = boxes(7);
    let photos = photos(folder.path());
    let whole = run(&photos).unwrap();
    let place = folder.path().join(".accrete/partial");
    let engine = BuiltinEngine::new().resuming_in(&place);
    let mut stop = |update| match update {
        PoseUpdate::Progressed { what, done, total }
            if what == "Matching photos" && total <= 2 * done =>
        {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    };
    engine.run(&photos, &config(), &mut stop).unwrap_err();
    // As a machine that lost its power leaves it: the last record is cut.
    let matches = place.join("matches.bin");
    let bytes = std::fs::read(&matches).unwrap();
    assert!(100 < bytes.len());
    std::fs::write(&matches, &bytes[..bytes.len() - 3]).unwrap();
    let mut looked = 0;
    let mut count = |update| {
        if let PoseUpdate::Progressed { what, .. } = update {
            looked += usize::from(what == "Looking for features");
        }
        ControlFlow::Continue(())
    };
    let resumed = engine.run(&photos, &config(), &mut count).unwrap();
    assert_eq!(looked, 1, "features were looked for again");
    assert_eq!(resumed.frames, whole.frames);
    assert_eq!(resumed.points, whole.points);
    assert!(!place.exists(), "cleared when it is over");
    // What was kept of other photos, or is no longer whole, counts for nothing.
    engine.run(&photos, &config(), &mut stop).unwrap_err();
    std::fs::write(place.join("features.bin"), [7; 1000]).unwrap();
    let afresh = engine.run(&photos, &config(), &mut go_on).unwrap();
    assert_eq!(afresh.frames, whole.frames);
}

#[test]
fn photos_that_arrive_later_find_their_place_and_move_nothing() {
    let (folder, cameras) = boxes(12);
    let all = photos(folder.path());
    let mut first = Photos {
        images: Vec::new(),
        ..all.clone()
    };
    first.images = all
        .images
        .iter()
        .enumerate()
        .filter(|(i, _)| i % 4 != 2)
        .map(|it| it.1.clone())
        .collect();
    let known = run(&first).unwrap();
    assert_eq!(known.frames.len(), 9);
    let engine = BuiltinEngine::new();
    let joined = engine
        .register_images(&known, &all, &config(), &mut go_on)
        .unwrap();
    assert_eq!(joined.frames[..9], known.frames);
    assert_eq!(joined.optics, known.optics);
    assert_eq!(joined.frames.len(), 12, "{:?}", joined.warnings);
    let gate = judge("built-in", &joined, &all);
    assert_eq!((gate.verdict, gate.good), (Verdict::Good, 12), "{gate:?}");
    let apart = agreement(&found(&joined), &truth(&joined, &cameras));
    println!("{apart:?}");
    assert!(
        apart.max_degrees < 2.0 && apart.max_position < 0.03,
        "{apart:?}"
    );
    assert!(joined.points.observations.is_sorted_by_key(|it| it.point));
    let again = engine
        .register_images(&joined, &all, &config(), &mut go_on)
        .unwrap();
    assert_eq!(again.frames, joined.frames, "nothing is left to do");
}

#[test]
fn a_sequence_is_matched_with_its_neighbours() {
    let (folder, cameras) = boxes(12);
    let photos = photos(folder.path());
    let config = recon::poses::PoseConfig {
        sequential: Some(3),
        ..config()
    };
    let mut pairs = 0;
    let mut count = |update| {
        if let PoseUpdate::Progressed { what, total, .. } = update
            && what == "Matching photos"
        {
            pairs = total;
        }
        ControlFlow::Continue(())
    };
    let poses = BuiltinEngine::new()
        .run(&photos, &config, &mut count)
        .unwrap();
    assert!((30..66).contains(&pairs), "{pairs} of 66 pairs");
    let apart = agreement(&found(&poses), &truth(&poses, &cameras));
    assert!(
        10 < poses.frames.len() && apart.mean_degrees < 1.5,
        "{apart:?}"
    );
}
