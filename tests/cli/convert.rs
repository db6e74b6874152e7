//! `info` and `convert`: what is told about files, and files that come out as they went in.

use recon::io::{SplatFormat, open_splats};

use super::Desk;

#[test]
fn info_tells_people_and_programs() {
    let desk = Desk::new();
    let text = desk.run("info scene.ply").done();
    for words in ["3000", "made for a test", "does not say"] {
        assert!(text.stdout.contains(words), "{words}: {}", text.stdout);
    }

    let both = desk.run("info scene.ply --json").done();
    let json = both.json();
    assert_eq!(json["splats"], 3_000);
    assert_eq!(json["sh_degree"], 1);
    assert_eq!(json["path"], "scene.ply");
    assert!(both.stderr.contains("SH degree"), "{}", both.stderr);

    let quiet = desk.run("--quiet info scene.ply --json=report.json").done();
    assert_eq!(quiet.stdout, "");
    assert!(!quiet.stderr.contains("SH degree"), "{}", quiet.stderr);
    let report = std::fs::read_to_string(desk.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report, json);
}

#[test]
fn there_and_back_through_spz() {
    let desk = Desk::new();
    let there = desk.run("convert scene.ply scene.spz --json").done();
    let json = there.json();
    assert_eq!(json["input"]["splats"], 3_000);
    let bytes = std::fs::metadata(desk.path("scene.spz")).unwrap().len();
    assert_eq!(json["output"]["bytes"], bytes);
    let losses = json["losses"].to_string();
    assert!(
        losses.contains("rounded") && losses.contains("comments"),
        "{losses}"
    );
    assert!(there.stderr.contains("rounded"), "{}", there.stderr);

    let back = desk.run("convert scene.spz back.ply").done();
    assert!(!back.stdout.contains("lost"), "{}", back.stdout);
    let before = open_splats(&desk.path("scene.ply")).unwrap().splats;
    let after = open_splats(&desk.path("back.ply")).unwrap();
    assert_eq!(after.format, SplatFormat::Ply);
    assert_eq!((after.splats.len(), after.splats.sh_degree), (3_000, 1));
    for (a, b) in before.means.iter().zip(&after.splats.means) {
        assert!(
            (*a - *b).abs().max_element() <= 0.5 / 4096.0 + 1e-6,
            "{a} {b}"
        );
    }
}

#[test]
fn a_file_is_not_converted_into_itself() {
    let desk = Desk::new();
    let before = std::fs::read(desk.path("scene.ply")).unwrap();
    let same = desk.run("convert scene.ply ./scene.ply");
    same.failed(1, &["scene.ply", "the same file"]);
    let strange = desk.run("convert scene.ply scene.obj");
    strange.failed(1, &["scene.obj", ".spz"]);
    assert_eq!(std::fs::read(desk.path("scene.ply")).unwrap(), before);
    assert_eq!(desk.names("."), ["scene.ply"]);
}

/// A part of the scene, with z up and without harmonics above degree 0.
#[test]
fn a_part_of_a_scene_is_written_turned() {
    let desk = Desk::new();
    let words = "convert scene.ply part.ply --crop -1,-1,-1,1,1,1 --axes z-up --export-sh-degree 0 \
                 --json";
    let json = desk.run(words).done().json();
    let before = open_splats(&desk.path("scene.ply")).unwrap().splats;
    let after = open_splats(&desk.path("part.ply")).unwrap().splats;
    let inside: Vec<_> = before
        .means
        .iter()
        .filter(|it| it.abs().max_element() <= 1.0)
        .collect();
    assert!(!inside.is_empty() && inside.len() < before.len());
    assert_eq!((after.len(), after.sh_degree), (inside.len(), 0));
    assert_eq!(json["output"]["splats"], after.len());
    assert_eq!(json["input"]["splats"], before.len());
    for (a, b) in inside.into_iter().zip(&after.means) {
        assert!((b.z + a.y).abs() < 1e-5, "up is -y: {a} {b}");
        assert!((a.length() - b.length()).abs() < 1e-5, "{a} {b}");
    }
    let none = desk.run("convert scene.ply none.ply --crop 90,90,90,91,91,91");
    none.failed(1, &["scene.ply", "--crop"]);
    assert!(!desk.path("none.ply").exists());
}
