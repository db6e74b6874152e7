//! `optimise`: splats from photos, measured as `eval` measures them, stopped and gone on with.

use recon::edit::Region;
use recon::io::open_splats;
use serde_json::Value;
use tests::gpu;

use super::eval::{desk, number};

#[test]
fn photos_become_splats() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = "optimise scan --preset fast --steps 12 --measure-every 5 --sh-degree 1 --seed 3 \
                 --background 0.1,0.11,0.13 --out a.ply --sheet a.png --checkpoint state --json";
    let run = desk.run(words).done();
    let json = run.json();
    let steps = |json: &Value| -> Vec<u64> {
        let curve = json["curve"].as_array().unwrap().iter();
        curve.map(|it| it["step"].as_u64().unwrap()).collect()
    };
    assert_eq!(json["steps"], 12);
    assert_eq!(steps(&json), [5, 10, 12]);
    let curve: Vec<f64> = json["curve"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| number(&it["psnr"]))
        .collect();
    assert!(curve.is_sorted(), "{curve:?}");
    assert_eq!(number(&json["psnr"]), curve[2]);
    assert!(0.0 < number(&json["steps_per_sec"]));
    assert!(json["lpips"].is_null());
    let names: Vec<&str> = json["views"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["images/0001.png", "images/0009.png"]);
    assert_eq!(json["protocol"]["split"], "every 8th view");
    assert_eq!(json["config"]["preset"], "fast");
    let sheet = image::open(desk.path("a.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (3 * 48 + 8, 2 * 36 + 4));

    // The file that was written scores as the splats did.
    let eval = desk.run("eval scan a.ply --background 0.1,0.11,0.13 --json");
    let eval = eval.done().json();
    assert_eq!(eval["splats"], json["splats"]);
    assert!((number(&eval["psnr"]) - number(&json["psnr"])).abs() < 0.01);
    assert!((number(&eval["ssim"]) - number(&json["ssim"])).abs() < 1e-3);

    let words = "optimise scan --preset fast --steps 14 --sh-degree 1 --resume --checkpoint state \
                 --background 0.1,0.11,0.13 --out b.spz --json";
    let json = desk.run(words).done().json();
    assert_eq!(json["steps"], 14);
    assert_eq!(
        steps(&json),
        [5, 10, 12, 14],
        "what was measured before too"
    );
    assert!(desk.path("b.spz").is_file());
}

#[test]
fn without_held_out_photos_there_are_no_figures() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let run =
        desk.run("optimise scan --steps 2 --eval-every 0 --init scene.ply --out a.ply --json");
    let run = run.done();
    assert!(run.stderr.contains("no view is held out"), "{}", run.stderr);
    let json = run.json();
    assert!(json["psnr"].is_null() && json["ssim"].is_null());
    assert_eq!(json["views"], Value::Array(Vec::new()));
    assert_eq!(json["splats"], 3_000);
}

/// Filters are in the file, or said there: any program shows what was measured. One per cent of
/// the default budget is kept to from the first step.
#[test]
fn a_filtered_file_scores_as_the_splats_did() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = "optimise scan --preset fast --steps 12 --sh-degree 1 --antialiased --filter-3d \
                 --splat-budget 0.02% --background 0.1,0.11,0.13 --out a.ply --json";
    let json = desk.run(words).done().json();
    let budget = json["config"]["splat_budget"].as_u64().unwrap();
    assert!((1..=200).contains(&budget), "{budget}");
    assert_eq!(json["splats"], budget);
    let eval = desk.run("eval scan a.ply --background 0.1,0.11,0.13 --json");
    let eval = eval.done().json();
    assert!((number(&eval["psnr"]) - number(&json["psnr"])).abs() < 0.01);
    assert!((number(&eval["ssim"]) - number(&json["ssim"])).abs() < 1e-3);
}

/// Only the region is optimised, and the file has the others first as they were.
#[test]
fn a_region_of_a_file_is_optimised() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let before = open_splats(&desk.path("scene.ply")).unwrap().splats;
    // The ball around the middle that holds a third of the splats.
    let centre = before.means.iter().sum::<glam::Vec3>() / before.len() as f32;
    let mut distances: Vec<f32> = before.means.iter().map(|it| it.distance(centre)).collect();
    distances.sort_by(f32::total_cmp);
    let radius = distances[before.len() / 3];
    let region = Region::Ball { centre, radius };
    let words = format!(
        "optimise scan --preset fast --steps 12 --init scene.ply --splat-budget 4k --region-ball \
         {},{},{},{radius} --background 0.1,0.11,0.13 --out a.ply --json",
        centre.x, centre.y, centre.z
    );
    let run = desk.run(&words).done();
    let json = run.json();
    let after = open_splats(&desk.path("a.ply")).unwrap().splats;
    let outside: Vec<usize> = (0..before.len())
        .filter(|i| !region.contains(before.means[*i]))
        .collect();
    assert!(100 < outside.len() && outside.len() < 2_900);
    assert_eq!(json["frozen"], outside.len());
    assert_eq!(json["splats"], after.len());
    let first: Vec<usize> = (0..outside.len()).collect();
    let kept = after.select(&first).with_sh_degree(before.sh_degree);
    assert!(kept == before.select(&outside));

    let far = desk.run("optimise scan --steps 3 --init scene.ply --region-box 90,90,90,91,91,91");
    far.failed(1, &["no splat lies in the region"]);
    let resumed = desk.run("optimise scan --preset fast --steps 14 --resume --out b.ply --json");
    assert_eq!(resumed.done().json()["frozen"], outside.len());
}
