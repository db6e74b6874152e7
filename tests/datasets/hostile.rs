//! Damaged and hostile folders: one clear error or warnings, and nothing outside is touched.

use std::fs;
use std::io::Write;
use std::path::Path;

use recon::dataset::PoseFormat;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::capture::{Capture, straight_lens};

use super::{dataset, photos, refusal};

/// Four photos and a `transforms.json`, in a folder inside a folder.
fn made() -> (Capture, TempDir, std::path::PathBuf) {
    let capture = Capture::new(4, &straight_lens(40, 30));
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("inside");
    capture.write(&inside, PoseFormat::Transforms);
    (capture, dir, inside)
}

/// Changes `transforms.json`.
fn edit(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("transforms.json");
    let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut json);
    fs::write(path, json.to_string()).unwrap();
}

#[test]
fn names_that_lead_out_are_missing() {
    let (capture, dir, inside) = made();
    // They would be found, if anybody looked there.
    capture.photos[0]
        .save(dir.path().join("outside.png"))
        .unwrap();
    let absolute = dir.path().join("outside.png");
    let names = [
        "../outside.png",
        absolute.to_str().unwrap(),
        "images/../../outside.png",
    ];
    edit(&inside, |json| {
        for (i, name) in names.iter().enumerate() {
            json["frames"][i]["file_path"] = json!(name);
        }
        json["ply_file_path"] = json!("../../../etc/passwd");
    });
    let it = dataset(&inside);
    assert_eq!((it.report.used, it.report.missing.len()), (1, 3));
    for missing in &it.report.missing {
        assert!(missing.tried.len() > 10, "{missing:?}");
    }
    let warnings = it.report.warnings.join("\n");
    assert!(warnings.contains("etc/passwd"), "{warnings}");
    assert_eq!(
        it.report.point_source.as_deref(),
        Some("sparse.ply"),
        "the usual name instead"
    );
    // Masks that lead out are none either.
    edit(&inside, |json| {
        json["frames"][3]["mask_path"] = json!("../outside.png");
    });
    let it = dataset(&inside);
    assert_eq!(it.report.masks, 0);
    assert!(
        it.report.warnings.join("\n").contains("1 masks"),
        "{:?}",
        it.report.warnings
    );
}

#[test]
fn stale_absolute_paths_are_found_by_their_ends() {
    let (_, _dir, inside) = made();
    edit(&inside, |json| {
        json["frames"][0]["file_path"] = json!("/home/someone/fox/images/0000.png");
        json["frames"][1]["file_path"] = json!("D:\\scans\\fox\\images\\0001.png");
        json["frames"][2]["file_path"] = json!("\\\\server\\share\\0002.jpg");
        json["frames"][3]["file_path"] = json!("./images//0003");
    });
    let it = dataset(&inside);
    assert_eq!((it.report.used, it.report.missing.len()), (4, 0));
}

#[test]
fn photos_that_are_none_are_listed_with_the_reason() {
    let (_, _dir, inside) = made();
    let photo = fs::read(inside.join("images/0002.png")).unwrap();
    fs::write(inside.join("images/0000.png"), "<html>404 not found</html>").unwrap();
    fs::write(inside.join("images/0001.png"), "").unwrap();
    fs::write(inside.join("images/0002.png"), &photo[..20]).unwrap();
    fs::write(inside.join("images/.DS_Store"), b"\0\0\0\x01Bud1").unwrap();
    fs::write(
        inside.join("images/extra.heic"),
        b"\0\0\0\x18ftypheic\0\0\0\0",
    )
    .unwrap();
    let it = dataset(&inside);
    assert_eq!((it.report.used, it.report.broken.len()), (1, 3));
    for (broken, words) in it.report.broken.iter().zip(["text", "empty", "truncated"]) {
        assert!(broken.reason.contains(words), "{broken:?}");
    }
    assert_eq!(it.report.unregistered, ["images/extra.heic"]);
    // The same without poses.
    let plain = photos(&inside.join("images"));
    assert_eq!((plain.images.len(), plain.broken.len()), (1, 4));
    let heic = plain
        .broken
        .iter()
        .find(|it| it.name == "extra.heic")
        .unwrap();
    assert!(heic.reason.contains("Convert"), "{heic:?}");
    fs::remove_file(inside.join("images/0003.png")).unwrap();
    assert!(refusal(&inside).contains("3 broken"));
    assert!(refusal(&inside.join("images")).contains("none of which can be used"));
}

#[test]
fn a_pose_file_without_its_photos_says_what_to_do() {
    let (_, _dir, inside) = made();
    fs::remove_dir_all(inside.join("images")).unwrap();
    let error = refusal(&inside);
    for words in [
        "transforms.json",
        "none of the 4 photos",
        "images/0000.png",
        "Open the folder",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    edit(&inside, |json| json["frames"] = json!([]));
    refusal(&inside);
}

#[test]
fn duplicates_count_once() {
    let (_, _dir, inside) = made();
    edit(&inside, |json| {
        let again = json["frames"][0].clone();
        json["frames"][2] = again.clone();
        json["frames"][3] = again;
        json["frames"][3]["file_path"] = json!("IMAGES/0000.PNG");
    });
    let it = dataset(&inside);
    assert_eq!((it.report.used, it.report.listed), (2, 4));
    let warnings = it.report.warnings.join("\n");
    assert!(warnings.contains("2 entries name a photo"), "{warnings}");
    assert_eq!(
        it.report.unregistered,
        ["images/0002.png", "images/0003.png"]
    );
}

#[test]
fn poses_that_are_no_numbers_are_left_out() {
    let (_, _dir, inside) = made();
    edit(&inside, |json| {
        json["frames"][1]["transform_matrix"][0][3] = json!(1e308);
        json["frames"][1]["transform_matrix"][0][0] = json!("NaN");
        json["frames"][2]["transform_matrix"] = json!(vec![[0.0; 4]; 4]);
    });
    let it = dataset(&inside);
    assert_eq!(it.report.used, 2);
    assert!(it.views.iter().all(|it| it.c2w.is_finite()));
    assert_eq!(
        it.report.unregistered,
        ["images/0001.png", "images/0002.png"]
    );
}

#[test]
fn marks_and_line_ends_of_other_systems_do_not_matter() {
    let capture = Capture::new(4, &straight_lens(40, 30));
    let dir = tempfile::tempdir().unwrap();
    capture.write(dir.path(), PoseFormat::ColmapText);
    capture.write_poses(dir.path(), PoseFormat::Transforms);
    for name in [
        "sparse/0/cameras.txt",
        "sparse/0/images.txt",
        "sparse/0/points3D.txt",
    ] {
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        fs::write(dir.path().join(name), text).unwrap();
    }
    let it = dataset(dir.path());
    assert_eq!(
        it.report.format,
        Some(PoseFormat::ColmapText),
        "{:?}",
        it.report
    );
    assert_eq!((it.report.used, it.points.len()), (4, 60));
    fs::remove_dir_all(dir.path().join("sparse")).unwrap();
    let json = dir.path().join("transforms.json");
    let text = fs::read_to_string(&json).unwrap();
    fs::write(&json, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    assert_eq!(dataset(dir.path()).report.used, 4);
}

#[test]
fn models_without_points_and_damaged_point_clouds() {
    let capture = Capture::new(4, &straight_lens(40, 30));
    let dir = tempfile::tempdir().unwrap();
    capture.write(dir.path(), PoseFormat::ColmapBinary);
    fs::remove_file(dir.path().join("sparse/0/points3D.bin")).unwrap();
    let it = dataset(dir.path());
    assert_eq!((it.report.used, it.report.points), (4, 0));
    assert_eq!(it.report.reprojection, None);
    fs::write(dir.path().join("sparse.ply"), "ply\nformat ascii 1.0\n").unwrap();
    fs::write(
        dir.path().join("init.ply"),
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\n\
         property float z\nend_header\n1 2 3\nnan 0 0\n",
    )
    .unwrap();
    let it = dataset(dir.path());
    assert_eq!(
        (it.points.len(), it.report.point_source.as_deref()),
        (1, Some("init.ply"))
    );
    let warnings = it.report.warnings.join("\n");
    assert!(
        warnings.contains("sparse.ply") && warnings.contains("not finite"),
        "{warnings}"
    );
}

#[test]
fn zips_with_names_that_lead_out() {
    let (capture, dir, inside) = made();
    let path = dir.path().join("bad.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    let photo = fs::read(inside.join("images/0000.png")).unwrap();
    let poses = fs::read(inside.join("transforms.json")).unwrap();
    for (name, bytes) in [
        ("../images/0001.png", &photo),
        ("/images/0002.png", &photo),
        ("images\\0003.png", &photo),
        ("a/../images/0000.png", &photo),
        ("__MACOSX/._0000.png", &poses),
        ("transforms.json", &poses),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    let it = dataset(&path);
    let names: Vec<&str> = it.views.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["images/0000.png", "images/0003.png"]);
    assert_eq!(it.report.missing.len(), capture.photos.len() - 2);
    // Nothing was unpacked.
    let entries = fs::read_dir(dir.path()).unwrap();
    assert_eq!(entries.count(), 2);

    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refusal(&path).contains("not a readable zip"));
}

#[cfg(unix)]
#[test]
fn links_in_circles_end() {
    use std::os::unix::fs::symlink;
    let (_, _dir, inside) = made();
    symlink(&inside, inside.join("images/again")).unwrap();
    symlink(inside.join("images"), inside.join("more")).unwrap();
    symlink("/nonexistent", inside.join("images/gone.png")).unwrap();
    symlink("self.png", inside.join("images/self.png")).unwrap();
    let it = dataset(&inside);
    assert_eq!((it.report.used, it.report.missing.len()), (4, 0));
    assert!(
        it.report.unregistered.is_empty(),
        "{:?}",
        it.report.unregistered
    );
    let files = it.folder.files().count();
    assert!(files < 20, "{files} files are listed of 6");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_unicode_are_photos_too() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (capture, _dir, inside) = made();
    for name in [&b"caf\xe9.png"[..], b"caf\xe8.png"] {
        let path = inside.join("images").join(OsStr::from_bytes(name));
        capture.photos[0]
            .save_with_format(path, image::ImageFormat::Png)
            .unwrap();
    }
    let it = dataset(&inside);
    assert_eq!(it.report.unregistered.len(), 2);
    serde_json::to_string(&it.report).unwrap();
    let odd = inside.parent().unwrap().join(OsStr::from_bytes(b"\xff"));
    fs::rename(&inside, &odd).unwrap();
    let it = dataset(&odd);
    assert_eq!(it.report.used, 4);
    serde_json::to_string(&it.report).unwrap();
    let plain = photos(&odd.join("images"));
    assert_eq!(plain.images.len(), 6);
}

#[test]
fn many_annotations_do_not_hide_the_pose_file() {
    let (_, _dir, inside) = made();
    fs::create_dir(inside.join("a")).unwrap();
    for i in 0..400 {
        fs::write(inside.join(format!("a/{i}.json")), "{}").unwrap();
    }
    fs::rename(inside.join("transforms.json"), inside.join("zz.json")).unwrap();
    assert_eq!(dataset(&inside).report.used, 4);
}
