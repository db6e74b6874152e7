//! Photos dropped on the whole application without a window: cameras are drawn and looked through.

use std::path::Path;
use std::time::{Duration, Instant};

use app::app::App;
use app::project::Source;
use app::window::Start;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use tests::gpu::gpu;

use super::application::{differ, open, picture, wait, wait_for_frame_of};

/// Photos that show a gradient.
pub(super) fn write_photos(folder: &Path, count: usize) {
    for i in 0..count {
        let shade = |x: u32, y: u32| image::Luma([(x + y + 20 * i as u32) as u8]);
        let photo = image::GrayImage::from_fn(64, 48, shade);
        photo.save(folder.join(format!("{i}.png"))).unwrap();
    }
}

/// Cameras on an arc around the origin, in the axes of `transforms.json` (y up, looking along −z).
pub(super) fn write_poses(folder: &Path, count: usize) {
    let frame = |i: usize| {
        let angle = 0.3 * (i as f64 - 0.5 * count as f64);
        let (sin, cos) = angle.sin_cos();
        serde_json::json!({
            "file_path": format!("{i}.png"),
            "transform_matrix": [
                [cos, 0.0, sin, 3.0 * sin],
                [0.0, 1.0, 0.0, 0.2],
                [-sin, 0.0, cos, 3.0 * cos],
                [0.0, 0.0, 0.0, 1.0],
            ],
        })
    };
    let frames: Vec<_> = (0..count).map(frame).collect();
    let json = serde_json::json!({
        "w": 64, "h": 48, "fl_x": 60.0, "fl_y": 60.0, "cx": 32.0, "cy": 24.0, "frames": frames,
    });
    std::fs::write(folder.join("transforms.json"), json.to_string()).unwrap();
}

/// Draws frames until what the viewport shows is as wanted.
fn wait_for_picture(
    harness: &mut Harness<'static, App>,
    what: &str,
    holds: impl Fn(&[u8]) -> bool,
) {
    let begun = Instant::now();
    loop {
        harness.step();
        if holds(&picture(harness)) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "waited for {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn posed_photos_show_their_cameras() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_photos(folder.path(), 6);
    write_poses(folder.path(), 6);
    let mut harness = open(gpu, Start::Open(folder.path().to_owned()));
    wait(&mut harness, "the cameras", |app| {
        app.state().scene.is_some()
    });
    harness.get_by_label_contains("6 photos 64×48, transforms.json");
    let project = harness.state().state().project.as_ref().unwrap();
    assert!(matches!(&project.source, Source::Dataset(it) if it.views.len() == 6));
    assert!(
        project.up.unwrap().dot(glam::Vec3::Y) > 0.9,
        "{:?}",
        project.up
    );
    wait_for_frame_of(&mut harness, 0);
    let first = picture(&mut harness);

    harness.get_by_label("3.png").click();
    wait(&mut harness, "the choice", |app| {
        app.state().project.as_ref().unwrap().selected == Some(3)
    });
    // From the photo back to the scene, from the same place.
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(2);
    let percent = first.len() / 4 / 100;
    wait_for_picture(&mut harness, "another view", |it| {
        5 * percent < differ(&first, it)
    });
    harness.key_press(eframe::egui::Key::Home);
    // But for the chosen camera, which is drawn in another colour.
    wait_for_picture(&mut harness, "the first view", |it| {
        differ(&first, it) < 2 * percent
    });
}

#[test]
fn photos_alone_ask_for_poses_and_hopeless_ones_are_refused() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_photos(folder.path(), 3);
    let mut harness = open(gpu, Start::Open(folder.path().to_owned()));
    wait(&mut harness, "the photos", |app| {
        app.state().project.is_some()
    });
    harness.step();
    harness.get_by_label_contains("no camera poses yet");
    harness.get_by_label("Engine").click();
    harness.run_steps(3);
    harness.get_by_label("Built-in").click();
    harness.run_steps(3);
    harness.get_by_label("Find camera poses").click();
    wait(&mut harness, "the end of the search", |app| {
        let state = app.state();
        let gate = state.project.as_ref().and_then(|it| it.gate.as_ref());
        state.error.is_some() || (gate.is_some() && state.job.is_none())
    });
    let state = harness.state().state();
    assert!(state.scene.is_none(), "nothing was placed");
    let source = &state.project.as_ref().unwrap().source;
    assert!(matches!(source, Source::Photos(it) if it.images.len() == 3));
}
