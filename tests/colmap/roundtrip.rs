//! What is written is read back: every lens, poses, points, tracks.

use recon::dataset::{
    Distortion, LengthUnit, LensModel, Optics, PoseFile, PoseFormat, RelativeLens, reprojection,
};
use recon::io::colmap;

use super::{cameras_of, lenses_of, model, pose_miss};

fn assert_same(read: &PoseFile, written: &PoseFile) {
    assert_eq!(read.warnings, [""; 0]);
    assert_eq!(read.unregistered, [""; 0]);
    assert_eq!(read.optics, written.optics);
    assert_eq!(read.points, written.points);
    assert_eq!(read.frames.len(), written.frames.len());
    for (read, written) in read.frames.iter().zip(&written.frames) {
        assert_eq!(read.image, written.image);
        assert_eq!(read.optics, written.optics);
        // Poses pass through quaternions.
        let miss = pose_miss(read.c2w, written.c2w);
        assert!(miss < 1e-14, "{}: {miss:e}", read.image);
    }
}

#[test]
fn binary_models_come_back() {
    for seed in 0..5 {
        let file = model(seed);
        let [cameras, images, points] = colmap::write_binary(&file).unwrap();
        assert_eq!(
            [cameras.0, images.0, points.0],
            ["cameras.bin", "images.bin", "points3D.bin"]
        );
        let read = colmap::read_binary(&cameras.1, &images.1, Some(&points.1)).unwrap();
        assert_eq!(read.format, PoseFormat::ColmapBinary);
        assert_same(&read, &file);
        assert_eq!(colmap::count_images("images.bin", &images.1).unwrap(), 24);
    }
}

#[test]
fn text_models_come_back() {
    for seed in 0..5 {
        let file = model(seed);
        let [cameras, images, points] = colmap::write_text(&file).unwrap();
        assert_eq!(
            [cameras.0, images.0, points.0],
            ["cameras.txt", "images.txt", "points3D.txt"]
        );
        let read = colmap::read_text(&cameras.1, &images.1, Some(&points.1)).unwrap();
        assert_eq!(read.format, PoseFormat::ColmapText);
        assert_same(&read, &file);
        let count = colmap::count_images("sparse/0/images.TXT", &images.1);
        assert_eq!(count.unwrap(), 24);
    }
}

#[test]
fn points_are_not_needed_and_their_errors_need_not_be_known() {
    let mut file = model(1);
    file.points.errors_px.clear();
    let [cameras, images, points] = colmap::write_binary(&file).unwrap();
    let read = colmap::read_binary(&cameras.1, &images.1, Some(&points.1)).unwrap();
    assert_same(&read, &file);
    let read = colmap::read_binary(&cameras.1, &images.1, None).unwrap();
    file.points = Default::default();
    assert_same(&read, &file);
}

/// The observations of a generated model miss by as much as its points say.
#[test]
fn reprojection_errors_are_those_stated() {
    let file = model(7);
    let report = reprojection(&lenses_of(&file), &cameras_of(&file), &file.points).unwrap();
    assert_eq!(report.observations, 20 * 24);
    assert_eq!(report.behind, 0);
    let stated = report.stated_mean_px.unwrap();
    assert!((report.mean_px - stated).abs() < 1e-9, "{report:?}");
    assert!((0.2..0.6).contains(&report.mean_px), "{report:?}");
}

#[test]
fn images_without_tracks_take_them_from_what_they_saw() {
    let file = model(3);
    let [cameras, images, points] = colmap::write_text(&file).unwrap();
    let points = String::from_utf8(points.1).unwrap();
    let points: String = points
        .lines()
        .map(|it| it.splitn(9, ' ').take(8).collect::<Vec<_>>().join(" ") + "\n")
        .collect();
    let read = colmap::read_text(&cameras.1, &images.1, Some(points.as_bytes())).unwrap();
    assert_same(&read, &file);
}

#[test]
fn what_colmap_cannot_hold_is_refused() {
    let refused = |file: &PoseFile, says: &str| {
        for result in [colmap::write_binary(file), colmap::write_text(file)] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    };
    let mut file = model(1);
    file.optics[2] = Optics::Relative(RelativeLens {
        model: LensModel::Pinhole,
        focal: [1.0; 2],
        principal: [0.0; 2],
        from_corner: false,
        unit: LengthUnit::Width,
        distortion: Distortion::None,
    });
    refused(&file, "camera 3 has no image size");
    let mut file = model(1);
    file.frames[4].c2w.translation.x = f64::NAN;
    refused(&file, "photo 5.jpg");
    let mut file = model(1);
    file.frames[4].optics = 99;
    refused(&file, "camera 99");
    let mut file = model(1);
    file.points.observations[0].point = 1000;
    refused(&file, "not there");
    let mut file = model(1);
    file.frames[0].image = String::new();
    refused(&file, "cannot be written");
    file.frames[0].image = "two\nlines".to_owned();
    assert!(colmap::write_text(&file).is_err());
    assert!(colmap::write_binary(&file).is_ok());
    file.frames[0].image = "a\0b".to_owned();
    assert!(colmap::write_binary(&file).is_err());
}
