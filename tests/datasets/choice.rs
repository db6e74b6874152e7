//! Which of several pose files counts, which photos go with it, and what is told of the others.

use std::fs;
use std::path::Path;

use recon::dataset::{HoldOut, PoseFormat, Split};
use recon::io::{self, OpenOptions, Opened};
use tempfile::TempDir;
use tests::capture::{Capture, bent_lens, straight_lens};

use super::{camera_differences, dataset, photos, refusal};

const FORMATS: [PoseFormat; 5] = [
    PoseFormat::ColmapBinary,
    PoseFormat::ColmapText,
    PoseFormat::Transforms,
    PoseFormat::OpencvCameras,
    PoseFormat::InriaCameras,
];

/// Nine photos, and a folder with them and their poses in these formats.
fn made(formats: &[PoseFormat]) -> (Capture, TempDir) {
    let capture = Capture::new(9, &straight_lens(48, 32));
    let dir = tempfile::tempdir().unwrap();
    capture.write_photos(dir.path());
    for format in formats {
        capture.write_poses(dir.path(), *format);
    }
    (capture, dir)
}

#[test]
fn every_format_gives_the_same_cameras() {
    let (capture, dir) = made(&[PoseFormat::ColmapBinary]);
    let truth = dataset(dir.path());
    for (view, frame) in truth.views.iter().zip(&capture.poses.frames) {
        assert!((view.c2w.translation - frame.c2w.translation).length() < 1e-9);
        assert_eq!(view.name, frame.image);
    }
    let fit = truth.report.reprojection.clone().unwrap();
    assert!(fit.mean_px < 1e-6 && 100 < fit.observations, "{fit:?}");
    assert_eq!((truth.report.train, truth.report.held_out), (7, 2));
    for format in FORMATS {
        let (_, dir) = made(&[format]);
        let it = dataset(dir.path());
        assert_eq!(it.report.format, Some(format));
        assert_eq!((it.report.used, it.points.len()), (9, 60), "{format}");
        let worst = camera_differences(&truth, &it);
        assert!(worst.iter().all(|it| *it < 1e-6), "{format}: {worst:?}");
        assert_eq!(it.name, dir.path().file_name().unwrap().to_str().unwrap());
    }
}

#[test]
fn formats_come_in_their_order() {
    for (i, first) in FORMATS.iter().enumerate() {
        let (_, dir) = made(&FORMATS[i..]);
        let it = dataset(dir.path());
        // Both models of COLMAP are in one folder here: that is one alternative of the other.
        assert_eq!(it.report.format, Some(*first));
        let others = &it.report.not_taken;
        assert_eq!(others.len(), FORMATS.len() - 1 - i, "{others:?}");
    }
}

#[test]
fn the_model_with_most_photos_is_taken() {
    let (capture, dir) = made(&[]);
    let model = |name: &str, count| {
        let format = PoseFormat::ColmapBinary;
        capture
            .first(count)
            .write_model(&dir.path().join(name), format);
    };
    model("sparse/0", 3);
    model("sparse/1", 9);
    model("sparse/2", 5);
    model("colmap/sparse/0", 9);
    let it = dataset(dir.path());
    assert_eq!(
        it.report.pose_file.as_deref(),
        Some(Path::new("colmap/sparse/0"))
    );
    let others = it.report.not_taken.join("\n");
    for words in [
        "sparse/0 (COLMAP (binary)): a model with 3 photos",
        "9 photos",
        "as many",
    ] {
        assert!(others.contains(words), "{others}");
    }
    // One that is chosen counts, however small; its photos are found above it.
    let it = dataset(&dir.path().join("sparse/2/images.bin"));
    assert_eq!((it.report.used, it.report.unregistered.len()), (5, 4));
    assert_eq!(it.report.not_taken.len(), 3);
}

#[test]
fn what_cannot_be_read_makes_room_for_the_next() {
    let (_, dir) = made(&[PoseFormat::ColmapBinary, PoseFormat::OpencvCameras]);
    let images = dir.path().join("sparse/0/images.bin");
    let bytes = fs::read(&images).unwrap();
    fs::write(&images, &bytes[..bytes.len() / 2]).unwrap();
    let it = dataset(dir.path());
    assert_eq!(it.report.format, Some(PoseFormat::OpencvCameras));
    let warnings = it.report.warnings.join("\n");
    assert!(
        warnings.contains("cannot be used") && warnings.contains("sparse/0"),
        "{warnings}"
    );
    // Alone it is an error: no poses are sought behind the person's back.
    fs::remove_file(dir.path().join("opencv_cameras.json")).unwrap();
    assert!(refusal(dir.path()).contains("sparse/0"));
}

#[test]
fn datasets_inside_and_results_of_ours() {
    let (capture, dir) = made(&[]);
    assert_eq!(photos(dir.path()).images.len(), 9);
    // What was found earlier is used, as long as the folder has nothing of its own.
    let kept = dir.path().join(".accrete/sparse/0");
    capture
        .first(8)
        .write_model(&kept, PoseFormat::ColmapBinary);
    let interrupted = dir.path().join(".accrete/partial/sparse/0");
    capture.write_model(&interrupted, PoseFormat::ColmapBinary);
    let it = dataset(dir.path());
    assert_eq!(
        it.report.pose_file.as_deref(),
        Some(Path::new(".accrete/sparse/0"))
    );
    assert!(it.report.not_taken.is_empty(), "{:?}", it.report.not_taken);
    assert_eq!(it.report.unregistered, ["images/0008.png"]);
    capture.write_poses(dir.path(), PoseFormat::InriaCameras);
    let it = dataset(dir.path());
    assert_eq!(it.report.format, Some(PoseFormat::InriaCameras));
    assert!(
        it.report.not_taken[0].contains("found earlier"),
        "{:?}",
        it.report.not_taken
    );
    // The same cameras beside splats are a finished scene's.
    fs::write(dir.path().join("cfg_args"), "Namespace()").unwrap();
    assert_eq!(
        dataset(dir.path()).report.format,
        Some(PoseFormat::ColmapBinary)
    );

    let upper = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        capture.write(&upper.path().join(name), PoseFormat::Transforms);
    }
    let it = dataset(upper.path());
    assert_eq!(
        (it.name.as_str(), it.views[0].name.as_str()),
        ("a", "images/0000.png")
    );
    assert!(
        it.report.not_taken[0].contains("another dataset"),
        "{:?}",
        it.report.not_taken
    );
    capture.write(upper.path(), PoseFormat::OpencvCameras);
    assert_eq!(
        dataset(upper.path()).report.format,
        Some(PoseFormat::OpencvCameras)
    );
}

#[test]
fn other_sizes_and_turns() {
    let (mut capture, dir) = made(&[PoseFormat::ColmapBinary]);
    // Half as large, in the usual folder, and the large ones gone.
    fs::create_dir(dir.path().join("images_2")).unwrap();
    for (i, photo) in capture.photos.iter().enumerate() {
        let half = image::imageops::thumbnail(photo, 24, 16);
        half.save(dir.path().join(format!("images_2/{i:04}.jpg")))
            .unwrap();
    }
    fs::remove_dir_all(dir.path().join("images")).unwrap();
    let it = dataset(dir.path());
    let lens = &it.lenses[0];
    let truth = straight_lens(48, 32);
    assert_eq!((lens.width, lens.height, lens.fx), (24, 16, 0.5 * truth.fx));
    assert!(
        it.report.warnings[0].contains("0.500 times"),
        "{:?}",
        it.report.warnings
    );
    let fit = it.report.reprojection.clone().unwrap();
    assert!(fit.mean_px < 1e-6, "observations are scaled too: {fit:?}");

    // One photo of a size of its own.
    capture.write_photos(dir.path());
    capture.photos[4] = image::RgbImage::new(48, 40);
    capture.write_photos(dir.path());
    let it = dataset(dir.path());
    let broken = &it.report.broken[0];
    assert_eq!(
        (it.report.used, broken.name.as_str()),
        (8, "images/0004.png")
    );
    assert!(
        broken.reason.contains("48×40") && broken.reason.contains("48×32"),
        "{broken:?}"
    );
    let seen = it
        .points
        .observations
        .iter()
        .map(|it| it.frame)
        .max()
        .unwrap();
    assert_eq!(seen, 7, "observations follow the views that are left");
}

/// A JPEG of this size that asks to be turned by 90° clockwise.
fn turned_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let photo = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 9]));
    photo
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    let mut exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01".to_vec();
    exif.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
    let mut bytes = bytes.into_inner();
    bytes.splice(2..2, exif);
    bytes
}

#[test]
fn exif_turns_only_what_then_fits() {
    for (stored, turned) in [([32, 48], true), ([48, 32], false)] {
        let mut capture = Capture::new(3, &straight_lens(48, 32));
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("images")).unwrap();
        for frame in &mut capture.poses.frames {
            frame.image = frame.image.replace(".png", ".jpg");
            let bytes = turned_jpeg(stored[0], stored[1]);
            fs::write(dir.path().join(&frame.image), bytes).unwrap();
        }
        capture.write_poses(dir.path(), PoseFormat::Transforms);
        let it = dataset(dir.path());
        assert_eq!(
            it.report.turned.len(),
            if turned { 3 } else { 0 },
            "{stored:?}"
        );
        assert_eq!((it.lenses.len(), it.lenses[0].width), (1, 48));
        // Without poses a photo is shown as its camera wants it.
        let plain = photos(&dir.path().join("images"));
        assert_eq!(plain.report.turned.len(), 3);
        assert_eq!([plain.images[0].height, plain.images[0].width], stored);
    }
}

#[test]
fn masks_splits_and_unlisted_photos() {
    let (capture, dir) = made(&[PoseFormat::ColmapBinary]);
    fs::create_dir(dir.path().join("masks")).unwrap();
    for name in ["0000.png", "0001.png.png", "0008.png"] {
        capture.photos[0]
            .save(dir.path().join("masks").join(name))
            .unwrap();
    }
    fs::copy(
        dir.path().join("images/0000.png"),
        dir.path().join("images/new.png"),
    )
    .unwrap();
    let it = dataset(dir.path());
    assert_eq!((it.report.masks, it.views[1].mask.is_some()), (3, true));
    assert_eq!(it.report.unregistered, ["images/new.png"]);

    let options = OpenOptions {
        hold_out: Some(HoldOut::List(vec!["0003".to_owned()])),
    };
    let Ok(Opened::Dataset(it)) = io::open_with(dir.path(), &options) else {
        panic!("no dataset");
    };
    let held_out = it.views.iter().filter(|it| it.split == Split::HeldOut);
    let held_out: Vec<&str> = held_out.map(|it| it.name.as_str()).collect();
    assert_eq!((held_out, it.report.held_out), (vec!["images/0003.png"], 1));
}

#[test]
fn per_photo_cameras_and_bent_lenses_are_told() {
    let mut capture = Capture::new(4, &bent_lens(48, 32));
    let other = recon::dataset::Optics::Lens(straight_lens(48, 32));
    capture.poses.optics.push(other.clone());
    capture.poses.optics.push(other);
    capture.poses.frames[2].optics = 1;
    capture.poses.frames[3].optics = 2;
    let dir = tempfile::tempdir().unwrap();
    capture.write(dir.path(), PoseFormat::ColmapText);
    let it = dataset(dir.path());
    let views: Vec<_> = it
        .report
        .lenses
        .iter()
        .map(|it| (it.views, it.undistorted))
        .collect();
    assert_eq!(views, [(2, true), (2, false)], "equal lenses are one");
    let headline = it.report.headline();
    assert!(
        headline.contains("COLMAP (text) with OPENCV distortion"),
        "{headline}"
    );
}

#[test]
fn videos_scenes_and_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let video = dir.path().join("walk.MOV");
    fs::write(&video, b"\0\0\0\x14ftypqt  \0\0\0\0qt  ").unwrap();
    assert!(matches!(io::open(&video), Ok(Opened::Video(it)) if it == video));
    let error = refusal(dir.path());
    assert!(
        error.contains("1 videos: open one (as walk.MOV)"),
        "{error}"
    );
    assert!(error.contains("Accepted are"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    assert!(refusal(empty.path()).contains("an empty folder"));
    let (_, photos) = made(&[]);
    let one = refusal(&photos.path().join("images/0000.png"));
    assert!(one.contains("open the folder"), "{one}");
    let odd = dir.path().join("notes.json");
    fs::write(&odd, "{}").unwrap();
    assert!(refusal(&odd).contains("no camera poses"));

    // The folder of a finished scene, without photos: its last splats.
    let last = dir.path().join("point_cloud/iteration_30000");
    fs::create_dir_all(dir.path().join("point_cloud/iteration_7000")).unwrap();
    fs::create_dir_all(&last).unwrap();
    let splats = recon::synthetic::demo_scene(1, 100, 0);
    let count = splats.len();
    let file = io::SplatFile::new(splats, io::SplatFormat::Ply);
    io::save(&last.join("point_cloud.ply"), &file).unwrap();
    let first = dir
        .path()
        .join("point_cloud/iteration_7000/point_cloud.ply");
    fs::write(first, b"ply\n").unwrap();
    let Ok(Opened::Splats(file)) = io::open(dir.path()) else {
        panic!("no splats");
    };
    assert_eq!(file.splats.len(), count);
}
