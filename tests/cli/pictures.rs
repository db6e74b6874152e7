//! `render` and `demo`: pictures of the right size that show something.

use std::path::Path;

use glam::Vec3;
use image::RgbaImage;
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
