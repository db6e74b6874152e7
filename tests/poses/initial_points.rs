//! Points to begin with.

use std::path::Path;

use recon::dataset::{Dataset, Frame, Optics, PoseFile, PoseFormat};
use recon::io::{self, Opened};
use recon::poses::{InitialPointsConfig, PointSource, initial_points};
use tests::boxes::{self, distance};

use super::go_on;

/// The photos with their true poses and no points.
fn dataset(folder: &Path, cameras: &[glam::DAffine3]) -> Dataset {
    let mut poses = PoseFile::new(PoseFormat::Transforms);
    poses.optics.push(Optics::Lens(boxes::lens()));
    for (i, c2w) in cameras.iter().enumerate() {
        poses.frames.push(Frame {
            image: format!("view_{i:02}.png"),
            mask: None,
            optics: 0,
            c2w: *c2w,
            split: None,
        });
    }
    let json = io::transforms::write(&poses).unwrap();
    std::fs::write(folder.join("transforms.json"), json).unwrap();
    match io::open(folder).unwrap() {
        Opened::Dataset(dataset) => dataset,
        other => panic!("{other:?}"),
    }
}

#[test]
fn points_lie_on_the_surfaces() {
    let (folder, cameras) = super::boxes(12);
    let dataset = dataset(folder.path(), &cameras);
    let config = InitialPointsConfig::default();
    let (points, source) = initial_points(&dataset, &config, &mut go_on).unwrap();
    assert_eq!(source, PointSource::Triangulated);
    let mut off: Vec<f64> = points.positions.iter().map(|it| distance(*it)).collect();
    off.sort_by(f64::total_cmp);
    println!(
        "{} points, {:?} off at most half, 95 %",
        off.len(),
        (off[off.len() / 2], off[off.len() * 19 / 20])
    );
    assert!(300 < off.len(), "{}", off.len());
    assert!(off[off.len() / 2] < 0.01 && off[off.len() * 19 / 20] < 0.05);
    assert!(points.errors_px.iter().all(|it| *it <= 2.0));
    let held_out = |it: &u32| dataset.views[*it as usize].split == recon::dataset::Split::HeldOut;
    assert!(
        dataset
            .views
            .iter()
            .any(|it| it.split == recon::dataset::Split::HeldOut)
    );
    let frames: std::collections::BTreeSet<u32> =
        points.observations.iter().map(|it| it.frame).collect();
    assert!(
        !frames.iter().any(held_out),
        "held-out photos give nothing away"
    );
    let again = initial_points(&dataset, &config, &mut go_on).unwrap();
    assert_eq!(again.0, points);
    // Points that came with the dataset are left alone.
    let mut with_points = dataset.clone();
    with_points.points = points.clone();
    let kept = initial_points(&with_points, &config, &mut go_on).unwrap();
    assert_eq!(kept, (points, PointSource::Dataset));
}

#[test]
fn where_nothing_is_to_be_seen_points_are_random_in_view() {
    let folder = tempfile::tempdir().unwrap();
    let cameras = boxes::cameras(5);
    for i in 0..cameras.len() {
        let blank = image::RgbImage::from_pixel(240, 200, image::Rgb([80; 3]));
        blank
            .save(folder.path().join(format!("view_{i:02}.png")))
            .unwrap();
    }
    let dataset = dataset(folder.path(), &cameras);
    let config = InitialPointsConfig {
        random_points: 500,
        seed: 9,
        ..InitialPointsConfig::default()
    };
    let (points, source) = initial_points(&dataset, &config, &mut go_on).unwrap();
    assert_eq!((source, points.len()), (PointSource::Random, 500));
    for point in &points.positions {
        let sees = |view: &&recon::dataset::View| {
            let lens = &dataset.lenses[view.lens];
            let pixel = lens.project(view.c2w.inverse().transform_point3(*point));
            pixel.is_some_and(|it| (0.0..240.0).contains(&it.x) && (0.0..200.0).contains(&it.y))
        };
        assert!(2 <= dataset.views.iter().filter(sees).count(), "{point}");
    }
    assert_eq!(
        initial_points(&dataset, &config, &mut go_on).unwrap().0,
        points
    );
    let other = InitialPointsConfig { seed: 10, ..config };
    assert_ne!(
        initial_points(&dataset, &other, &mut go_on).unwrap().0,
        points
    );
}
