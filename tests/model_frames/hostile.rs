//! Settings and photos that nobody should have: an error that says what to do, or work.

use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;

use glam::DVec3;
use recon::dataset::{Dataset, Split};
use recon::model::{Mode, ModelConfig, Prune, ReconstructConfig, ViewChoice, reconstruct};
use recon::synthetic::Background;

use super::{Told, all_of, config, growing, network, scan, small_photos};
use crate::optimise::Scan;

/// The error of a run, in words.
fn refusal(dataset: &Arc<Dataset>, config: &ReconstructConfig, model: ModelConfig) -> String {
    let network = network(model);
    let outcome = reconstruct(dataset, config, &network, &mut || None, &mut |_| {
        ControlFlow::Continue(())
    });
    outcome.unwrap_err().to_string()
}

fn settings(mode: Mode, choice: ViewChoice) -> ReconstructConfig {
    ReconstructConfig {
        mode,
        choice,
        ..ReconstructConfig::default()
    }
}

fn changed(scan: &Scan, change: impl FnOnce(&mut Dataset)) -> Arc<Dataset> {
    let mut dataset = (*scan.dataset).clone();
    change(&mut dataset);
    Arc::new(dataset)
}

fn assert_finite(told: &Told) {
    for chunk in &told.chunks {
        let splats = &chunk.splats;
        assert!(!splats.is_empty());
        assert!(splats.means.iter().all(|it| it.is_finite()));
        assert!(splats.log_scales.iter().all(|it| it.is_finite()));
        let harmonics = splats.sh_coeffs.as_flattened();
        assert!(harmonics.iter().all(|it| it.is_finite()));
    }
}

#[test]
fn where_nothing_can_be_seen_it_says_so() {
    let scan = scan();
    for change in [
        (|it: &mut Dataset| it.views.clear()) as fn(&mut Dataset),
        |it| it.views.iter_mut().for_each(|it| it.split = Split::HeldOut),
        |it| it.views.iter_mut().for_each(|it| it.ignored = true),
        |it| {
            let views = it.views.iter_mut();
            views.for_each(|it| it.c2w.translation = DVec3::NAN);
        },
    ] {
        let dataset = changed(&scan, change);
        for choice in [ViewChoice::KMeans, ViewChoice::Even, ViewChoice::All] {
            let error = refusal(&dataset, &settings(Mode::Full, choice), config());
            assert!(error.contains("none of the"), "{error}");
            assert!(error.contains("accrete poses"), "{error}");
        }
    }
}

#[test]
fn wrong_settings_are_named() {
    let scan = scan();
    let refused = |change: &dyn Fn(&mut ReconstructConfig)| {
        let mut settings = settings(Mode::Causal, ViewChoice::All);
        change(&mut settings);
        refusal(&scan.dataset, &settings, config())
    };
    let listed = |list: &[usize]| {
        let choice = ViewChoice::Listed(list.to_vec());
        refused(&|it| it.choice = choice.clone())
    };
    for (error, words) in [
        (refused(&|it| it.chunk = 0), "chunk is 0"),
        (
            refused(&|it| (it.choice, it.views) = (ViewChoice::KMeans, 0)),
            "no view is asked for",
        ),
        (listed(&[]), "list of input views is empty"),
        (listed(&[1, 99]), "input view 99 is not there"),
        (
            listed(&[1, 4]),
            "input view 4 (images/0005.png) is held out",
        ),
    ] {
        assert!(error.contains(words), "{error}");
    }
    let error = refusal(
        &scan.dataset,
        &settings(Mode::Full, ViewChoice::All),
        ModelConfig {
            heads: 2,
            patch_size: 4,
            sh_degree: 1,
            newton_schulz_steps: 5,
            prune: Prune {
                keep: 7.0,
                ..Prune::default()
            },
            ..config()
        },
    );
    assert!(error.contains("prune.keep"), "{error}");
}

#[test]
fn one_view_and_one_place_are_enough() {
    let scan = scan();
    let network = network(config());
    for mode in Mode::ALL {
        let one = settings(mode, ViewChoice::Listed(vec![5]));
        let told = all_of(&scan.dataset, &one, &network);
        assert_finite(&told);
        assert_eq!(told.last().len(), 24 * 16);
        assert!(
            told.warnings[0].contains("one place"),
            "{:?}",
            told.warnings
        );

        // A camera that only turns, far from the origin, where rounding is as large as it gets.
        let turning = changed(&scan, |it| {
            for view in &mut it.views {
                view.c2w.translation = DVec3::new(1e4, -3e3, 0.7);
            }
        });
        let told = all_of(&turning, &settings(mode, ViewChoice::All), &network);
        assert_finite(&told);
        assert!(
            told.warnings[0].contains("one place"),
            "{:?}",
            told.warnings
        );
        // Nothing is farther than the network's range in the dataset's units.
        for mean in &told.last().means {
            let distance = mean.as_dvec3().distance(DVec3::new(1e4, -3e3, 0.7));
            assert!(distance < 4.01, "{distance}");
        }
    }
}

#[test]
fn with_one_view_others_are_waited_for() {
    let scan = scan();
    let network = network(config());
    let one = changed(&scan, |it| it.views.truncate(2));
    for mode in Mode::ALL {
        let choice = settings(mode, ViewChoice::All);
        let told = growing(&one, vec![scan.dataset.clone()], &choice, &network);
        assert!(told.warnings.is_empty(), "{:?}", told.warnings);
        let all = all_of(&scan.dataset, &choice, &network);
        assert_eq!(told.last(), all.last());
    }
}

#[test]
fn a_thousand_views_are_many_and_no_more() {
    let scan = scan();
    let many = changed(&scan, |it| {
        let views = it.views.clone();
        it.views = (0..1000)
            .map(|i| {
                let mut view = views[i % views.len()].clone();
                view.name = format!("{i}");
                view.split = Split::Train;
                view.c2w.translation += DVec3::new(0.0, 1e-3 * i as f64, 0.0);
                view
            })
            .collect();
    });
    let mut model = config();
    (model.layers, model.prune) = (1, Prune::default());
    let network = network(model);
    for (mode, chunk) in [(Mode::Full, 4), (Mode::Causal, 500), (Mode::Merge, 100)] {
        let mut settings = settings(mode, ViewChoice::All);
        settings.chunk = chunk;
        let told = all_of(&many, &settings, &network);
        assert_finite(&told);
        assert_eq!(told.chunks.last().unwrap().views_seen.len(), 1000);
        // Fewer of the many are kept: from 64 views on 30 %, and 5 % of the others.
        let part = told.last().len() as f64 / (1000 * 24 * 16) as f64;
        assert!((part - 0.335).abs() < 1e-3, "{mode:?}: {part}");
    }
    let mut chosen = settings(Mode::Full, ViewChoice::KMeans);
    chosen.views = 16;
    let told = all_of(&many, &chosen, &network);
    assert_eq!(told.chunks[0].views_seen.len(), 16);
}

#[test]
fn photos_that_cannot_be_read_are_left_out() {
    let scan = scan();
    let network = network(config());
    let photo = |view: usize| {
        let path = &scan.dataset.views[view].image.path;
        scan.folder.path().join(path)
    };
    fs::remove_file(photo(2)).unwrap();
    fs::write(photo(5), b"no photo").unwrap();
    fs::write(photo(6), b"").unwrap();
    for mode in Mode::ALL {
        let mut settings = settings(mode, ViewChoice::All);
        settings.chunk = 2;
        let told = all_of(&scan.dataset, &settings, &network);
        assert_finite(&told);
        assert_eq!(told.warnings.len(), 3, "{:?}", told.warnings);
        for (view, warning) in [2, 5, 6].iter().zip(&told.warnings) {
            let name = &scan.dataset.views[*view].name;
            assert!(warning.contains(name), "{warning}");
        }
        let seen = &told.chunks.last().unwrap().views_seen;
        assert_eq!(*seen, [1, 3, 7, 9, 10, 11]);
    }
    // A chunk of nothing but such photos is passed over.
    let mut pairs = settings(Mode::Causal, ViewChoice::Listed(vec![1, 3, 5, 6, 7]));
    pairs.chunk = 2;
    let told = all_of(&scan.dataset, &pairs, &network);
    let indices: Vec<usize> = told.chunks.iter().map(|it| it.index).collect();
    assert_eq!(indices, [0, 2]);
    let none = settings(Mode::Full, ViewChoice::Listed(vec![2, 5, 6]));
    let error = refusal(&scan.dataset, &none, config());
    assert!(error.contains("none of the 3 chosen photos"), "{error}");
}

#[test]
fn photos_may_be_tiny() {
    let mut made = small_photos(5, Background::Dome);
    for photo in &mut made.photos {
        *photo = image::imageops::thumbnail(photo, 3, 2);
    }
    let scan = Scan::of(&made, recon::dataset::HoldOut::None);
    let network = network(config());
    let told = all_of(
        &scan.dataset,
        &settings(Mode::Full, ViewChoice::All),
        &network,
    );
    assert_finite(&told);
    assert_eq!(told.last().len(), 5 * 24 * 16);
}

#[test]
fn masked_pixels_become_no_splats() {
    let scan = scan();
    // The left half of view 1 does not count, and nothing of view 2.
    let masks = scan.folder.path().join("masks");
    fs::create_dir_all(&masks).unwrap();
    let half =
        image::GrayImage::from_fn(48, 32, |x, _| image::Luma([if x < 24 { 0 } else { 255 }]));
    half.save(masks.join("half.png")).unwrap();
    image::GrayImage::new(48, 32)
        .save(masks.join("none.png"))
        .unwrap();
    let masked = changed(&scan, |it| {
        it.folder = recon::io::Folder::open(scan.folder.path()).unwrap();
        it.views[1].mask = Some("masks/half.png".into());
        it.views[2].mask = Some("masks/none.png".into());
    });
    let network = network(config());
    let list = ViewChoice::Listed(vec![1, 2, 3]);
    let told = all_of(&masked, &settings(Mode::Full, list.clone()), &network);
    assert_eq!(told.last().len(), 24 * 16 / 2 + 24 * 16);
    // What is left is what it was: the network sees the whole photo.
    let all = all_of(&scan.dataset, &settings(Mode::Full, list), &network);
    let is_one_of_all = |it| all.last().means.contains(it);
    assert!(told.last().means.iter().all(is_one_of_all));
    let (camera, _) = &super::cameras(&masked, &[1], &network.config)[0];
    for mean in &told.last().means[..24 * 16 / 2] {
        let (pixel, _) = camera.project(*mean).unwrap();
        assert!(12.0 < pixel.x, "{pixel}");
    }
}

#[test]
fn what_is_no_number_is_counted_and_left_out() {
    let scan = scan();
    let mut network = network(config());
    let settings = settings(Mode::Full, ViewChoice::Listed(vec![1, 2]));
    // One of the three logits of the first pixel's depth in each patch of 16.
    let decoder = network.weights.decoder.clone();
    let [rows, _] = decoder.dims();
    let broken = decoder.clone().narrow(0, 0, 1) * f32::NAN;
    let rest = decoder.narrow(0, 1, rows - 1);
    network.weights.decoder = burn::tensor::Tensor::cat(vec![broken, rest], 0);
    let told = all_of(&scan.dataset, &settings, &network);
    assert_finite(&told);
    let patches = 2 * (24 * 16) / 16;
    assert_eq!(told.last().len(), 15 * patches);
    assert!(
        told.warnings[0].starts_with(&format!("{patches} splats are left out")),
        "{:?}",
        told.warnings
    );
    // Nothing but such numbers: nothing, and it is told.
    network.weights.tokenizer = network.weights.tokenizer.clone() * f32::NAN;
    let told = all_of(&scan.dataset, &settings, &network);
    assert!(told.last().is_empty());
    assert!(
        told.warnings[0].starts_with("768 splats"),
        "{:?}",
        told.warnings
    );
}
