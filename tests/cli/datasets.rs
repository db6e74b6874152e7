//! `info` and `convert-dataset` on folders of photos.

use std::fs;

use recon::dataset::PoseFormat;
use tests::capture::{Capture, bent_lens};

use super::Desk;

/// Nine photos with poses in `scan/`.
fn desk() -> Desk {
    let desk = Desk::new();
    let capture = Capture::new(9, &bent_lens(48, 32));
    capture.write(&desk.path("scan"), PoseFormat::Transforms);
    desk
}

#[test]
fn info_tells_what_a_folder_holds() {
    let desk = desk();
    fs::remove_file(desk.path("scan/images/0003.png")).unwrap();
    let text = desk.run("info scan").done().stdout;
    for words in [
        "8 photos 48×32, transforms.json with OPENCV distortion, 60 points, 1 missing, 1 held out",
        "8 of 9 used: 7 for training, 1 held out",
        "images/0003.png (tried images/0003.png, ",
        "60 from sparse.ply",
        "undistorted on loading",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let json = desk.run("info scan --json").done().json();
    assert_eq!(
        (&json["kind"], &json["format"]),
        (&"dataset".into(), &"transforms".into())
    );
    assert_eq!((&json["used"], &json["points"]), (&8.into(), &60.into()));
    assert_eq!(json["missing"][0]["name"], "images/0003.png");
    assert_eq!(json["lenses"][0]["model"], "OPENCV");
    assert!(json["headline"].as_str().unwrap().starts_with("8 photos"));
    // The pose file itself is the same.
    let file = desk.run("info scan/transforms.json --json").done().json();
    assert_eq!(file["headline"], json["headline"]);

    let plain = desk.run("info scan/images --json").done().json();
    assert_eq!(
        (&plain["kind"], &plain["used"]),
        (&"photos".into(), &8.into())
    );
    assert!(plain["format"].is_null());
    fs::write(desk.path("a.mp4"), b"\0\0\0\x18ftypisom").unwrap();
    assert_eq!(desk.run("info a.mp4 --json").done().json()["kind"], "video");
    assert_eq!(
        desk.run("info scene.ply --json").done().json()["kind"],
        "splats"
    );
    fs::create_dir(desk.path("empty")).unwrap();
    desk.run("info empty").failed(1, &["empty", "Accepted are"]);
}

#[test]
fn a_dataset_is_converted_and_opens_again() {
    let desk = desk();
    let json = desk
        .run("convert-dataset scan flat --to opencv_cameras --json")
        .done()
        .json();
    assert_eq!(json["output"]["undistorted"], 9);
    assert_eq!(desk.names("flat/images").len(), 9);
    let again = desk.run("info flat --json").done().json();
    assert_eq!(
        (&again["used"], &again["format"]),
        (&9.into(), &"opencv_cameras".into())
    );

    let told = desk
        .run("convert-dataset scan model --to colmap")
        .done()
        .stdout;
    assert!(told.contains("9 photos (0 undistorted"), "{told}");
    assert_eq!(
        desk.names("model/sparse/0"),
        ["cameras.bin", "images.bin", "points3D.bin"]
    );
    // From there to text and back to JSON.
    desk.run("convert-dataset model text --to colmap-text")
        .done();
    desk.run("convert-dataset text/sparse/0/images.txt json --to transforms")
        .done();
    let json = desk.run("info json --json").done().json();
    assert_eq!(
        json["lenses"],
        desk.run("info scan --json").done().json()["lenses"]
    );
    let names = ["flat", "json", "model", "scan", "scene.ply", "text"];
    assert_eq!(desk.names("."), names);
}

#[test]
fn what_cannot_be_converted_is_left_alone() {
    let desk = desk();
    desk.run("convert-dataset scan scan --to colmap")
        .failed(1, &["scan", "nothing is overwritten"]);
    desk.run("convert-dataset scan scene.ply --to colmap")
        .failed(1, &["scene.ply"]);
    desk.run("convert-dataset scan/images out --to colmap")
        .failed(1, &["Poses have to be found"]);
    desk.run("convert-dataset scene.ply out --to colmap")
        .failed(1, &["accrete convert"]);
    desk.run("convert-dataset scan out --to llff")
        .failed(1, &["colmap-text", "inria"]);
    desk.run("convert-dataset scan out").failed(1, &["--to"]);
    assert_eq!(desk.names("."), ["scan", "scene.ply"]);
}
