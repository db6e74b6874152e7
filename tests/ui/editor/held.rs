//! A scene in the making is edited while it is held; the edits outlive what becomes of it.

use app::optimise::Phase;
use app::window::Start;
use eframe::egui::{Modifiers, Vec2};
use recon::edit::DELETED;
use recon::optim::{Densify, OptimiseConfig, Preset, preset};
use tests::gpu::gpu;

use super::super::application::{open, wait, wait_for_frame_of};
use super::super::photos::{write_photos, write_poses};
use super::{click, drag, place};

/// Small photos, and splats that soon become more.
fn quick() -> OptimiseConfig {
    let fast = preset(Preset::Fast);
    OptimiseConfig {
        steps: 60_000,
        max_side: Some(48),
        evaluate_every: 0,
        densify: Densify {
            from: 4,
            every: 4,
            ..fast.densify
        },
        ..fast
    }
}

#[test]
fn edits_of_a_held_run_are_kept_when_it_goes_on() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_photos(folder.path(), 9);
    write_poses(folder.path(), 9);
    let mut harness = open(gpu, Start::Open(folder.path().to_owned()));
    harness.set_size(Vec2::new(1300.0, 1000.0));
    wait(&mut harness, "the photos", |app| {
        let project = app.state().project.as_ref();
        project.is_some_and(|it| it.dataset().is_some())
    });
    harness.state_mut().state_mut().plan.config = quick();
    harness.run_steps(2);
    click(&mut harness, "Start");
    wait(&mut harness, "some steps", |app| {
        let run = app.state().run.as_ref();
        run.is_some_and(|it| it.progress.as_ref().is_some_and(|it| 2 < it.step))
    });
    assert!(!harness.state().state().can_edit());
    click(&mut harness, "Pause");
    wait(&mut harness, "what is held", |app| app.state().can_edit());
    click(&mut harness, "Edit");
    wait_for_frame_of(&mut harness, 1);
    click(&mut harness, "Rectangle");
    click(&mut harness, "Visible only");
    let way = [[0.05, 0.05], [0.95, 0.95]].map(|it| place(&harness, it));
    drag(&mut harness, &way, Modifiers::NONE);
    let editor = &harness.state().state().editor;
    let chosen = editor.selected();
    assert!(0 < chosen, "something is seen");
    click(&mut harness, "Delete");
    let held = harness.state().state().editor.document.clone().unwrap();
    assert_eq!(held.history.now().count(DELETED), chosen);

    // What it grows to after that.
    let step = {
        let run = harness.state().state().run.as_ref().unwrap();
        run.progress.as_ref().unwrap().step
    };
    click(&mut harness, "Resume");
    wait(&mut harness, "more steps", |app| {
        let run = app.state().run.as_ref().unwrap();
        let has_live = app.state().scene.as_ref().unwrap().live.is_some();
        has_live && run.progress.as_ref().is_some_and(|it| step + 9 < it.step)
    });
    let scene = harness.state().state().scene.as_ref().unwrap();
    let live = &scene.live.as_ref().unwrap().1;
    let lineage = live.lineage.as_ref().unwrap();
    let held_now = held.history.now();
    let gone = |i: usize| held_now.marks[lineage.origins[i] as usize] & DELETED != 0;
    let splats = live.splats.download(gpu).unwrap();
    assert!(
        (0..splats.len()).any(gone),
        "they are optimised all the same"
    );
    for i in (0..splats.len()).filter(|i| gone(*i)) {
        assert!(splats.opacity(i) < 1e-9, "and not seen");
    }
    let state = harness.state().state();
    assert_eq!(state.run.as_ref().unwrap().phase, Phase::Running);
    click(&mut harness, "Stop");
    wait(&mut harness, "the end", |app| {
        !app.state().run.as_ref().unwrap().is_active() && app.state().can_edit()
    });
    let state = harness.state().state();
    assert_eq!(state.error, None);
    let told = state.messages.iter();
    let lost: Vec<_> = told.filter(|it| it.text.contains("do not hold")).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let document = state.editor.document.as_ref().unwrap();
    let scene = state.scene.as_ref().unwrap();
    assert_ne!(document.snapshot, held.snapshot);
    assert_eq!(document.snapshot, scene.snapshot.id);
    assert_eq!(document.history.ops().len(), held.history.ops().len());
    let now = document.history.now();
    assert_eq!(now.splats.len(), scene.snapshot.file.splats.len());
    let deleted = now.count(DELETED);
    assert!(0 < deleted && deleted < now.splats.len(), "{deleted}");
}
