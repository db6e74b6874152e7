//! What comes when: snapshots before later photos are decoded, cancelling within a chunk, folders
//! that are filled meanwhile.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use recon::dataset::Dataset;
use recon::model::{Mode, ReconstructConfig, ReconstructUpdate, ViewChoice, reconstruct};

use super::{all_of, config, growing, network, scan};
use crate::optimise::Scan;

const MODES: [Mode; 4] = Mode::ALL;

fn settings(mode: Mode) -> ReconstructConfig {
    ReconstructConfig {
        mode,
        choice: ViewChoice::All,
        chunk: 2,
        ..ReconstructConfig::default()
    }
}

/// Where a view's photo lies.
fn photo(scan: &Scan, view: usize) -> PathBuf {
    scan.folder
        .path()
        .join(&scan.dataset.views[view].image.path)
}

/// Training views of [`scan`].
const TRAINED: [usize; 9] = [1, 2, 3, 5, 6, 7, 9, 10, 11];

#[test]
fn no_photo_is_decoded_before_the_snapshot_of_the_chunk_before_it() {
    let network = network(config());
    for mode in [Mode::Replay, Mode::Causal, Mode::Merge] {
        let scan = scan();
        let healthy: Vec<Vec<u8>> = TRAINED
            .iter()
            .map(|view| fs::read(photo(&scan, *view)).unwrap())
            .collect();
        // Only what has its turn next can be read.
        let spoil = |from: usize| {
            for view in TRAINED.iter().skip(from) {
                fs::write(photo(&scan, *view), b"not yet").unwrap();
            }
        };
        spoil(2);
        let mut chunks = 0;
        let outcome = reconstruct(
            &scan.dataset,
            &settings(mode),
            &network,
            &mut || None,
            &mut |update| {
                match update {
                    ReconstructUpdate::Chunk(chunk) => {
                        chunks += 1;
                        assert_eq!(chunk.views_seen, TRAINED[..(2 * chunks).min(9)]);
                        for (view, bytes) in TRAINED.iter().zip(&healthy).skip(2 * chunks).take(2) {
                            fs::write(photo(&scan, *view), bytes).unwrap();
                        }
                    }
                    ReconstructUpdate::Warned(what) => panic!("{mode:?}: {what}"),
                    ReconstructUpdate::Preparing { .. } => {}
                }
                ControlFlow::Continue(())
            },
        );
        assert_eq!(outcome.unwrap(), ControlFlow::Continue(()));
        assert_eq!(chunks, 5);
    }
}

#[test]
fn a_run_ends_wherever_it_is_told_to() {
    let scan = scan();
    let network = network(config());
    for mode in MODES {
        let run = |last: usize| {
            let (mut heard, mut chunks) = (0, 0);
            let outcome = reconstruct(
                &scan.dataset,
                &settings(mode),
                &network,
                &mut || None,
                &mut |update| {
                    heard += 1;
                    assert!(heard <= last, "{mode:?}: it goes on");
                    chunks += usize::from(matches!(update, ReconstructUpdate::Chunk(_)));
                    if heard == last {
                        return ControlFlow::Break(());
                    }
                    ControlFlow::Continue(())
                },
            );
            (outcome.unwrap(), heard, chunks)
        };
        let (outcome, all, chunks) = run(usize::MAX);
        assert_eq!(outcome, ControlFlow::Continue(()));
        assert_eq!(chunks, if mode == Mode::Full { 1 } else { 5 });
        // Every chunk has many moments to end at.
        assert!(10 * chunks < all, "{mode:?}: {all}");
        let step = (all / 40).max(1);
        for last in (1..=all).step_by(step) {
            let (outcome, heard, chunks) = run(last);
            assert_eq!((outcome, heard), (ControlFlow::Break(()), last));
            assert!(chunks <= 5);
        }
    }
}

/// The dataset with its first views only.
fn first(dataset: &Dataset, count: usize) -> Arc<Dataset> {
    let mut fewer = dataset.clone();
    fewer.views.truncate(count);
    Arc::new(fewer)
}

#[test]
fn views_that_come_late_change_only_what_comes_later() {
    let scan = scan();
    let network = network(config());
    for mode in MODES {
        let few = first(&scan.dataset, 7);
        let alone = all_of(&few, &settings(mode), &network);
        let others = vec![first(&scan.dataset, 10), scan.dataset.clone()];
        let told = growing(&few, others, &settings(mode), &network);
        let before = alone.chunks.len();
        for (ours, expected) in told.chunks.iter().zip(&alone.chunks) {
            assert_eq!(ours.splats, expected.splats, "{mode:?}");
            assert_eq!(ours.of, expected.of);
        }
        assert!(before < told.chunks.len());
        let seen: Vec<usize> = told.chunks.iter().map(|it| it.views_seen.len()).collect();
        let expected: &[usize] = match mode {
            Mode::Full => &[5, 7, 9],
            _ => &[2, 4, 5, 7, 9],
        };
        assert_eq!(seen, expected, "{mode:?}");
        for chunk in &told.chunks[before..] {
            assert_eq!(chunk.of, None);
        }
        for (i, chunk) in told.chunks.iter().enumerate() {
            assert_eq!(chunk.index, i);
        }
        // Full and replay begin anew, and so end where they would have with all views from the
        // start; the others keep the frame that they have learnt in.
        let at_once = all_of(&scan.dataset, &settings(mode), &network);
        let is_anew = matches!(mode, Mode::Full | Mode::Replay);
        assert_eq!(told.last() == at_once.last(), is_anew, "{mode:?}");
    }
}

#[test]
fn a_photo_that_was_half_written_is_read_when_there_is_more() {
    let network = network(config());
    for mode in MODES {
        let scan = scan();
        let healthy = fs::read(photo(&scan, 2)).unwrap();
        fs::write(photo(&scan, 2), &healthy[..healthy.len() / 2]).unwrap();
        let few = first(&scan.dataset, 7);
        let mut others = vec![scan.dataset.clone()].into_iter();
        let (mut seen, mut warnings) = (Vec::new(), Vec::new());
        let outcome = reconstruct(
            &few,
            &settings(mode),
            &network,
            &mut || {
                fs::write(photo(&scan, 2), &healthy).unwrap();
                others.next()
            },
            &mut |update| {
                match update {
                    ReconstructUpdate::Chunk(chunk) => seen = chunk.views_seen,
                    ReconstructUpdate::Warned(what) => warnings.push(what),
                    ReconstructUpdate::Preparing { .. } => {}
                }
                ControlFlow::Continue(())
            },
        );
        assert_eq!(outcome.unwrap(), ControlFlow::Continue(()));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].contains(&scan.dataset.views[2].name),
            "{warnings:?}"
        );
        let expected: &[usize] = match mode {
            Mode::Full => &TRAINED,
            _ => &[1, 3, 5, 6, 2, 7, 9, 10, 11],
        };
        assert_eq!(seen, expected, "{mode:?}");
    }
}

#[test]
fn another_dataset_is_not_a_grown_one() {
    let scan = scan();
    let network = network(config());
    let mut other = (*scan.dataset).clone();
    other.views.swap(1, 2);
    let mut others = vec![Arc::new(other)].into_iter();
    let outcome = reconstruct(
        &scan.dataset,
        &settings(Mode::Causal),
        &network,
        &mut || others.next(),
        &mut |_| ControlFlow::Continue(()),
    );
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("order has changed"), "{error}");
}
