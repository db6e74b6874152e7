//! `eval` and what `optimise` refuses: splats against photos that were held out.

use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;

use recon::dataset::dots;
use recon::io::{self, Opened, SplatFile, SplatFormat};
use recon::optim::{EvalConfig, HeldOut, evaluate};
use recon::synthetic::{PhotosConfig, photos};
use render::GpuSplats;
use serde_json::Value;
use tests::gpu;

use super::Desk;

/// Nine photos in `scan/`, of which 0 and 8 are held out, and their points as splats in
/// `points.ply`.
pub(super) fn desk() -> Desk {
    let desk = Desk::new();
    let made = photos(&PhotosConfig {
        num_views: 9,
        width: 48,
        height: 36,
        num_points: 500,
        ..PhotosConfig::default()
    });
    io::write_photos(&desk.path("scan"), &made).unwrap();
    let points = &made.poses.points;
    let splats = dots(&points.positions, &points.colours);
    let file = SplatFile::new(splats, SplatFormat::Ply);
    io::save(&desk.path("points.ply"), &file).unwrap();
    desk
}

pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn splats_are_measured_on_held_out_photos() {
    let Some(gpu) = gpu::gpu() else { return };
    let desk = desk();
    let words = "eval scan points.ply --background 0.1,0.11,0.13 --sheet sheet.png --json";
    let json = desk.run(words).done().json();
    let sheet = image::open(desk.path("sheet.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (3 * 48 + 8, 2 * 36 + 4));

    // The same by direct calls.
    let Opened::Dataset(dataset) = io::open(&desk.path("scan")).unwrap() else {
        panic!("no dataset");
    };
    let file = io::open_splats(&desk.path("points.ply")).unwrap();
    let splats = GpuSplats::upload(gpu, &file.splats).unwrap();
    let mut config = EvalConfig::default();
    config.render.background = [0.1, 0.11, 0.13];
    let expected = evaluate(
        gpu,
        &mut gpu::rasterizer(gpu),
        &splats,
        &HeldOut::new(Arc::new(dataset), None),
        &config,
        &mut |_| ControlFlow::Continue(()),
    );
    let expected = expected.unwrap().unwrap();
    let mean = expected.mean.unwrap();
    assert!((number(&json["psnr"]) - mean.psnr).abs() < 1e-6);
    assert!((number(&json["ssim"]) - mean.ssim).abs() < 1e-6);
    assert!(json["lpips"].is_null(), "no weights, no figure");
    assert_eq!(number(&json["splats"]), file.splats.len() as f64);
    for (view, own) in json["views"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&expected.views)
    {
        assert_eq!(view["name"], own.name);
        assert!((number(&view["psnr"]) - own.scores.psnr).abs() < 1e-6);
        assert!((number(&view["ssim"]) - own.scores.ssim).abs() < 1e-6);
    }
    let protocol = &json["protocol"];
    assert_eq!(protocol["split"], "every 8th view");
    assert_eq!(protocol["num_views"], 2);
    assert_eq!(protocol["resolution"], serde_json::json!([48, 36]));
    assert_eq!(protocol["fitting"], "nothing");

    let told = desk.run("eval scan points.ply --eval-every 2 --max-side 24 --ssim uniform");
    let told = told.done().stdout;
    for words in [
        "5 views held out (every 2nd view), 24 × 18 px",
        "uniform",
        "PSNR",
        "not available",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_photo_that_cannot_be_read_is_a_warning() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    // Its header is whole, its pixels are not.
    let path = desk.path("scan/images/0009.png");
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&path, bytes).unwrap();
    let run = desk.run("eval scan points.ply --json").done();
    assert!(run.stderr.contains("images/0009.png"), "{}", run.stderr);
    let json = run.json();
    assert_eq!(json["views"].as_array().unwrap().len(), 1);
    assert_eq!(json["left_out"][0]["name"], "images/0009.png");

    fs::write(
        desk.path("scan/images/0001.png"),
        &fs::read(&path).unwrap()[..60],
    )
    .unwrap();
    desk.run("eval scan points.ply")
        .failed(1, &["scan", "could be measured"]);
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let desk = desk();
    desk.run("eval scan gone.ply").failed(1, &["gone.ply"]);
    desk.run("eval gone points.ply").failed(1, &["gone"]);
    desk.run("eval scan/images points.ply")
        .failed(1, &["without camera poses", "accrete poses"]);
    desk.run("eval points.ply points.ply")
        .failed(1, &["points.ply", "posed photos"]);
    desk.run("eval scan points.ply --eval-every 0")
        .failed(1, &["no view is held out"]);
    desk.run("eval scan points.ply --eval-every 1")
        .failed(1, &["none to learn from"]);
    desk.run("eval scan points.ply --sheet sheet.jpg")
        .failed(1, &["sheet.jpg", ".png"]);
    desk.run("eval scan points.ply --sheet no/sheet.png")
        .failed(1, &["no/sheet.png"]);
    fs::write(desk.path("weights.pth"), b"no weights").unwrap();
    desk.run("eval scan points.ply --lpips weights.pth")
        .failed(1, &["weights.pth"]);
}

#[test]
fn what_cannot_be_optimised_is_refused() {
    let desk = desk();
    desk.run("optimise scan/images --out a.ply").failed(
        1,
        &["without camera poses", "accrete poses", "--find-poses"],
    );
    desk.run("optimise scan --out a.txt")
        .failed(1, &["a.txt", ".spz"]);
    desk.run("optimise scan --out no/a.ply")
        .failed(1, &["no/a.ply"]);
    desk.run("optimise points.ply").failed(1, &["posed photos"]);
    desk.run("optimise scan --init gone.ply --out a.ply")
        .failed(1, &["gone.ply"]);
    desk.run("optimise scan --with-window")
        .failed(1, &["no display", "--with-window"]);
    desk.run("optimise scan --preset best --out a.ply")
        .failed(1, &["quality"]);
    assert_eq!(desk.names("."), ["points.ply", "scan", "scene.ply"]);
}
