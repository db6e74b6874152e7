//! A project with photos, edits and a camera path is opened; its scene is optimised again.

use app::app::App;
use app::window::Start;
use eframe::egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use glam::{Affine3A, Quat, Vec3};
use recon::camera_path::{CameraPath, Keyframe};
use recon::edit::{CROPPED, CropScope, EditOp, LOCKED, Mode, Pick, Region, Scope, Similarity};
use recon::io::{DatasetPlace, Project, SplatFile, SplatFormat, save_project};
use recon::optim::OptimiseConfig;
use render::Splats;
use tests::gpu::gpu;

use super::super::application::{open, wait, wait_for_frame_of};
use super::super::photos::{write_photos, write_poses};
use super::{click, two_balls};

/// The red ball is locked, all is made twice as large, and what lies far off is cropped.
fn edits() -> Vec<EditOp> {
    let base = two_balls();
    let pick = Pick::Volume {
        region: Region::Ball {
            centre: Vec3::NEG_X,
            radius: 0.9,
        },
    };
    let by = Similarity::about(Vec3::ZERO, Quat::IDENTITY, 2.0, Vec3::ZERO);
    vec![
        EditOp::select(pick, Mode::Replace, &base).unwrap(),
        EditOp::Lock,
        EditOp::Transform {
            by,
            scope: Scope::All,
        },
        EditOp::Crop {
            region: Region::Ball {
                centre: Vec3::ZERO,
                radius: 4.0,
            },
            inside: false,
            scope: CropScope::Export,
        },
    ]
}

#[test]
fn an_edited_scene_is_optimised_and_keeps_what_is_locked() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    write_photos(&photos, 9);
    write_poses(&photos, 9);
    let base = two_balls();
    let ops = edits();
    let path = CameraPath::new(vec![Keyframe::new(0.0, &Affine3A::IDENTITY, 50.0)]).unwrap();
    let project = Project {
        dataset: Some(DatasetPlace::new(&photos)),
        base: Some(SplatFile::new(base.clone(), SplatFormat::Ply).into()),
        done: ops.len(),
        ops,
        camera_path: serde_json::to_value(&path).ok(),
        ..Project::default()
    };
    let place = folder.path().join("scene.accrete");
    save_project(&place, &project).unwrap();

    let mut harness = open(gpu, Start::Open(place));
    harness.set_size(Vec2::new(1100.0, 1200.0));
    wait(&mut harness, "the project", |app| {
        app.state().editor.document.is_some()
    });
    let state = harness.state_mut().state_mut();
    assert!(state.project.as_ref().unwrap().dataset().is_some());
    assert_eq!(state.show.path, path);
    let now = state.editor.now().unwrap();
    assert_eq!((now.count(LOCKED), now.count(CROPPED)), (200, 1));
    state.plan.config = OptimiseConfig {
        steps: 8,
        max_side: Some(48),
        evaluate_every: 0,
        ..state.plan.config.clone()
    };
    harness.run_steps(2);
    click(&mut harness, "Edit");
    harness.run_steps(30);
    click(&mut harness, "Optimise again");
    harness.run_steps(30);
    harness.get_by_label("May change");
    click(&mut harness, "Optimise the edited scene");
    wait(&mut harness, "the optimisation", |app| {
        let run = app.state().run.as_ref();
        app.state().error.is_some() || run.is_some_and(|it| !it.is_active())
    });
    let state = harness.state().state();
    assert_eq!(state.error, None);
    let run = state.run.as_ref().unwrap();
    assert_eq!(run.report.as_ref().map(|it| it.frozen), Some(200));

    // What is locked is first, where the photos' cameras know it; the rest has moved.
    let file = &state.scene.as_ref().unwrap().snapshot.file;
    for (is, was) in file.splats.means.iter().zip(&base.means).take(200) {
        assert!(is.distance(*was) < 1e-5, "{is} {was}");
    }
    assert_ne!(file.splats.means[200..400], base.means[200..400]);
    // Moves of the whole scene and crops are done again.
    let now = state.editor.now().unwrap();
    assert!((now.placement.scale - 2.0).abs() < 1e-5);
    assert!(0 < now.count(CROPPED) || now.splats.len() < 401);
    assert!(now.splats.means[0].distance(2.0 * base.means[0]) < 1e-4);
    assert!(state.is_unsaved(), "it was never exported");

    go_back_and_forth(&mut harness, &base);
}

/// Undo goes back beyond the optimisation, to the bit, and redo to what it made.
fn go_back_and_forth(harness: &mut Harness<'static, App>, base: &Splats) {
    let document = |harness: &Harness<'static, App>| {
        let state = harness.state().state();
        let now = state.editor.now().unwrap().clone();
        (now, state.scene.as_ref().unwrap().snapshot.file.clone())
    };
    let (after, made) = document(harness);
    let edits_after = harness.state().state().editor.document.as_ref();
    let edits_after = edits_after.unwrap().history.done();
    for _ in 0..=edits_after {
        click(harness, "Undo");
    }
    let (now, file) = document(harness);
    assert!(file.splats == *base);
    assert_eq!((now.count(LOCKED), now.count(CROPPED)), (200, 1));
    wait_for_frame_of(harness, 1);
    click(harness, "Undo");
    assert_eq!(document(harness).0.count(CROPPED), 0);
    click(harness, "Redo");
    assert_eq!(document(harness).0.count(CROPPED), 1);
    for _ in 0..=edits_after {
        click(harness, "Redo");
    }
    let (now, file) = document(harness);
    assert!(now == after && file.splats == made.splats);
    click(harness, "Edits");
    harness.run_steps(30);
    let before = "Before it was optimised";
    harness.get_by_label(before).scroll_to_me();
    harness.run_steps(30);
    click(harness, before);
    assert!(document(harness).1.splats == *base);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    assert!(harness.query_by_label("Optimised again").is_none());
    assert_eq!(harness.state().state().error, None);
}
