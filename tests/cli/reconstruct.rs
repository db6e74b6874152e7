//! `reconstruct` and `eval-model`: a tiny network with random weights, run as a user runs it.

use std::fs;

use recon::dataset::PoseFormat;
use recon::io::weights::Number;
use recon::model::{DepthRange, ModelConfig, save_random};
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

pub(super) fn list<'a>(json: &'a Value, key: &str) -> &'a Vec<Value> {
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

/// Without weights those that come with the program are taken.
#[test]
fn the_shipped_network_needs_nothing() {
    let desk = desk();
    let told = desk.run("model info object-small").done().stdout;
    assert!(told.contains("128 × 128 px"), "{told}");
    if gpu::gpu().is_none() {
        return;
    }
    let json = desk.run("reconstruct scan --views 2 --device cpu --out a.ply --json");
    let json = json.done().json();
    assert_eq!(json["weights"], "object-small");
    assert_eq!(json["splats"], 2 * 128 * 128);
    assert!(desk.path("a.ply").is_file());
}

#[test]
fn what_a_reconstruction_lacks_is_named() {
    let desk = desk();
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

/// Kept in the end, and gone on with by another run.
#[test]
fn a_scene_is_kept_and_gone_on_with() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = "reconstruct scan --weights tiny.safetensors --device cpu --out a.ply --json";
    let causal = format!("{words} --mode causal --chunk 2");
    let first = format!("{causal} --choice even --views 3 --keep kept/scene.memory");
    let run = desk.run(&first).done();
    let json = run.json();
    assert_eq!(json["memory"], "kept/scene.memory");
    assert_eq!(json["recalled"], 0);
    let seen = |json: &Value| list(json, "chunks").last().unwrap()["views_seen"].clone();
    assert_eq!(seen(&json), 3);
    let again = format!("{causal} --continue kept/scene.memory --views 2");
    let run = desk.run(&again).done();
    let json = run.json();
    assert_eq!(
        (&json["recalled"], &json["memory"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(seen(&json), 5);
    assert!(
        run.stderr.contains("3 of them seen before"),
        "{}",
        run.stderr
    );

    desk.run(&format!("{words} --keep kept/scene.memory"))
        .failed(1, &["--mode causal"]);
    desk.run(&format!(
        "{words} --mode merge --continue kept/scene.memory"
    ))
    .failed(1, &["--mode causal"]);
    desk.run(&format!("{causal} --keep kept"))
        .failed(1, &["kept is a folder"]);
    desk.run(&format!("{causal} --continue nowhere.memory"))
        .failed(1, &["nowhere.memory"]);
    desk.run(&format!("{causal} --continue points.ply"))
        .failed(1, &["points.ply"]);
    desk.run(&format!("{again} --selective"))
        .failed(1, &["scene.memory", "selective update"]);
    desk.run(&format!("{again} --eval-every 2"))
        .failed(1, &["scene.memory", "held out"]);
    // What it was asked for and did not do it says in the end, too; the splats are there.
    fs::remove_file(desk.path("a.ply")).unwrap();
    desk.run(&format!("{causal} --keep points.ply/scene.memory"))
        .failed(1, &["points.ply/scene.memory", "the scene was not kept"]);
    assert!(desk.path("a.ply").is_file());
}

/// Whatever file is given as weights: an error that names it, and no splats.
#[test]
fn files_that_are_no_weights_are_named() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let whole = fs::read(desk.path("tiny.safetensors")).unwrap();
    for (name, bytes) in [
        ("empty.safetensors", &[][..]),
        ("empty.pt", &[]),
        ("short.safetensors", &whole[..4]),
        ("header.safetensors", &whole[..200]),
        ("cut.safetensors", &whole[..whole.len() - 10]),
        ("cut.pt", &whole[..whole.len() / 2]),
        ("text.pth", b"weights"),
    ] {
        fs::write(desk.path(name), bytes).unwrap();
        desk.run(&format!("reconstruct scan --weights {name} --out a.ply"))
            .failed(1, &[name]);
    }
    fs::create_dir(desk.path("folder.safetensors")).unwrap();
    for folder in ["folder.safetensors", "scan"] {
        desk.run(&format!("reconstruct scan --weights {folder} --out a.ply"))
            .failed(1, &[folder]);
    }
    // A number that is none, in the last tensor.
    let mut broken = whole.clone();
    let end = broken.len();
    broken[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(desk.path("nan.safetensors"), broken).unwrap();
    desk.run("reconstruct scan --weights nan.safetensors --out a.ply")
        .failed(1, &["nan.safetensors", "holds what is no number"]);
    // Settings of another network beside them.
    fs::write(desk.path("tiny.json"), "{\"dim\": 24, \"heads\": 2}").unwrap();
    desk.run("reconstruct scan --weights tiny.safetensors --out a.ply")
        .failed(1, &["tiny.safetensors", "is wanted"]);
    assert!(!desk.path("a.ply").exists());
}

/// Few photos, photos from one place, sizes and sides that differ.
#[test]
fn odd_captures_are_reconstructed() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = "--weights tiny.safetensors --device cpu --views 100000 --chunk 100000 --mode";
    for count in [1, 2, 3] {
        let name = format!("few{count}");
        fs::create_dir(desk.path(&name)).unwrap();
        let capture = Capture::new(count, &straight_lens(60, 40));
        capture.write(&desk.path(&name), PoseFormat::OpencvCameras);
        for mode in ["full", "causal"] {
            let run = desk.run(&format!(
                "reconstruct {name} {words} {mode} --out a.ply --json"
            ));
            let json = run.done().json();
            assert!(0 < json["splats"].as_u64().unwrap(), "{json}");
        }
    }
    // Two cameras at one place, then photos of other sizes and the other way up.
    let path = desk.path("few3/opencv_cameras.json");
    let mut scene: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let first = scene["frames"][1].clone();
    scene["frames"][2]["w2c"] = first["w2c"].clone();
    let image = scene["frames"][2]["file_path"].as_str().unwrap();
    let image = desk.path("few3").join(image);
    image::open(&image)
        .unwrap()
        .rotate90()
        .save(&image)
        .unwrap();
    let frame = &mut scene["frames"][2];
    for (a, b) in [("w", "h"), ("fx", "fy"), ("cx", "cy")] {
        let kept = frame[a].clone();
        frame[a] = frame[b].clone();
        frame[b] = kept;
    }
    fs::write(&path, scene.to_string()).unwrap();
    for mode in ["full", "replay", "causal", "merge"] {
        let run = desk.run(&format!(
            "reconstruct few3 {words} {mode} --out a.ply --json"
        ));
        let json = run.done().json();
        assert_eq!(list(&json, "chunks").last().unwrap()["views_seen"], 2);
    }
    desk.run("reconstruct scan/images --weights tiny.safetensors")
        .failed(1, &["accrete poses"]);
}

/// A desk with two scenes in `scenes/`, and what measures them.
fn desk_with_scenes() -> Desk {
    let desk = desk();
    for (name, count) in [("one", 10), ("two", 9)] {
        let folder = desk.path("scenes").join(name);
        fs::create_dir_all(&folder).unwrap();
        let capture = Capture::new(count, &straight_lens(60, 40));
        capture.write(&folder, PoseFormat::OpencvCameras);
    }
    let names = json!(["one/opencv_cameras.json", "two/opencv_cameras.json"]);
    fs::write(desk.path("scenes/list.json"), names.to_string()).unwrap();
    desk
}

const EVAL: &str = "eval-model scenes/list.json --weights tiny.safetensors --device cpu --views 3";

/// Lists of input views that lie apart from the scenes go before their own, by name or by folder.
#[test]
fn input_views_are_those_of_fold_lists() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk_with_scenes();
    fs::write(
        desk.path("folds.json"),
        json!([
            {"scene_name": "two", "fold_8_kmeans_3_input": [2, 6, 3]},
            {"scene_name": "one", "fold_8_kmeans_3_input": [5, 2, 9], "fold_8_kmeans_16_input": [1]},
        ])
        .to_string(),
    )
    .unwrap();
    let run = desk
        .run(&format!("{EVAL} --folds folds.json --json"))
        .done();
    let folded = run.json();
    for (scene, expected) in [(0, [2, 5, 9]), (1, [2, 3, 6])] {
        let mut inputs: Vec<&str> = list(&folded["scenes"][scene], "inputs")
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect();
        inputs.sort_unstable();
        let expected = expected.map(|i| format!("images/000{i}.png"));
        assert_eq!(inputs, expected);
        assert!(
            list(&folded["scenes"][scene], "warnings").is_empty(),
            "{folded}"
        );
    }
    fs::write(
        desk.path("folds.json"),
        "[{\"scene_name\": \"two\", \"fold_8_kmeans_3_input\": [99]}]",
    )
    .unwrap();
    let folded = desk
        .run(&format!("{EVAL} --folds folds.json --json"))
        .done()
        .json();
    let warned = |scene: usize| list(&folded["scenes"][scene], "warnings")[0].to_string();
    assert!(warned(0).contains("do not have"), "{folded}");
    assert!(warned(1).contains("frames that are not there"), "{folded}");
    desk.run(&format!("{EVAL} --folds scenes/list.json"))
        .failed(1, &["scenes/list.json", "JSON array of objects"]);
}

/// Two scenes as the published lists have them, and one that is not there.
#[test]
fn a_network_is_measured_as_the_paper_does() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk_with_scenes();
    // The list that was published with a scene goes before k-means.
    let path = desk.path("scenes/one/opencv_cameras.json");
    let mut scene: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    scene["fold_8_kmeans_3_input"] = json!([7, 1, 4]);
    fs::write(&path, scene.to_string()).unwrap();
    let run = desk.run(&format!("{EVAL} --json=m.json")).done();
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
    let names = json!(["nowhere/opencv_cameras.json", "two/opencv_cameras.json"]);
    fs::write(desk.path("scenes/list.json"), names.to_string()).unwrap();
    let run = desk.run(&format!("{EVAL} --json=n.json"));
    run.failed(1, &["1 of 2 scenes failed", "nowhere/opencv_cameras.json"]);
    let json: Value = serde_json::from_slice(&fs::read(desk.path("n.json")).unwrap()).unwrap();
    assert_eq!(list(&json, "scenes").len(), 1);
    assert_eq!(list(&json, "failed").len(), 1);
    let run = desk.run(&format!("{EVAL} --stop-on-failure --json=n.json"));
    run.failed(1, &["1 of 2 scenes failed"]);
    let json: Value = serde_json::from_slice(&fs::read(desk.path("n.json")).unwrap()).unwrap();
    assert!(list(&json, "scenes").is_empty());
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
