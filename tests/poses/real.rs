//! Half of the fox's photos alone, against the poses that came with them.

use std::collections::HashMap;

use glam::DAffine3;
use recon::io;
use recon::poses::{BuiltinEngine, PoseConfig, PoseEngine, Verdict, judge};
use tests::similarity::agreement;

use super::{found, go_on, photos};

#[test]
fn the_fox_is_found_without_its_poses() {
    let Some(root) = tests::test_data() else {
        return;
    };
    let source = root.join("data/fox_half");
    let reference = std::fs::read(source.join("transforms.json")).unwrap();
    let reference = io::transforms::read(&reference).unwrap();
    // Alone, so that nothing but the photos can be read; every second keeps the test short.
    let folder = tempfile::tempdir().unwrap();
    let mut names: Vec<_> = std::fs::read_dir(source.join("images"))
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    names.sort();
    for path in names.iter().step_by(2) {
        std::fs::copy(path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let photos = photos(folder.path());
    let config = PoseConfig {
        max_side: 640,
        max_features: 1200,
        ..PoseConfig::default()
    };
    let poses = BuiltinEngine::new()
        .run(&photos, &config, &mut go_on)
        .unwrap();
    let gate = judge("built-in", &poses, &photos);
    println!(
        "{} of {} good, {} points, {:.2} px",
        gate.good, gate.photos, gate.points, gate.mean_error_px
    );
    assert!(photos.images.len() <= gate.good + 1, "{:?}", gate.per_photo);
    assert_eq!(gate.verdict, Verdict::Good, "{:?}", gate.advice);
    let named = |it: &str| it.rsplit('/').next().unwrap().to_owned();
    let known: HashMap<String, DAffine3> = reference
        .frames
        .iter()
        .map(|it| (named(&it.image), it.c2w))
        .collect();
    let reference: Vec<DAffine3> = poses
        .frames
        .iter()
        .map(|it| known[&named(&it.image)])
        .collect();
    let apart = agreement(&found(&poses), &reference);
    println!("{apart:?}");
    assert!(
        apart.mean_degrees < 1.0 && apart.mean_position < 0.01,
        "{apart:?}"
    );
}
