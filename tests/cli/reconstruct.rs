//! `reconstruct` and `eval-model`: a tiny network with random weights, run as a user runs it.

use std::fs;

use recon::dataset::PoseFormat;
use recon::io::weights::Number;
use recon::model::{DepthRange, ModelConfig, save_random};
use glam::Vec3;
use render::Splats;
use serde_json::{Value, json};
use tests::capture::{Capture, straight_lens};
use tests::gpu;

use super::Desk;
use super::eval::{desk as photos, number};

/// Its splats lie among what the cameras see, whatever its weights.
fn network() -> ModelConfig {
    ModelConfig {
        dim: 16,
        layers: 1,
        heads: 2,
        fast_inner: 2,
        mlp_inner: 2,
        patch_size: 8,
        image_width: 48,
        image_height: 32,
        sh_degree: 1,
        chunk_views: 2,
        depth: DepthRange::Linear { max: 2.0 },
        ..ModelConfig::default()
    }
}

/// Nine photos in `scan/`, of which 0 and 8 are held out, and a network in `tiny.safetensors`; the
/// same in `whole.safetensors`, which leaves no splat out: rounding may not choose among them.
pub(super) fn desk() -> Desk {
    let desk = photos();
    let weights = desk.path("tiny.safetensors");
    save_random(&weights, &network(), 3, Number::F32).unwrap();
    let mut whole = network();
    whole.prune.keep = 0.0;
    save_random(&desk.path("whole.safetensors"), &whole, 3, Number::F32).unwrap();
    desk
}

/// Two files of a desk hold the same splats, up to rounding.
pub(super) fn same_splats(desk: &Desk, found: &str, expected: &str) {
    let open = |name: &str| recon::io::open_splats(&desk.path(name)).unwrap().splats;
    let (found, expected) = (open(found), open(expected));
    assert_eq!(found.len(), expected.len());
    assert!(!found.is_empty());
    let numbers = |it: &Splats| -> Vec<f32> {
        let means = it.means.iter().chain(&it.log_scales);
        let means = means.flat_map(Vec3::to_array);
        let harmonics = it.sh_coeffs.iter().flatten().copied();
        let quats = it.quats.iter().flatten().copied();
        let logits = it.opacity_logits.iter().copied();
        means.chain(harmonics).chain(quats).chain(logits).collect()
    };
    let all = numbers(&found).into_iter().zip(numbers(&expected));
    for (found, expected) in all {
        let most = 1e-5 * (1.0 + expected.abs());
        assert!((found - expected).abs() <= most, "{found}, not {expected}");
    }
}

fn list<'a>(json: &'a Value, key: &str) -> &'a Vec<Value> {
    json[key]
        .as_array()
        .unwrap_or_else(|| panic!("{key}: {json}"))
}

#[test]
fn a_network_makes_splats_chunk_by_chunk() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = "reconstruct scan --weights tiny.safetensors --device cpu --mode causal --views 6 \
                 --chunk 4 --choice even --selective --background 0.1,0.11,0.13 --out a.ply \
                 --sheet a.png --json=m.json";
    let run = desk.run(words).done();
    assert!(run.stdout.contains("views seen"), "{}", run.stdout);
    let json = fs::read(desk.path("m.json")).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    let chunks = list(&json, "chunks");
    let seen: Vec<u64> = chunks
        .iter()
        .map(|it| it["views_seen"].as_u64().unwrap())
        .collect();
    assert_eq!(seen, [4, 6]);
    for (index, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk["index"], index);
        assert!(0.0 < number(&chunk["secs"]) && 0 < chunk["splats"].as_u64().unwrap());
        assert!(number(&chunk["psnr"]).is_finite() && number(&chunk["ssim"]) <= 1.0);
    }
    assert_eq!(json["psnr"], chunks[1]["psnr"]);
    assert_eq!(json["splats"], chunks[1]["splats"]);
    assert_eq!((&json["steps"], &json["lpips"]), (&json!(0), &Value::Null));
    assert_eq!(list(&json, "views").len(), 2);
    assert_eq!(json["protocol"]["split"], "every 8th view");
    assert_eq!(
        json["curve"],
        json!([{
            "step": 0, "psnr": json["psnr"], "ssim": json["ssim"], "lpips": null
        }])
    );
    assert_eq!(json["config"]["mode"], "causal");
    let sheet = image::open(desk.path("a.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (3 * 48 + 8, 2 * 36 + 4));

    // The file that was written scores as the splats did.
    let eval = desk.run("eval scan a.ply --background 0.1,0.11,0.13 --json");
    let eval = eval.done().json();
    assert_eq!(eval["splats"], json["splats"]);
    assert!((number(&eval["psnr"]) - number(&json["psnr"])).abs() < 0.01);
}

#[test]
fn devices_share_the_views() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    for mode in ["full", "replay --chunk 2"] {
        let run = |devices: &str, out: &str| {
            desk.run(&format!(
                "reconstruct scan --weights whole.safetensors --views 5 --choice even --mode {mode} \
                 --device {devices} --out {out} --json"
            ))
        };
        let alone = run("cpu", "alone.ply").done().json();
        for devices in ["cpu,cpu", "cpu,cpu,cpu"] {
            let shared = run(devices, "shared.ply").done().json();
            same_splats(&desk, "shared.ply", "alone.ply");
            assert_eq!(list(&shared, "chunks").len(), list(&alone, "chunks").len());
            let names = shared["device"].as_str().unwrap();
            assert_eq!(
                names.matches("processor").count(),
                devices.len().div_ceil(4)
            );
        }
    }
    for mode in ["causal", "merge"] {
        let words = format!(
            "reconstruct scan --weights tiny.safetensors --mode {mode} --device cpu,cpu --out a.ply"
        );
        desk.run(&words)
            .failed(1, &["2 devices", "Full and replay"]);
    }
    let words = "reconstruct scan --weights tiny.safetensors --device cpu,vulkan";
    let outcome = desk.run(words);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("\"vulkan\" is no device"),
        "{}",
        outcome.stderr
    );
    // Measured like one.
    let folder = desk.path("scenes/one");
    fs::create_dir_all(&folder).unwrap();
    let capture = Capture::new(9, &straight_lens(60, 40));
    capture.write(&folder, PoseFormat::OpencvCameras);
    fs::write(
        desk.path("list.json"),
        r#"["scenes/one/opencv_cameras.json"]"#,
    )
    .unwrap();
    let psnr = |devices: &str| {
        let words = format!(
            "eval-model list.json --weights tiny.safetensors --views 3 --device {devices} --json"
        );
        number(&desk.run(&words).done().json()["psnr"])
    };
    assert!((psnr("cpu,cpu") - psnr("cpu")).abs() < 1e-3);
}

#[test]
fn what_a_network_made_is_optimised() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = "reconstruct scan --weights tiny.safetensors --device cpu --views 4 --optimise 20 \
                 --background 0.1,0.11,0.13 --out a.ply --json";
    let json = desk.run(words).done().json();
    assert_eq!(json["steps"], 20);
    assert!(0.0 < number(&json["steps_per_sec"]));
    let curve = list(&json, "curve");
    let steps: Vec<u64> = curve
        .iter()
        .map(|it| it["step"].as_u64().unwrap())
        .collect();
    assert_eq!(steps, [0, 20]);
    assert_eq!(curve[1]["psnr"], json["psnr"]);
    assert!(number(&curve[0]["psnr"]) < number(&json["psnr"]), "{json}");
    assert_eq!(list(&json, "chunks").len(), 1);
    assert_eq!(json["chunks"][0]["psnr"], curve[0]["psnr"]);
    let checkpoint = json["checkpoint"].as_str().unwrap();
    assert!(checkpoint.ends_with("instant.checkpoint"), "{checkpoint}");
    assert!(desk.path("a.ply").is_file());
}

#[test]
fn what_a_reconstruction_lacks_is_named() {
    let desk = desk();
    desk.run("reconstruct scan --out a.ply")
        .failed(1, &["--weights"]);
    desk.run("reconstruct scan --weights nowhere.pt --out a.ply")
        .failed(1, &["nowhere.pt"]);
    desk.run("reconstruct nowhere --weights tiny.safetensors")
        .failed(1, &["nowhere"]);
    desk.run("reconstruct scan/images --weights tiny.safetensors")
        .failed(1, &["scan/images", "accrete poses"]);
    desk.run("reconstruct scan --weights tiny.safetensors --out a.txt")
        .failed(1, &["a.txt"]);
    let help = desk.run("reconstruct --help").done().stdout;
    for word in ["non-commercial", "huggingface.co", "--json"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    if gpu::gpu().is_none() {
        return;
    }
    fs::write(
        desk.path("wrong.toml"),
        "dim = 16\nheads = 2\nimage_height = 31\n",
    )
    .unwrap();
    desk.run("reconstruct scan --weights tiny.safetensors --model wrong.toml")
        .failed(1, &["wrong.toml", "image_height"]);
    desk.run("reconstruct scan --weights points.ply --out a.ply")
        .failed(1, &["points.ply"]);
    assert!(!desk.path("a.ply").exists());
}

/// Two scenes as the published lists have them, and one that is not there.
#[test]
fn a_network_is_measured_as_the_paper_does() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    for (name, count) in [("one", 10), ("two", 9)] {
        let folder = desk.path("scenes").join(name);
        fs::create_dir_all(&folder).unwrap();
        let capture = Capture::new(count, &straight_lens(60, 40));
        capture.write(&folder, PoseFormat::OpencvCameras);
    }
    // The list that was published with a scene goes before k-means.
    let path = desk.path("scenes/one/opencv_cameras.json");
    let mut scene: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    scene["fold_8_kmeans_3_input"] = json!([7, 1, 4]);
    fs::write(&path, scene.to_string()).unwrap();
    let write = |names: Value| fs::write(desk.path("scenes/list.json"), names.to_string()).unwrap();
    write(json!([
        "one/opencv_cameras.json",
        "two/opencv_cameras.json"
    ]));
    let words = "eval-model scenes/list.json --weights tiny.safetensors --device cpu --views 3";
    let run = desk.run(&format!("{words} --json=m.json")).done();
    assert!(run.stdout.contains("mean of 2"), "{}", run.stdout);
    let json: Value = serde_json::from_slice(&fs::read(desk.path("m.json")).unwrap()).unwrap();
    let scenes = list(&json, "scenes");
    assert_eq!(scenes.len(), 2);
    let mean: f64 = scenes.iter().map(|it| number(&it["psnr"])).sum::<f64>() / 2.0;
    assert!((number(&json["psnr"]) - mean).abs() < 1e-9);
    assert!(json["lpips"].is_null());
    let inputs: Vec<&str> = list(&scenes[0], "inputs")
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    let mut sorted = inputs.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        ["images/0001.png", "images/0004.png", "images/0007.png"]
    );
    for scene in scenes {
        let protocol = &scene["protocol"];
        assert_eq!(protocol["resolution"], json!([48, 32]));
        assert_eq!(protocol["precision"], "float");
        assert_eq!(protocol["split"], "every 8th view");
        assert_eq!(list(scene, "views").len(), 2);
    }

    // What fails is named, and the others are measured all the same.
    write(json!([
        "nowhere/opencv_cameras.json",
        "two/opencv_cameras.json"
    ]));
    let run = desk.run(&format!("{words} --json=n.json"));
    run.failed(1, &["1 of 2 scenes failed", "nowhere/opencv_cameras.json"]);
    let json: Value = serde_json::from_slice(&fs::read(desk.path("n.json")).unwrap()).unwrap();
    assert_eq!(list(&json, "scenes").len(), 1);
    assert_eq!(list(&json, "failed").len(), 1);
}

#[test]
fn a_list_that_is_none_is_named() {
    let desk = desk();
    fs::write(desk.path("list.json"), "{}").unwrap();
    desk.run("eval-model list.json --weights tiny.safetensors")
        .failed(1, &["list.json", "JSON array"]);
    desk.run("eval-model nowhere.json --weights tiny.safetensors")
        .failed(1, &["nowhere.json"]);
    fs::write(desk.path("list.json"), "[\"a.json\"]").unwrap();
    desk.run("eval-model list.json --weights nowhere.pt")
        .failed(1, &["nowhere.pt"]);
}
