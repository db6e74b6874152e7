//! Real captures open with the numbers that are known of them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use recon::dataset::{Lens, LensModel, PoseFormat};

use super::{camera_differences, dataset, refusal};

fn capture(name: &str) -> Option<PathBuf> {
    Some(tests::test_data()?.join("data").join(name))
}

#[test]
fn fox_half() {
    let Some(path) = capture("fox_half") else {
        return;
    };
    let it = dataset(&path);
    assert_eq!(
        it.report.headline(),
        "50 photos 540×960, transforms.json with OPENCV distortion, 14,286 points, 0 missing, \
         7 held out"
    );
    assert_eq!(it.report.format, Some(PoseFormat::Transforms));
    assert_eq!(
        it.report.pose_file.as_deref(),
        Some(Path::new("transforms.json"))
    );
    assert_eq!(it.report.point_source.as_deref(), Some("sparse.ply"));
    assert_eq!(
        (it.lenses.len(), it.lenses[0].model),
        (1, LensModel::Opencv)
    );
    assert_eq!(
        (it.report.listed, it.report.train, it.points.len()),
        (50, 43, 14_286)
    );
    assert!(it.report.unregistered.is_empty() && it.report.broken.is_empty());
    let upstream = &it.report.not_taken;
    assert!(
        upstream.len() == 1 && upstream[0].contains("67_frames") && upstream[0].contains("first"),
        "{upstream:?}"
    );
}

#[test]
fn the_foxs_upstream_file_names_what_is_missing() {
    let Some(path) = capture("fox_half") else {
        return;
    };
    let it = dataset(&path.join("transforms_upstream_67_frames_17_missing.json"));
    let report = &it.report;
    assert_eq!(
        (report.listed, report.missing.len(), report.used),
        (67, 17, 50)
    );
    for missing in &report.missing {
        assert_eq!(missing.tried[0], Path::new(&missing.name));
        let bare = missing.name.strip_prefix("images/").unwrap();
        let reduced = PathBuf::from(format!("images_2/{bare}"));
        assert!(missing.tried.contains(&reduced), "{missing:?}");
        assert!(missing.tried.iter().all(|it| !path.join(it).exists()));
    }
    assert!(
        report.headline().contains("17 missing"),
        "{}",
        report.headline()
    );
    assert!(
        report
            .not_taken
            .iter()
            .any(|it| it.starts_with("transforms.json"))
    );
}

#[test]
fn a_zip_of_the_fox_is_the_fox() {
    let Some(path) = capture("fox_half") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let zipped = dir.path().join("fox.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&zipped).unwrap());
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let photos = fs::read_dir(path.join("images")).unwrap();
    let photos = photos.map(|it| format!("images/{}", it.unwrap().file_name().display()));
    let others = ["transforms.json", "sparse.ply"].map(str::to_owned);
    for name in photos.chain(others) {
        zip.start_file(format!("fox/{name}"), options).unwrap();
        zip.write_all(&fs::read(path.join(&name)).unwrap()).unwrap();
    }
    zip.finish().unwrap();
    let (folder, zipped) = (dataset(&path), dataset(&zipped));
    assert_eq!(zipped.report.headline(), folder.report.headline());
    assert_eq!(
        (zipped.views, zipped.lenses),
        (folder.views.clone(), folder.lenses)
    );
    assert_eq!(zipped.points, folder.points);
    let first = &folder.views[0].image.path;
    let bytes = zipped.folder.read(first).unwrap();
    assert_eq!(bytes, folder.folder.read(first).unwrap());
}

#[test]
fn snowmiku() {
    let Some(path) = capture("snowmiku_simple_radial") else {
        return;
    };
    let it = dataset(&path);
    let report = &it.report;
    assert_eq!(report.format, Some(PoseFormat::ColmapBinary));
    assert_eq!(report.pose_file.as_deref(), Some(Path::new("sparse/0")));
    assert_eq!(
        (report.used, report.sizes.as_slice()),
        (97, &[(1008, 756)][..])
    );
    assert_eq!(
        report.missing.len() + report.broken.len() + report.unregistered.len(),
        0
    );
    assert_eq!(it.points.len(), 25_784);
    assert_eq!(it.lenses[0].model, LensModel::SimpleRadial);
    let others = report.not_taken.join("\n");
    for words in [
        "sparse_txt/0 (COLMAP (text)): as many photos as sparse/0; binary is exact",
        "transforms.json: sparse/0 comes first",
        "inria_output/cameras.json (cameras.json of 3DGS): belongs to a finished 3DGS scene",
    ] {
        assert!(others.contains(words), "{others}");
    }
    let fit = report.reprojection.clone().unwrap();
    println!("snowmiku: {fit:?}");
    assert!(fit.mean_px < 0.05 && fit.behind == 0, "{fit:?}");
    // The scene's leftovers alone: the cameras have no photos, and the splats were never fetched.
    assert!(refusal(&path.join("inria_output")).contains("git lfs pull"));
}

#[test]
fn the_same_cameras_whichever_file_is_read() {
    let Some(path) = capture("snowmiku_simple_radial") else {
        return;
    };
    let binary = dataset(&path);
    let text = dataset(&path.join("sparse_txt/0/images.txt"));
    let json = dataset(&path.join("transforms.json"));
    assert_eq!(text.report.format, Some(PoseFormat::ColmapText));
    assert_eq!(json.report.format, Some(PoseFormat::Transforms));
    for other in [&text, &json] {
        let worst = camera_differences(&binary, other);
        println!("{:?}: {worst:?}", other.report.format);
        assert!(worst.iter().all(|it| *it < 1e-6), "{worst:?}");
    }
    assert_eq!(text.points.len(), 25_784);
}

#[test]
fn mydesk_and_its_published_choice() {
    let Some(path) = capture("mydesk_540p") else {
        return;
    };
    let it = dataset(&path);
    assert_eq!(it.name, "mydesk");
    assert_eq!(it.report.format, Some(PoseFormat::OpencvCameras));
    assert_eq!((it.report.used, it.report.missing.len()), (95, 0));
    assert_eq!(it.report.sizes, [(960, 540)]);
    assert_eq!(it.input_lists[&32].len(), 32);
    assert!(it.lenses.iter().all(Lens::is_pinhole));
    let text = fs::read(path.join("opencv_cameras.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    for (view, frame) in it.views.iter().zip(json["frames"].as_array().unwrap()) {
        assert_eq!(view.name, frame["file_path"].as_str().unwrap());
        assert_eq!(it.lenses[view.lens].fx, frame["fx"].as_f64().unwrap());
    }
}

#[test]
fn gso_toy_and_its_alpha() {
    let Some(path) = capture("gso_toy") else {
        return;
    };
    let it = dataset(&path);
    let report = &it.report;
    assert_eq!(
        (report.used, report.with_alpha, report.held_out),
        (64, 64, 8)
    );
    assert_eq!(
        (report.sizes.as_slice(), report.points),
        (&[(512, 512)][..], 0)
    );
    for view in &it.views {
        let radius = view.c2w.translation.length();
        assert!((radius - 2.7).abs() < 1e-3, "{radius}");
    }
}

#[test]
fn lego_splits_itself() {
    let Some(path) = capture("lego_blender_400") else {
        return;
    };
    let it = dataset(&path);
    let report = &it.report;
    assert_eq!(report.format, Some(PoseFormat::Blender));
    assert_eq!((report.used, report.train, report.held_out), (100, 80, 20));
    assert_eq!(
        (report.sizes.as_slice(), report.with_alpha),
        (&[(400, 400)][..], 100)
    );
    assert!(
        report.missing.is_empty() && report.unregistered.is_empty(),
        "{report:?}"
    );
    assert_eq!(
        report.pose_file.as_deref(),
        Some(Path::new("transforms_train.json"))
    );
    let first = it.views.iter().take(80);
    assert!(first.into_iter().all(|it| it.name.starts_with("train/")));
}

#[test]
fn one_photo_with_a_point_cloud() {
    let Some(path) = capture("brush_test_dataset") else {
        return;
    };
    let it = dataset(&path);
    assert_eq!(
        (it.views.len(), it.report.point_source.as_deref()),
        (1, Some("init.ply"))
    );
    assert_eq!(it.points.len(), 100);
    let first = glam::Vec3::new(-0.355_536_16, 0.791_007_04, -0.086_463_64);
    assert_eq!(it.points.positions[0].as_vec3(), first);
    assert!(
        it.points.colours.iter().all(|it| *it == [0; 3]),
        "all are black there"
    );
    assert_eq!((it.report.train, it.report.held_out), (1, 0));
}
