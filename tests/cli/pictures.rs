//! `render` and `demo`: pictures of the right size that show something.

use std::path::Path;
use std::sync::Arc;

use glam::Vec3;
use image::RgbaImage;
use recon::camera_path::{CameraPath, Keyframe};
use recon::io::Project;
use render::{Camera, Intrinsics};

use super::Desk;

/// A PNG of this size that is not of one colour.
fn picture(path: &Path, width: u32, height: u32) -> RgbaImage {
    let picture = image::open(path).unwrap().into_rgba8();
    assert_eq!(picture.dimensions(), (width, height), "{}", path.display());
    let first = picture.get_pixel(0, 0);
    let others = picture.pixels().filter(|it| *it != first).count();
    let least = (width * height / 20) as usize;
    assert!(least < others, "{}: {others} pixels", path.display());
    picture
}

#[test]
fn the_demo_writes_a_picture_and_its_splats() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    // Without a display it is the same with and without the flag; it says why.
    let told = desk.run("demo --steps 2 --out new/folder").done();
    assert!(told.stdout.contains("no display"), "{}", told.stdout);
    assert!(told.stdout.contains("accrete-demo.ply"), "{}", told.stdout);
    assert_eq!(
        desk.names("new/folder"),
        ["accrete-demo.ply", "accrete-demo.png"]
    );
    picture(&desk.path("new/folder/accrete-demo.png"), 640, 480);

    let json = desk.run("demo --steps 6 --headless --json").done().json();
    picture(Path::new(json["png"].as_str().unwrap()), 640, 480);
    let file = recon::io::open_splats(&desk.path("accrete-demo.ply")).unwrap();
    assert_eq!(json["splats"], file.splats.len());
    assert_eq!((&json["photos"], &json["steps"]), (&24.into(), &6.into()));
    // What the network makes of it is no guess, and steps improve it.
    let psnr = |name: &str| json[name].as_f64().unwrap();
    assert!(17.0 < psnr("instant_psnr"), "{json}");
    assert!(psnr("instant_psnr") < psnr("psnr"), "{json}");
}

#[test]
fn one_picture_of_the_whole_scene() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    let words = "render scene.ply --out a.png --width 160 --background ff0000 --json";
    let json = desk.run(words).done().json();
    assert_eq!((&json["width"], &json["height"]), (&160.into(), &90.into()));
    let splats = picture(&desk.path("a.png"), 160, 90);
    assert_eq!(splats.get_pixel(0, 0).0, [255, 0, 0, 255]);

    let words = "render scene.ply --out b.png --width 160 --style depth";
    desk.run(words).done();
    assert_ne!(picture(&desk.path("b.png"), 160, 90), splats);

    let words = "render scene.ply --out c.png --width 160 --background ff0000 --eps2d 3";
    desk.run(words).done();
    assert_ne!(picture(&desk.path("c.png"), 160, 90), splats);
    assert_eq!(desk.names("."), ["a.png", "b.png", "c.png", "scene.ply"]);
}

#[test]
fn a_turntable_turns() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.run("render scene.ply --turntable 3 --width 96 --height 64 --out turn")
        .done();
    let names = ["frame_0000.png", "frame_0001.png", "frame_0002.png"];
    assert_eq!(desk.names("turn"), names);
    let frames = names.map(|it| picture(&desk.path("turn").join(it), 96, 64));
    for (a, b) in [(0, 1), (1, 2), (2, 0)] {
        let pixels = frames[a].pixels().zip(frames[b].pixels());
        let changed = pixels.filter(|(a, b)| a != b).count();
        assert!(
            96 * 64 / 20 < changed,
            "{a} and {b}: {changed} pixels differ"
        );
    }
}

#[test]
fn cameras_of_a_list() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    let camera = |x: f32, width| {
        let intrinsics = Intrinsics::from_vertical_fov(0.8, width, 48);
        let eye = Vec3::new(x, -2.0, -6.0);
        Camera::look_at(intrinsics, eye, Vec3::ZERO, Vec3::NEG_Y)
    };
    let list = [camera(0.0, 64), camera(3.0, 80)];
    recon::io::write_camera_path(&desk.path("cams.json"), &list).unwrap();

    desk.run("render scene.ply --path cams.json --out all")
        .done();
    let second = picture(&desk.path("all/frame_0001.png"), 80, 48);
    picture(&desk.path("all/frame_0000.png"), 64, 48);
    desk.run("render scene.ply --camera cams.json#1 --out b.png")
        .done();
    assert_eq!(picture(&desk.path("b.png"), 80, 48), second);
}

/// Keyframes of three views; one frame for each third of a second, both ends included.
#[test]
fn keyframes_and_the_way_of_photos() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    let keyframe = |time: f64, x: f32| {
        let intrinsics = Intrinsics::from_vertical_fov(0.8, 64, 48);
        let eye = Vec3::new(x, -2.0, -6.0);
        let camera = Camera::look_at(intrinsics, eye, Vec3::ZERO, Vec3::NEG_Y);
        Keyframe::of_camera(time, &camera)
    };
    let path = CameraPath::new(vec![
        keyframe(0.0, -3.0),
        keyframe(1.0, 0.0),
        keyframe(2.0, 3.0),
    ]);
    recon::io::write_keyframes(&desk.path("path.json"), &path.unwrap()).unwrap();
    let words = "render scene.ply --path path.json --fps 3 --width 64 --height 48 --out film";
    let json = desk.run(&format!("{words} --json")).done().json();
    assert_eq!((&json["images"], &json["width"]), (&7.into(), &64.into()));
    let frames: Vec<_> = (0..7)
        .map(|it| picture(&desk.path(&format!("film/frame_000{it}.png")), 64, 48))
        .collect();
    assert!(frames.windows(2).all(|pair| pair[0] != pair[1]));
    let words = "render scene.ply --path path.json --fps 2 --seconds 1 --height 36 --out short";
    desk.run(words).done();
    assert_eq!(desk.names("short").len(), 3);
    picture(&desk.path("short/frame_0001.png"), 64, 36);
    let endless = desk.run("render scene.ply --path path.json --seconds 90000 --out no");
    endless.failed(1, &["100000 images", "--seconds"]);

    desk.run("synth --seed 4 --views 6 --size 32 --out shots")
        .done();
    let words =
        "render scene.ply --through-photos shots --seconds 1 --fps 4 --height 48 --out along";
    desk.run(words).done();
    assert_eq!(desk.names("along").len(), 5);
    let plain = desk.run("render scene.ply --through-photos film --out no");
    plain.failed(1, &["film", "poses"]);
    assert!(!desk.path("no").exists());
}

/// A project's camera path is what the same keyframes in a file of their own are.
#[test]
fn the_path_of_a_project() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    let keyframe = |time: f64, x: f32| {
        let intrinsics = Intrinsics::from_vertical_fov(0.8, 64, 48);
        let camera = Camera::look_at(
            intrinsics,
            Vec3::new(x, -2.0, -6.0),
            Vec3::ZERO,
            Vec3::NEG_Y,
        );
        Keyframe::of_camera(time, &camera)
    };
    let path = CameraPath::new(vec![keyframe(0.0, -3.0), keyframe(1.0, 2.0)]).unwrap();
    recon::io::write_keyframes(&desk.path("path.json"), &path).unwrap();
    let scene = recon::io::open_splats(&desk.path("scene.ply")).unwrap();
    let mut project = Project {
        base: Some(Arc::new(scene)),
        camera_path: serde_json::to_value(&path).ok(),
        ..Project::default()
    };
    recon::io::save_project(&desk.path("toy.accrete"), &project).unwrap();
    project.camera_path = serde_json::to_value(CameraPath::default()).ok();
    recon::io::save_project(&desk.path("still.accrete"), &project).unwrap();
    std::fs::create_dir(desk.path("bare")).unwrap();

    let size = "--fps 2 --width 64 --height 48 --out";
    for (index, from) in ["path.json", "toy.accrete", "toy.accrete/project.json"]
        .iter()
        .enumerate()
    {
        desk.run(&format!(
            "render scene.ply --path {from} {size} film{index}"
        ))
        .done();
        let frames = [0, 1, 2].map(|frame| {
            let place = format!("film{index}/frame_000{frame}.png");
            let first = format!("film0/frame_000{frame}.png");
            let frame = picture(&desk.path(&place), 64, 48);
            assert_eq!(frame, picture(&desk.path(&first), 64, 48), "{from}");
            frame
        });
        assert_ne!(frames[0], frames[2]);
    }
    for (from, words) in [
        ("still.accrete", ["still.accrete", "Camera path and film"]),
        ("bare", ["bare", "project.json"]),
        ("gone.accrete", ["gone.accrete", "No such file"]),
    ] {
        let told = desk.run(&format!("render scene.ply --path {from} {size} no"));
        told.failed(1, &words);
    }
    // A page plays it too, and so does the page of an edited project.
    for words in [
        "convert scene.ply page.html --page-path toy.accrete",
        "edit toy.accrete --out page.html --min-opacity 0.1",
    ] {
        desk.run(words).done();
        let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
        assert!(page.contains("\"looped\":false"), "the path is in it");
        std::fs::remove_file(desk.path("page.html")).unwrap();
    }
    let still = desk.run("convert scene.ply no.html --page-path still.accrete");
    still.failed(1, &["still.accrete"]);
    assert!(!desk.path("no").exists() && !desk.path("no.html").exists());
}

/// More pixels than one frame of this device may have, or than any is given.
#[test]
fn large_pictures_are_put_together() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.run("render scene.ply --width 4800 --height 3600 --out large.png")
        .done();
    desk.run("render scene.ply --width 320 --height 240 --out small.png")
        .done();
    let large = picture(&desk.path("large.png"), 4800, 3600);
    let small = picture(&desk.path("small.png"), 320, 240);
    // The same scene: the mean of each 15 × 15 pixels is about the small picture's pixel.
    let shrunk = image::imageops::thumbnail(&large, 320, 240);
    let pairs = shrunk.pixels().zip(small.pixels());
    let off: u64 = pairs
        .flat_map(|(a, b)| (0..3).map(move |k| u64::from(a.0[k].abs_diff(b.0[k]))))
        .sum();
    let mean = off as f64 / f64::from(320 * 240 * 3);
    assert!(mean < 4.0, "{mean}");
}

#[test]
fn a_video_or_the_reason_why_not() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    let words = "render scene.ply --turntable 2 --width 64 --height 48 --out v.mp4";
    // An empty folder as PATH: there is no ffmpeg in it.
    let empty = tempfile::tempdir().unwrap();
    let without = desk.run_with(words, |it| it.env("PATH", empty.path()));
    without.failed(1, &["v.mp4", "ffmpeg", "Install", "folder"]);
    let odd = desk.run("render scene.ply --turntable 2 --width 63 --height 48 --out v.mp4");
    odd.failed(1, &["even", "63 x 48"]);
    assert_eq!(desk.names("."), ["scene.ply"]);

    let ffmpeg = std::process::Command::new("ffmpeg")
        .arg("-version")
        .output();
    // Not a skip: the program is optional, and what it is missed for was checked above.
    if !ffmpeg.is_ok_and(|it| it.status.success()) {
        return;
    }
    desk.run(words).done();
    assert_eq!(desk.names("."), ["scene.ply", "v.mp4"]);
    let bytes = std::fs::read(desk.path("v.mp4")).unwrap();
    assert_eq!(bytes[4..8], *b"ftyp");
}
