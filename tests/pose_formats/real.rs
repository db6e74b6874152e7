//! Pose files of real captures: counts, lenses, and agreement of several files on one scene.

use std::path::Path;

use glam::{DMat3, DQuat, DVec2, DVec3};
use recon::dataset::{Distortion, LengthUnit, LensModel, Optics, PoseFile, PoseFormat, Split};
use recon::io::{inria_cameras, opencv_cameras, recognise_pose_file, transforms};
use serde_json::Value;
use tests::test_data;

use super::{assert_sound, only_lens};

type Reader = fn(&[u8]) -> Result<PoseFile, recon::io::FormatError>;

fn open(path: &Path, read: Reader, format: PoseFormat) -> PoseFile {
    let bytes = std::fs::read(path).unwrap();
    let front = &bytes[..bytes.len().min(4096)];
    let name = path.file_name().unwrap().to_str().unwrap();
    assert_eq!(recognise_pose_file(name, front), Some(format));
    let file = read(&bytes).unwrap_or_else(|it| panic!("{}: {it}", path.display()));
    assert_sound(&file);
    assert_eq!(file.format, format);
    file
}

#[test]
fn the_fox_has_fifty_photos_and_its_upstream_list_sixty_seven() {
    let Some(data) = test_data() else { return };
    let folder = data.join("data/fox_half");
    let read = |name: &str| {
        let path = folder.join(name);
        open(&path, transforms::read, PoseFormat::Transforms)
    };
    let fox = read("transforms.json");
    assert_eq!(fox.frames.len(), 50);
    assert_eq!(fox.point_file.as_deref(), Some("sparse.ply"));
    assert_eq!(fox.warnings, [""; 0]);
    let lens = only_lens(&fox);
    assert_eq!(lens.model, LensModel::Opencv);
    assert_eq!((lens.width, lens.height), (540, 960));
    assert_eq!(
        [lens.fx, lens.fy, lens.cx, lens.cy],
        [687.76, 687.245, 277.279, 482.634]
    );
    let expected = Distortion::Radial {
        k: [0.057_842_1, -0.080_509_9, 0.0, 0.0, 0.0, 0.0],
        p: [-0.000_980_296, 0.000_155_75],
    };
    assert_eq!(lens.distortion, expected);
    let upstream = read("transforms_upstream_67_frames_17_missing.json");
    assert_eq!(upstream.frames.len(), 67);
    let missing = |image: &&str| !folder.join(image).is_file();
    let names = upstream.frames.iter().map(|it| it.image.as_str());
    assert_eq!(names.filter(missing).count(), 17);
}

/// Rotation and position of each photo in COLMAP's `images.txt`, by name.
fn colmap_poses(text: &str) -> Vec<(String, DMat3, DVec3)> {
    let rows = text.lines().filter(|it| !it.starts_with('#')).step_by(2);
    rows.map(|row| {
        let words: Vec<&str> = row.split(' ').collect();
        let number = |i: usize| words[i].parse::<f64>().unwrap();
        let [w, x, y, z] = [1, 2, 3, 4].map(number);
        let turn = DMat3::from_quat(DQuat::from_xyzw(x, y, z, w).normalize()).transpose();
        let position = -(turn * DVec3::from([5, 6, 7].map(number)));
        (words[9].to_owned(), turn, position)
    })
    .collect()
}

#[test]
fn three_files_of_the_figure_agree_on_its_cameras() {
    let Some(data) = test_data() else { return };
    let folder = data.join("data/snowmiku_simple_radial");
    let json = open(
        &folder.join("transforms.json"),
        transforms::read,
        PoseFormat::Transforms,
    );
    let inria = open(
        &folder.join("inria_output/cameras.json"),
        inria_cameras::read,
        PoseFormat::InriaCameras,
    );
    let text = std::fs::read_to_string(folder.join("sparse_txt/0/images.txt")).unwrap();
    let colmap = colmap_poses(&text);
    assert_eq!(
        (json.frames.len(), inria.frames.len(), colmap.len()),
        (97, 97, 97)
    );

    let lens = only_lens(&json);
    assert_eq!(
        (lens.width, lens.height, lens.fx),
        (1008, 756, 819.228_928_244_260_1)
    );
    let (Distortion::Radial { k, .. }, LensModel::Opencv) = (lens.distortion, lens.model) else {
        panic!("{lens:?}");
    };
    assert_eq!(k, [0.032_123_238_577_636_16, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let undistorted = only_lens(&inria);
    assert_eq!((undistorted.width, undistorted.height), (3958, 2968));

    let mut worst: f64 = 0.0;
    for (name, turn, position) in &colmap {
        let stem = name.trim_end_matches(".jpg");
        let of = |file: &PoseFile, image: &str| {
            let mut frames = file.frames.iter();
            frames.find(|it| it.image == image).unwrap().c2w
        };
        for c2w in [of(&json, &format!("images/{name}")), of(&inria, stem)] {
            let off = (c2w.matrix3 - *turn).to_cols_array();
            let off = off
                .into_iter()
                .fold(0.0, |most: f64, it| most.max(it.abs()));
            worst = worst.max(off).max((c2w.translation - *position).length());
        }
    }
    println!("snowmiku: transforms.json and cameras.json against images.txt: {worst:e}");
    assert!(worst < 1e-6, "{worst}");
}

/// Largest difference between the numbers of the file and those that are held and written again.
fn digits(path: &Path) -> (PoseFile, f64) {
    let file = open(path, opencv_cameras::read, PoseFormat::OpencvCameras);
    let original: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let written = opencv_cameras::write(&file).unwrap();
    let again: Value = serde_json::from_slice(&written).unwrap();
    let original = original
        .get("frames")
        .unwrap_or(&original)
        .as_array()
        .unwrap();
    let frames = again["frames"].as_array().unwrap();
    assert_eq!(original.len(), frames.len());
    let mut worst: f64 = 0.0;
    for (original, again) in original.iter().zip(frames) {
        for key in ["fx", "fy", "cx", "cy"] {
            assert_eq!(original[key].as_f64(), again[key].as_f64());
        }
        for key in ["w", "h", "file_path"] {
            assert_eq!(original[key], again[key]);
        }
        for row in 0..4 {
            for column in 0..4 {
                let number = |it: &Value| it["w2c"][row][column].as_f64().unwrap();
                worst = worst.max((number(original) - number(again)).abs());
            }
        }
    }
    (file, worst)
}

#[test]
fn the_desk_and_the_turntable_agree_with_their_json_to_the_digit() {
    let Some(data) = test_data() else { return };
    let (desk, off) = digits(&data.join("data/mydesk_540p/opencv_cameras.json"));
    println!("mydesk: w2c read and written: {off:e}");
    assert!(off <= 1e-12, "{off}");
    assert_eq!(desk.frames.len(), 95);
    assert_eq!(desk.scene_name.as_deref(), Some("mydesk"));
    let lists: Vec<(&usize, usize)> = desk
        .input_lists
        .iter()
        .map(|(n, it)| (n, it.len()))
        .collect();
    assert_eq!(lists, [(&32, 32)]);
    assert_eq!(desk.optics.len(), 1);
    assert_eq!(desk.warnings, [""; 0]);

    let (toy, off) = digits(&data.join("data/gso_toy/opencv_cameras.json"));
    println!("gso_toy: w2c read and written: {off:e}");
    assert!(off <= 1e-12, "{off}");
    assert_eq!(toy.frames.len(), 64);
    let lens = only_lens(&toy);
    for frame in &toy.frames {
        let origin = frame.c2w.inverse().translation;
        let pixel = DVec2::new(lens.cx, lens.cy) + lens.fx * origin.truncate() / origin.z;
        assert!((pixel - 256.0).length() < 0.1 && (origin.z - 2.7).abs() < 1e-3);
    }
}

#[test]
fn the_bulldozer_is_split_by_its_files() {
    let Some(data) = test_data() else { return };
    let folder = data.join("data/lego_blender_400");
    let names = [
        "transforms_train.json",
        "transforms_val.json",
        "transforms_test.json",
    ];
    let bytes = names.map(|it| std::fs::read(folder.join(it)).unwrap());
    let files: Vec<(&str, &[u8])> = names
        .into_iter()
        .zip(bytes.iter().map(Vec::as_slice))
        .collect();
    for (name, bytes) in &files {
        assert_eq!(recognise_pose_file(name, bytes), Some(PoseFormat::Blender));
    }
    let lego = transforms::read_split(&files).unwrap();
    assert_sound(&lego);
    let count = |split| {
        lego.frames
            .iter()
            .filter(|it| it.split == Some(split))
            .count()
    };
    assert_eq!((count(Split::Train), count(Split::HeldOut)), (80, 20));
    assert_eq!(lego.warnings.len(), 1);
    assert!(lego.warnings[0].contains("10 of transforms_val.json, 10 of transforms_test.json"));
    let [Optics::Relative(lens)] = lego.optics.as_slice() else {
        panic!("{:?}", lego.optics);
    };
    assert_eq!(lens.unit, LengthUnit::Width);
    let lens = lego.optics[0].at(400, 400);
    // Every camera looks at the origin from the same distance.
    for frame in &lego.frames {
        let origin = frame.c2w.inverse().translation;
        let pixel = DVec2::new(lens.cx, lens.cy) + lens.fx * origin.truncate() / origin.z;
        assert!((pixel - 200.0).length() < 0.5, "{}: {pixel}", frame.image);
        assert!((origin.z - 4.031).abs() < 1e-2, "{}", origin.z);
    }
}

#[test]
fn a_frame_may_bring_its_own_camera() {
    let Some(data) = test_data() else { return };
    let path = data.join("data/brush_test_dataset/transforms.json");
    let file = open(&path, transforms::read, PoseFormat::Transforms);
    let lens = only_lens(&file);
    // Its field of view says something else; pixels count.
    assert_eq!(
        [lens.fx, lens.fy, lens.cx, lens.cy],
        [50.0, 50.0, 25.0, 25.0]
    );
    assert_eq!((lens.width, lens.height), (50, 50));
}
