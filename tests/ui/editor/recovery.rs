//! Edits that nobody saved outlive a program that ends otherwise than it should.

use std::path::{Path, PathBuf};
use std::time::Duration;

use app::app::App;
use app::window::Start;
use eframe::App as _;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use recon::edit::HIDDEN;
use render::gpu::Gpu;
use tests::gpu::gpu;

use super::super::application::{open, wait};
use super::{click, marked, opened};

/// The application after such an end.
fn started(gpu: &Gpu, kept: &Path) -> Harness<'static, App> {
    let mut harness = open(gpu, Start::Empty);
    harness.state_mut().keep_unsaved_in(kept, Duration::ZERO);
    harness.run_steps(3);
    harness
}

/// The application with a scene of which all is hidden, which is kept in `kept`, and the copy's file.
fn edited(gpu: &Gpu, folder: &Path, kept: &Path) -> (Harness<'static, App>, PathBuf) {
    let unsaved = kept.join("unsaved.accrete").join("project.json");
    let mut harness = opened(gpu, folder);
    harness.state_mut().keep_unsaved_in(kept, Duration::ZERO);
    harness.run_steps(5);
    click(&mut harness, "All");
    harness.run_steps(5);
    assert!(!unsaved.exists(), "a selection alone is no loss");
    click(&mut harness, "Hide");
    wait(&mut harness, "a copy", |_| unsaved.exists());
    (harness, unsaved)
}

#[test]
fn edits_outlive_a_sudden_end() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let (mut harness, unsaved) = edited(gpu, folder.path(), &kept);
    assert!(
        harness.state().state().is_unsaved(),
        "the user saved nothing"
    );
    assert_eq!(harness.state().state().project_folder, None);
    click(&mut harness, "Undo");
    wait(&mut harness, "no copy", |_| !unsaved.exists());
    click(&mut harness, "Redo");
    wait(&mut harness, "a copy", |_| unsaved.exists());
    drop(harness);

    let mut harness = started(gpu, &kept);
    assert!(!unsaved.exists());
    harness.get_by_label("Open them").click();
    wait(&mut harness, "the edits", |app| {
        app.state().editor.document.is_some()
    });
    assert_eq!(marked(&harness, HIDDEN), [200, 200]);
    let state = harness.state().state();
    assert!(state.is_unsaved() && state.project_folder.is_none());
    assert!(state.settings.recents.is_empty());
    wait(&mut harness, "a copy", |_| unsaved.exists());
    drop(harness);

    // Twice in a row, and then an end as it should be.
    let mut harness = started(gpu, &kept);
    harness.get_by_label("Open them").click();
    wait(&mut harness, "the edits", |app| {
        app.state().editor.document.is_some()
    });
    harness.state_mut().on_exit();
    assert!(std::fs::read_dir(&kept).unwrap().next().is_none());
    drop(harness);
    assert!(started(gpu, &kept).query_by_label("Open them").is_none());
}

#[test]
fn what_is_not_wanted_is_forgotten() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    drop(edited(gpu, folder.path(), &kept));
    let mut harness = started(gpu, &kept);
    click(&mut harness, "Forget them");
    assert!(harness.query_by_label("Open them").is_none());
    assert!(std::fs::read_dir(&kept).unwrap().next().is_none());
}
