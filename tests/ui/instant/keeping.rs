//! A reconstruction that is held, and one whose scene is kept and gone on with.

use app::app::App;
use app::optimise::Phase;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use recon::model::{Mode, ViewChoice};
use tests::gpu::gpu;

use super::super::Shown;
use super::super::application::wait;
use super::super::optimise::{change_plan, show};
use super::{open_desk, planned_state, run};

#[test]
fn a_scene_is_kept_and_gone_on_with_as_planned() {
    let Some(gpu) = gpu() else { return };
    let mut state = planned_state(gpu);
    state.plan.memory = None;
    let mut harness = show(gpu, "optimise", state);
    let go_on = "Go on where the scene was left";
    assert!(harness.query_by_label(go_on).is_none(), "there is none");
    change_plan(&mut harness, "Keep the scene's memory in the end");
    let job = |harness: &Harness<'static, Shown>| {
        let state = &harness.state().0;
        let dataset = state.project.as_ref().unwrap().dataset().unwrap();
        state.plan.reconstruction(dataset, &state.settings)
    };
    let (keep, continues) = {
        let job = job(&harness);
        (job.keep.unwrap(), job.continues)
    };
    assert!(keep.ends_with(".accrete/scene.memory"), "{keep:?}");
    assert_eq!(continues, None);

    harness.state_mut().0.plan.memory = Some(keep.clone());
    harness.run();
    assert_eq!(job(&harness).continues, None, "nobody asked for it");
    harness.get_by_label("Photos for the network");
    change_plan(&mut harness, go_on);
    harness.get_by_label("More photos for the network");
    assert_eq!(job(&harness).continues, Some(keep));
    // The other modes have no memory.
    harness.get_by_label("Streaming").click();
    harness.run();
    change_plan(&mut harness, Mode::Replay.label());
    assert!(harness.query_by_label(go_on).is_none());
    let job = job(&harness);
    assert_eq!((job.keep, job.continues), (None, None));
}

/// Held while it waits for photos, let go on, ended, kept; then gone on with.
#[test]
fn a_reconstruction_is_held_and_gone_on_with_another_day() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_desk(gpu, folder.path());
    let plan = &mut harness.state_mut().state_mut().plan;
    plan.instant.config.choice = ViewChoice::Listed(vec![1, 2]);
    plan.instant.keeps = true;
    (plan.instant.watches, plan.instant.patience_secs) = (true, 3600);
    harness.run_steps(2);
    harness.get_by_label("Start").click();
    wait(&mut harness, "the first two photos", |app| {
        run(app).is_some_and(|it| it.timeline.kept().len() == 1)
    });
    harness.run_steps(2);
    harness.get_by_label("Pause").click();
    harness.run_steps(2);
    assert_eq!(run(harness.state()).unwrap().phase, Phase::Paused);
    harness.get_by_label("Paused");
    harness.get_by_label("Resume").click();
    harness.run_steps(2);
    let is_held = |app: &App| run(app).is_some_and(|it| it.phase == Phase::Paused);
    wait(&mut harness, "the end of the pause", |app| !is_held(app));
    harness.get_by_label("Cancel").click();
    harness.run_steps(2);
    let is_over = |app: &App| run(app).is_some_and(|it| !it.is_active());
    wait(&mut harness, "its end", is_over);
    let memory = folder.path().join("photos/.accrete/scene.memory");
    assert!(memory.is_file());
    let state = harness.state_mut().state_mut();
    assert!(state.error.is_none(), "{:?}", state.error);
    assert_eq!(state.plan.memory, Some(memory));

    state.plan.instant.config.choice = ViewChoice::All;
    state.plan.instant.continues = true;
    state.plan.instant.watches = false;
    harness.run_steps(2);
    harness.get_by_label("Start").click();
    // The question comes a frame after the click.
    harness.run_steps(4);
    // What the first made was not exported.
    harness.get_by_label("Discard").click();
    harness.run_steps(2);
    wait(&mut harness, "the others", is_over);
    let app = harness.state();
    assert!(app.state().error.is_none(), "{:?}", app.state().error);
    let seen: Vec<usize> = run(app)
        .unwrap()
        .timeline
        .kept()
        .iter()
        .map(|it| it.moment.chunk.as_ref().unwrap().views_seen.len())
        .collect();
    assert_eq!(seen, [4, 5]);
}
