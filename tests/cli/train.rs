//! `train`: files of a training, going on, what does not fit.

use std::fs;

use super::Desk;

const SETTINGS: &str = "\
evaluated_scenes = 1
checkpoint_every = 2

[model]
dim = 32
layers = 1
heads = 2
fast_inner = 1
mlp_inner = 1
patch_size = 8
image_width = 16
image_height = 16
sh_degree = 0
frame = \"focused\"
depth = { relative = { most = 2.0 } }
from_pixels = true

[[stages]]
steps = 3
side = 16
batch = 1
inputs = [2, 2]
targets = 1
";

fn desk() -> Desk {
    let desk = Desk::new();
    fs::write(desk.path("tiny.toml"), SETTINGS).unwrap();
    desk
}

#[test]
fn a_training_is_kept_and_goes_on() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = "train tiny.toml --out run --device cpu --json";
    let first = desk.run(&format!("{words} --steps 2")).done().json();
    assert_eq!(
        (&first["steps"], &first["done"]),
        (&2.into(), &false.into())
    );
    desk.run(words).failed(1, &["run", "--resume"]);
    let whole = desk.run(&format!("{words} --resume")).done().json();
    assert_eq!((&whole["steps"], &whole["done"]), (&3.into(), &true.into()));
    assert_eq!(whole["evaluation"]["rows"].as_array().unwrap().len(), 5);
    let lines = |name: &str| {
        let text = fs::read_to_string(desk.path(&format!("run/{name}"))).unwrap();
        let all = text.lines().map(|it| serde_json::from_str(it).unwrap());
        all.collect::<Vec<serde_json::Value>>()
    };
    let steps: Vec<_> = lines("log.jsonl")
        .iter()
        .map(|it| it["step"].clone())
        .collect();
    assert_eq!(steps, [1, 2, 3]);
    assert_eq!(lines("measurements.jsonl").len(), 2);
    assert_eq!(desk.names("run/sheets").len(), 2);
    // What was trained is a network that the other commands know.
    let info = desk
        .run("model info run/weights.safetensors --json")
        .done()
        .json();
    assert_eq!(info["usable"], true);
    assert_eq!(info["config"]["frame"], "focused");
}

#[test]
fn settings_that_do_not_fit_are_named() {
    let desk = desk();
    desk.run("train none.toml --out run")
        .failed(1, &["none.toml"]);
    let wrong = SETTINGS.replace("side = 16", "side = 20");
    fs::write(desk.path("wrong.toml"), wrong).unwrap();
    let words = ["wrong.toml", "20 pixels"];
    desk.run("train wrong.toml --out run").failed(1, &words);
    fs::write(desk.path("typed.toml"), "stepz = 3").unwrap();
    desk.run("train typed.toml --out run")
        .failed(1, &["typed.toml", "stepz"]);
    assert!(!desk.path("run").exists());
}
