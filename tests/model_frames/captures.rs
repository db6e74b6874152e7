//! Real captures through a tiny network: finite splats, seen where their pixels are, a snapshot a
//! chunk, exported and read back.

use std::path::Path;
use std::sync::Arc;

use recon::dataset::{Dataset, Split};
use recon::io::{self, Opened};
use recon::model::{Frame, Mode, ModelConfig, Prune, ReconstructConfig, ViewChoice};
use tests::test_data;

use super::{all_of, cameras, config, farthest_from_its_pixel, network};

fn open(path: &Path) -> Arc<Dataset> {
    match io::open(path).unwrap() {
        Opened::Dataset(dataset) => Arc::new(dataset),
        other => panic!("{other:?}"),
    }
}

#[test]
fn splats_of_real_captures_are_in_their_coordinates() {
    let Some(data) = test_data() else { return };
    for (name, frame, size) in [
        ("gso_toy", Frame::MeanCam, (64, 64)),
        ("mydesk_540p", Frame::FirstCam, (120, 64)),
        ("fox_half", Frame::MeanCam, (64, 112)),
    ] {
        let dataset = open(&data.join("data").join(name));
        let model = ModelConfig {
            patch_size: 8,
            image_width: size.0,
            image_height: size.1,
            frame,
            ..config()
        };
        let network = network(model);
        for (mode, with_targets) in [
            (Mode::Full, true),
            (Mode::Replay, false),
            (Mode::Causal, false),
            (Mode::Merge, true),
        ] {
            let settings = ReconstructConfig {
                mode,
                with_targets,
                views: 8,
                chunk: 3,
                choice: ViewChoice::KMeans,
                ..ReconstructConfig::default()
            };
            let told = all_of(&dataset, &settings, &network);
            assert!(told.warnings.is_empty(), "{:?}", told.warnings);
            let expected = if mode == Mode::Full { 1 } else { 3 };
            assert_eq!(told.chunks.len(), expected);
            let mut worst = 0.0_f32;
            for chunk in &told.chunks {
                let splats = &chunk.splats;
                assert!(splats.means.iter().all(|it| it.is_finite()));
                assert!(splats.log_scales.iter().all(|it| it.is_finite()));
                let cameras = cameras(&dataset, &chunk.views_seen, &network.config);
                let off = farthest_from_its_pixel(splats, &cameras, &network.config);
                worst = worst.max(off);
            }
            println!("{name} {mode:?}: {worst} px");
            assert!(worst < 0.01, "{name} {mode:?}: {worst} px");
        }
    }
}

#[test]
fn the_published_choice_of_views_is_taken_and_its_splats_are_a_file() {
    let Some(data) = test_data() else { return };
    let mut dataset = open(&data.join("data/mydesk_540p"));
    for view in &mut Arc::make_mut(&mut dataset).views {
        view.split = Split::Train;
    }
    let network = network(ModelConfig {
        patch_size: 8,
        image_width: 64,
        image_height: 32,
        prune: Prune::default(),
        ..config()
    });
    let told = all_of(&dataset, &ReconstructConfig::default(), &network);
    assert_eq!(told.chunks[0].views_seen, dataset.input_lists[&32]);
    let splats = told.last().clone();
    let pixels = 32 * 64 * 32;
    assert_eq!(
        splats.len(),
        (0.4 * f64::from(pixels)) as usize + (0.06 * f64::from(pixels)) as usize
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.ply");
    let file = io::SplatFile::new(splats, io::SplatFormat::Ply);
    io::save(&path, &file).unwrap();
    let read = io::open_splats(&path).unwrap();
    assert_eq!(read.splats.means, file.splats.means);
    assert_eq!(read.splats.sh_coeffs, file.splats.sh_coeffs);
}
