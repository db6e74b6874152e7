//! `accrete model`: networks written and looked into.

use super::Desk;

const TINY: &str = "dim = 16\nlayers = 1\nheads = 2\npatch_size = 4\nimage_width = 24\n\
                    image_height = 16\nsh_degree = 0\n";

#[test]
fn a_new_network_is_written_and_told_about() {
    let desk = Desk::new();
    std::fs::write(desk.path("tiny.toml"), TINY).unwrap();
    let new = "model new --config tiny.toml --seed 7 --out net.safetensors";
    let report = desk.run(&format!("{new} --json")).done().json();
    assert_eq!(report["kind"], "model");
    let again = desk.run("model info net.safetensors --json").done();
    assert_eq!(again.json(), report);
    assert!(
        again.stderr.contains("Adobe Research License"),
        "{}",
        again.stderr
    );
    assert_eq!(report["usable"], true);
    assert_eq!(report["config"]["dim"], 16);
    assert_eq!(report["config_from"], "read from the header of the weights");
    assert_eq!(report["tensors"], 2 + 17 + 2);
    assert_eq!(report["ignored"], 0);
    assert_eq!(report["numbers"]["f32"], 21);
    assert_eq!(report["memory"]["view_bytes"], 24 * 16 / 16 * 16 * 4);
    let bytes = std::fs::read(desk.path("net.safetensors")).unwrap();
    desk.run(new).done();
    assert_eq!(std::fs::read(desk.path("net.safetensors")).unwrap(), bytes);
    let half = desk.run(&format!("{new} --half --json")).done().json();
    assert_eq!(half["numbers"]["f16"], 21);
    // The config beside the weights goes before that in the header.
    std::fs::write(desk.path("net.json"), "{\"dim\": 32, \"heads\": 4}").unwrap();
    let other = desk.run("model info net.safetensors --json");
    other.failed(1, &["net.safetensors", "is wanted", "--model"]);
    assert_eq!(other.json()["usable"], false);
    desk.run("model info net.safetensors --model tiny.toml")
        .done();
}

#[test]
fn what_cannot_be_is_said() {
    let desk = Desk::new();
    std::fs::write(desk.path("odd.toml"), "dim = 16\nheads = 5\n").unwrap();
    desk.run("model info nowhere.pt").failed(1, &["nowhere.pt"]);
    desk.run("model info scene.ply")
        .failed(1, &["scene.ply", "again"]);
    desk.run("model new --config odd.toml --out a.safetensors")
        .failed(1, &["odd.toml", "heads 5"]);
    desk.run("model new --out a.pt")
        .failed(1, &["a.pt", ".safetensors"]);
    desk.run("model new --config nowhere.toml --out a.safetensors")
        .failed(1, &["nowhere.toml"]);
    assert_eq!(desk.names("."), ["odd.toml", "scene.ply"]);
}
