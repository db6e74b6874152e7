//! A scene that was left, and gone on with.

use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;

use glam::DVec3;
use recon::dataset::{Dataset, Split};
use recon::model::{
    Chunk, Elastic, KeptScene, Mode, ModelError, Network, ReconstructConfig, ReconstructUpdate,
    ViewChoice, go_on, reconstruct,
};

use super::modes::difference;
use super::{Told, all_of, config, network, scan};

fn settings(choice: ViewChoice, selective: Option<Elastic>) -> ReconstructConfig {
    ReconstructConfig {
        mode: Mode::Causal,
        choice,
        chunk: 2,
        selective,
        ..ReconstructConfig::default()
    }
}

/// What a run has after `chunks` chunks.
fn left_after(
    chunks: usize,
    dataset: &Arc<Dataset>,
    config: &ReconstructConfig,
    network: &Network,
) -> Chunk {
    let mut newest = None;
    let outcome = reconstruct(dataset, config, network, &mut || None, &mut |update| {
        if let ReconstructUpdate::Chunk(chunk) = update {
            let is_last = chunk.index + 1 == chunks;
            newest = Some(chunk);
            if is_last {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    assert!(outcome.is_ok());
    newest.unwrap()
}

/// All that a run tells which goes on.
fn continued(
    kept: KeptScene,
    dataset: &Arc<Dataset>,
    config: &ReconstructConfig,
    network: &Network,
) -> Result<Told, ModelError> {
    let mut told = Told::default();
    let flow = go_on(
        kept,
        dataset,
        config,
        network,
        &mut || None,
        &mut |update| {
            match update {
                ReconstructUpdate::Preparing { done, total, .. } => assert!(done <= total),
                ReconstructUpdate::Warned(what) => told.warnings.push(what),
                ReconstructUpdate::Chunk(chunk) => told.chunks.push(chunk),
            }
            ControlFlow::Continue(())
        },
    )?;
    assert!(flow.is_continue());
    Ok(told)
}

#[test]
fn a_scene_that_was_left_becomes_what_it_would_have_become() {
    let scan = scan();
    let network = network(config());
    for selective in [None, Some(Elastic::default())] {
        let config = settings(ViewChoice::All, selective);
        let whole = all_of(&scan.dataset, &config, &network);
        let left = left_after(2, &scan.dataset, &config, &network);
        assert_eq!(left.views_seen, [1, 2, 3, 5]);

        // Through a file, and by another copy of the network.
        let path = scan.folder.path().join("state/scene.memory");
        let adapted = config.adapt(network.clone()).unwrap();
        left.kept.unwrap().save(&adapted, &path).unwrap();
        let kept = KeptScene::open(&adapted, &path).unwrap();
        let told = continued(kept, &scan.dataset, &config, &network).unwrap();
        assert!(told.warnings.is_empty(), "{:?}", told.warnings);
        assert_eq!(told.chunks.len(), 3);
        for (i, (ours, expected)) in told.chunks.iter().zip(&whole.chunks[2..]).enumerate() {
            assert_eq!((ours.index, ours.of), (i, Some(3)));
            assert_eq!(ours.views_seen, expected.views_seen);
            let off = difference(&ours.splats, &expected.splats);
            println!("continued, chunk {i}: {off}");
            assert!(off <= 1e-5, "{off}");
        }
        let names = |it: &Chunk| -> Vec<String> {
            let kept = it.kept.as_ref().unwrap();
            kept.seen.iter().map(|it| it.name.clone()).collect()
        };
        let last = whole.chunks.last().unwrap();
        assert_eq!(names(told.chunks.last().unwrap()), names(last));

        // The selective update has a memory of its own.
        let other = settings(ViewChoice::All, selective.xor(Some(Elastic::default())));
        let other = other.adapt(network.clone()).unwrap();
        let error = KeptScene::open(&other, &path).unwrap_err().to_string();
        assert!(error.contains("selective update"), "{error}");
    }
}

#[test]
fn where_nothing_is_new_the_scene_is_drawn_again() {
    let scan = scan();
    let network = network(config());
    let config = settings(ViewChoice::All, None);
    let whole = all_of(&scan.dataset, &config, &network);
    let last = whole.chunks.last().unwrap();
    for choice in [
        ViewChoice::All,
        ViewChoice::KMeans,
        ViewChoice::Even,
        ViewChoice::Listed(vec![3, 5]),
    ] {
        let config = settings(choice, None);
        let kept = last.kept.clone().unwrap();
        let told = continued(*kept, &scan.dataset, &config, &network).unwrap();
        let [chunk] = &told.chunks[..] else {
            panic!("{} chunks", told.chunks.len());
        };
        assert_eq!(chunk.views_seen, last.views_seen);
        assert_eq!((chunk.index, chunk.of), (0, Some(1)));
        assert!(difference(&chunk.splats, &last.splats) <= 1e-5);
        assert_eq!(chunk.kept.as_ref().unwrap().seen.len(), 9);
    }
}

#[test]
fn views_are_chosen_among_those_that_were_not_seen() {
    let scan = scan();
    let network = network(config());
    let few = settings(ViewChoice::Listed(vec![1, 5, 9]), None);
    let kept = all_of(&scan.dataset, &few, &network);
    let kept = kept.chunks.last().unwrap().kept.clone().unwrap();
    for (choice, count) in [
        (ViewChoice::KMeans, 4),
        (ViewChoice::Even, 4),
        (ViewChoice::All, 6),
        (ViewChoice::Listed(vec![9, 2, 1, 3]), 2),
    ] {
        let mut more = settings(choice.clone(), None);
        more.views = 4;
        let told = continued((*kept).clone(), &scan.dataset, &more, &network).unwrap();
        let seen = &told.chunks.last().unwrap().views_seen;
        assert_eq!(seen[..3], [1, 5, 9], "{choice:?}");
        let mut new = seen[3..].to_vec();
        new.dedup();
        assert!(new.iter().all(|i| ![1, 5, 9].contains(i)), "{choice:?}");
        assert!(new.len() <= count && 2 <= new.len(), "{choice:?}: {new:?}");
    }

    // A photo that is gone is no longer drawn; what was learnt from it stays.
    fs::remove_file(scan.folder.path().join("images/0006.png")).unwrap();
    let more = settings(ViewChoice::Listed(vec![2]), None);
    let told = continued(*kept, &scan.dataset, &more, &network).unwrap();
    assert!(told.warnings[0].contains("0006.png"), "{:?}", told.warnings);
    let chunk = &told.chunks[0];
    assert_eq!(chunk.views_seen, [1, 9, 2]);
    assert_eq!(chunk.kept.as_ref().unwrap().seen.len(), 4);
}

#[test]
fn another_scene_is_refused() {
    let scan = scan();
    let network = network(config());
    let config = settings(ViewChoice::All, None);
    let left = left_after(2, &scan.dataset, &config, &network);
    let kept = *left.kept.unwrap();
    let refused = |change: &dyn Fn(&mut Dataset), words: &[&str]| {
        let mut dataset = (*scan.dataset).clone();
        change(&mut dataset);
        let told = continued(kept.clone(), &Arc::new(dataset), &config, &network);
        let error = told.unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word}: {error}");
        }
    };
    let name = &scan.dataset.views[2].name;
    refused(
        &|it| it.views[2].name = "other.png".to_owned(),
        &["does not have 1 of the 4 photos", name],
    );
    refused(&|it| it.views.clear(), &["does not have 4 of the 4 photos"]);
    refused(
        &|it| it.views[2].c2w.translation += DVec3::new(0.0, 0.3, 0.0),
        &[name, "another pose"],
    );
    refused(
        &|it| it.views[2].split = Split::HeldOut,
        &[name, "held out"],
    );
    for mode in [Mode::Full, Mode::Replay, Mode::Merge] {
        let other = ReconstructConfig {
            mode,
            ..config.clone()
        };
        let told = continued(kept.clone(), &scan.dataset, &other, &network);
        let error = told.unwrap_err().to_string();
        assert!(error.contains("causal"), "{error}");
        let told = all_of(&scan.dataset, &other, &network);
        assert!(told.chunks.iter().all(|it| it.kept.is_none()), "{mode:?}");
    }
}
