//! What goes wrong is said in words, with the exit code that the help promises.

use std::io::Read;
use std::process::Stdio;

use super::{Desk, accrete};

#[test]
fn a_missing_file_is_named() {
    let desk = Desk::new();
    for words in [
        "info nowhere.ply",
        "convert nowhere.ply a.spz",
        "render nowhere.ply --out a.png",
        "nowhere.ply",
        "view nowhere.ply",
    ] {
        desk.run(words).failed(1, &["nowhere.ply"]);
    }
    desk.run("render scene.ply --camera nowhere.json --out a.png")
        .failed(1, &["nowhere.json"]);
}

#[test]
fn nonsense_is_an_error_like_any_other() {
    let desk = Desk::new();
    desk.run("render scene.ply").failed(1, &["--out"]);
    desk.run("render scene.ply --out a.png --turntable 2")
        .failed(1, &["a.png", "folder"]);
    desk.run("render scene.ply --out a.jpg")
        .failed(1, &["jpg", ".png"]);
    desk.run("info scene.ply --json=no/folder/r.json")
        .failed(1, &["no/folder/r.json"]);
    desk.run("view scene.ply")
        .failed(1, &["display", "accrete render"]);
    desk.run("scene.ply adapters").failed(1, &["one command"]);
    assert_eq!(desk.names("."), ["scene.ply"]);
}

#[test]
fn a_result_that_cannot_be_written_is_named() {
    let desk = Desk::new();
    desk.run("convert scene.ply scene.ply/a.spz")
        .failed(1, &["a.spz"]);
    if tests::gpu::gpu().is_none() {
        return;
    }
    desk.run("render scene.ply --width 32 --out scene.ply/a.png")
        .failed(1, &["a.png"]);
    desk.run("render scene.ply --width 32 --turntable 2 --out scene.ply")
        .failed(1, &["scene.ply"]);
    desk.run("demo --headless --out scene.ply")
        .failed(1, &["scene.ply"]);
}

#[test]
fn adapters_are_listed_and_chosen_by_name() {
    if tests::gpu::gpu().is_none() {
        return;
    }
    let desk = Desk::new();
    let json = desk.run("adapters --json").done().json();
    let first = &json[0];
    assert_eq!(first["index"], 0);
    assert!(0 < first["max_splats_sh3"].as_u64().unwrap());
    let name = first["name"].as_str().unwrap();

    let wrong = desk.run("demo --headless --adapter nosuch");
    wrong.failed(2, &["nosuch", name]);
    let words = "demo --headless";
    let wrong = desk.run_with(words, |it| it.env("ACCRETE_ADAPTER", "nosuch"));
    wrong.failed(2, &["nosuch", name]);
    assert_eq!(desk.names("."), ["scene.ply"]);
}

/// Vulkan's loader finds no driver where these variables lead nowhere.
#[cfg(target_os = "linux")]
#[test]
fn without_a_driver_the_package_is_named() {
    let desk = Desk::new();
    for words in [
        "demo --headless",
        "render scene.ply --out a.png",
        "bench render --quick",
        "adapters",
    ] {
        let outcome = desk.run_with(words, |it| {
            it.env("VK_ICD_FILENAMES", "/nonexistent")
                .env("VK_DRIVER_FILES", "/nonexistent")
        });
        outcome.failed(2, &["mesa-vulkan-drivers"]);
    }
    assert_eq!(desk.names("."), ["scene.ply"]);
    desk.run("info scene.ply").done();
}

#[test]
fn a_closed_pipe_is_no_reason_to_complain() {
    let desk = Desk::new();
    let mut child = accrete()
        .current_dir(desk.path("."))
        .args(["info", "scene.ply", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert!(
        !stderr.contains("panicked") && !stderr.contains("error:"),
        "{stderr}"
    );
}

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new();
    let help = desk.run("--help").done().stdout;
    for command in [
        "view",
        "demo",
        "convert",
        "convert-dataset",
        "info",
        "poses",
        "reconstruct",
        "eval-model",
        "render",
        "bench",
        "adapters",
    ] {
        assert!(help.contains(command), "{command}: {help}");
        let own = desk.run(&format!("{command} --help")).done().stdout;
        assert!(own.contains("--json"), "{own}");
    }
    assert!(help.contains("Exit codes"));
    assert!(desk.run("--version").done().stdout.starts_with("accrete "));
}
