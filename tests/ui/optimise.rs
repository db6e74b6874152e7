//! The window of an optimisation: its panels by themselves, with states made by hand.

use std::sync::Arc;

use app::action::{Action, Pane};
use app::compare::Compare;
use app::leaving::{Answer, Destination, Leaving, Stage};
use app::optimise::{Phase, Run, StartChoice, When};
use app::panels;
use app::state::AppState;
use eframe::egui::{self, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use glam::Vec3;
use recon::io::{ExportAxes, SplatFile, SplatFormat};
use recon::metrics::{EvalReport, Protocol, Scores, ViewScores};
use recon::optim::Preset;
use recon::worker::{
    Adjustment, Command, Evaluation, LiveSplats, Moment, Progress, Snapshot, Start, TrainProgress,
};
use render::gpu::Gpu;
use render::{CompareMode, GpuSplats, Splats};
use tests::gpu::gpu;

use super::{Shown, full_state, project, renderer};

/// A splat.
pub(super) fn one_splat() -> Splats {
    Splats {
        means: vec![Vec3::ZERO],
        quats: vec![[1.0, 0.0, 0.0, 0.0]],
        log_scales: vec![Vec3::splat(-3.5)],
        opacity_logits: vec![3.0],
        sh_coeffs: vec![[1.0; 3]],
        sh_degree: 0,
    }
}

fn snapshot(gpu: &Gpu, step: u32) -> Snapshot {
    let splats = one_splat();
    let on_gpu = GpuSplats::upload(gpu, &splats).unwrap();
    let file = SplatFile::new(splats, SplatFormat::Ply);
    let name = "desk".to_owned();
    let mut snapshot = Snapshot::new(u64::from(step), on_gpu, file, name, None);
    snapshot.moment = Some(Moment {
        step,
        ..Moment::default()
    });
    snapshot
}

fn live(gpu: &Gpu, step: u32) -> LiveSplats {
    LiveSplats {
        splats: GpuSplats::upload(gpu, &one_splat()).unwrap(),
        step,
        antialiased: false,
        lineage: None,
    }
}

fn progress(step: u32, paused: bool) -> TrainProgress {
    TrainProgress {
        step,
        steps: 2000,
        steps_per_sec: 6.5,
        elapsed_secs: 92.0,
        left_secs: 215.0,
        loss: 0.1 + 10.0 / (step as f32 + 20.0),
        train_psnr: 10.0 + 3.0 * (step as f32 / 50.0 + 1.0).ln(),
        splats: 14_000 + 10 * step as usize,
        frozen: 0,
        splat_budget: 500_000,
        sh_degree: 2,
        image_side: 256,
        gpu_bytes: 230_000_000,
        paused,
    }
}

fn evaluation(step: u32, psnr: f64) -> Evaluation {
    let scores = Scores {
        psnr,
        ssim: 0.71,
        lpips: None,
    };
    let view = ViewScores {
        name: "0.jpg".to_owned(),
        scores,
    };
    Evaluation {
        step,
        report: EvalReport::new(vec![view], Protocol::default()),
    }
}

/// Photos that are being optimised, in the middle of it, one of them looked through.
pub(super) fn running_state(gpu: &Gpu) -> AppState {
    let mut state = full_state(gpu);
    state.scene = None;
    let config = state.plan.config.clone();
    state.run = Some(Run::new(config));
    for step in [200, 400, 800] {
        state.set_moment(snapshot(gpu, step));
    }
    let run = state.run.as_mut().unwrap();
    for step in (0..1000).step_by(10) {
        run.note(progress(step, false));
    }
    for (step, psnr) in [(200, 15.0), (400, 17.5), (800, 19.25)] {
        run.measure(evaluation(step, psnr));
    }
    state.set_live(live(gpu, 990));
    state.project.as_mut().unwrap().selected = Some(0);
    state.compare = Some(Compare::new(0, CompareMode::Difference));
    state.leaving = Some(Leaving::new(Destination::Quit));
    state
}

pub(super) fn show(gpu: &Gpu, name: &str, state: AppState) -> Harness<'static, Shown> {
    let panel = panels::ALL.into_iter().find(|(it, _)| *it == name);
    let panel = panel.unwrap().1;
    let mut harness = Harness::builder()
        .with_size(Vec2::new(640.0, 780.0))
        .with_step_dt(1.0 / 60.0) // Two clicks follow each other.
        .renderer(renderer(gpu))
        .with_context_setup(app::apply_theme)
        .build_ui_state(
            move |ui, (state, actions): &mut Shown| {
                egui::Frame::central_panel(ui.style()).show(ui, |ui| panel(ui, state, actions));
            },
            (state, Vec::new()),
        );
    harness.run();
    harness
}

pub(super) fn click(harness: &mut Harness<'static, Shown>, label: &str) -> Vec<Action> {
    harness.get_by_label(label).click();
    harness.run();
    std::mem::take(&mut harness.state_mut().1)
}

/// Clicks, and takes over the plan that comes of it.
pub(super) fn change_plan(harness: &mut Harness<'static, Shown>, label: &str) {
    let actions = click(harness, label);
    let [Action::EditPlan(plan)] = &actions[..] else {
        panic!("{label}: {actions:?}");
    };
    harness.state_mut().0.plan = (**plan).clone();
    harness.run();
}

#[test]
fn start_carries_the_chosen_settings() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "optimise", full_state(gpu));
    harness.get_by_label_contains("7\u{2009}000 steps");
    harness.get_by_label_contains("up to 1\u{2009}500\u{2009}000 splats");
    change_plan(&mut harness, "Fast");
    click(&mut harness, "Settings");
    change_plan(&mut harness, "Full-size photos");
    click(&mut harness, "Advanced");
    change_plan(&mut harness, "Antialiased");
    change_plan(&mut harness, "Exposure of each photo");
    let actions = click(&mut harness, "Start");
    assert!(matches!(actions[..], [Action::Start]), "{actions:?}");

    let (state, _) = harness.state_mut();
    let dataset = state.project.as_ref().unwrap().dataset().unwrap().clone();
    let job = state.plan.job(&dataset, state.file(), None);
    let fast = recon::optim::preset(Preset::Fast);
    assert_eq!(
        (job.config.preset, job.config.steps),
        (Preset::Fast, fast.steps)
    );
    assert!(job.config.max_side.is_none() != fast.max_side.is_none());
    assert!(job.config.antialiased != fast.antialiased);
    assert!(job.config.exposure != fast.exposure);
    assert!(Arc::ptr_eq(&job.dataset, &dataset));
    assert!(matches!(job.start, Start::Points));

    change_plan(&mut harness, "Back to the preset");
    assert!(!harness.state().0.plan.is_changed());
}

#[test]
fn one_can_begin_with_what_is_shown_or_kept() {
    let Some(gpu) = gpu() else { return };
    let mut state = full_state(gpu);
    state.plan.checkpoint = Some("/captures/desk/.accrete/checkpoint".into());
    let mut harness = show(gpu, "optimise", state);
    for (label, choice) in [
        ("The splats shown", StartChoice::ShownSplats),
        ("The last checkpoint", StartChoice::Checkpoint),
    ] {
        harness.get_by_label("Begin with").click();
        harness.run();
        change_plan(&mut harness, label);
        assert_eq!(harness.state().0.plan.start, choice);
    }
    let state = &harness.state().0;
    let dataset = state.project.as_ref().unwrap().dataset().unwrap();
    let job = state.plan.job(dataset, state.file(), None);
    assert!(matches!(job.start, Start::Checkpoint(it) if it.ends_with("checkpoint")));
}

#[test]
fn while_another_job_runs_nothing_is_started() {
    let Some(gpu) = gpu() else { return };
    let mut state = full_state(gpu);
    state.job = Some(Progress {
        what: "Reading".to_owned(),
        done: 0,
        total: 1,
    });
    let mut harness = show(gpu, "optimise", state);
    assert!(click(&mut harness, "Start").is_empty());
}

#[test]
fn a_run_can_be_held_changed_and_ended() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "optimise", running_state(gpu));
    assert!(harness.query_by_label("Start").is_none());
    assert!(matches!(
        click(&mut harness, "Pause")[..],
        [Action::FlipPause]
    ));
    let run = |harness: &mut Harness<'static, Shown>, phase| {
        harness.state_mut().0.run.as_mut().unwrap().phase = phase;
        harness.run();
    };
    run(&mut harness, Phase::Paused);
    assert!(matches!(
        click(&mut harness, "Resume")[..],
        [Action::FlipPause]
    ));
    for (label, is_it) in [
        (
            "Evaluate now",
            (|it| matches!(it, Command::Evaluate)) as fn(&Command) -> bool,
        ),
        ("Snapshot now", |it| matches!(it, Command::TakeSnapshot)),
        ("Checkpoint now", |it| matches!(it, Command::SaveCheckpoint)),
    ] {
        let actions = click(&mut harness, label);
        assert!(
            matches!(&actions[..], [Action::Send(it)] if is_it(it)),
            "{actions:?}"
        );
    }
    assert!(matches!(click(&mut harness, "Stop")[..], [Action::Stop]));
    run(&mut harness, Phase::Stopping);
    assert!(click(&mut harness, "Stop").is_empty(), "once is enough");

    run(&mut harness, Phase::Running);
    click(&mut harness, "Change while it runs");
    let steps = harness.get_by_label("Steps").rect().center();
    harness.drag_at(steps);
    harness.step();
    harness.hover_at(steps + Vec2::new(40.0, 0.0));
    harness.run();
    harness.drop_at(steps + Vec2::new(40.0, 0.0));
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().1);
    let before = harness.state().0.run.as_ref().unwrap().changes.steps;
    assert!(
        matches!(actions.first(), Some(Action::Adjust(Adjustment::Steps(it))) if *it > before),
        "{actions:?}"
    );
}

#[test]
fn progress_says_how_far_it_is() {
    let Some(gpu) = gpu() else { return };
    let harness = show(gpu, "progress", running_state(gpu));
    harness.get_by_label("Optimising");
    harness.get_by_label("6.50 steps/s");
    harness.get_by_label("1:32 min, 3:35 min left");
    harness.get_by_label_contains("500\u{2009}000");
    harness.get_by_label_contains("Held out: 19.25 dB, SSIM 0.710, no LPIPS weights (step 800)");
}

#[test]
fn going_back_in_time() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "timeline", running_state(gpu));
    harness.get_by_label("Live");
    let actions = click(&mut harness, "Step 400: 17.50 dB");
    assert!(
        matches!(actions[..], [Action::ShowMoment(Some(When::Step(400)))]),
        "{actions:?}"
    );
    let (state, _) = harness.state_mut();
    assert!(
        state
            .run
            .as_mut()
            .unwrap()
            .timeline
            .show(Some(When::Step(400)))
    );
    harness.run();
    let actions = click(&mut harness, "Live");
    assert!(matches!(actions[..], [Action::ShowMoment(None)]));
    let actions = click(&mut harness, "Export…");
    assert!(matches!(actions[..], [Action::Show(Pane::Export, true)]));
    // Anywhere on the line: the nearest.
    let late = harness.get_by_label("Step 800: 19.25 dB").rect().center();
    harness.drag_at(late + Vec2::new(60.0, 0.0));
    harness.run();
    harness.drop_at(late + Vec2::new(60.0, 0.0));
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().1);
    assert!(
        matches!(
            actions.first(),
            Some(Action::ShowMoment(Some(When::Step(800))))
        ),
        "{actions:?}"
    );
}

#[test]
fn a_photo_is_chosen() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "film_strip", running_state(gpu));
    let actions = click(&mut harness, "Photo 1.jpg");
    assert!(
        matches!(actions[..], [Action::SelectView(1)]),
        "{actions:?}"
    );
    let shown = harness.state().0.film.shown.get();
    assert_eq!(shown, (0, 4), "small copies of these are wanted");
}

#[test]
fn a_double_click_looks_through_the_camera_of_a_photo() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "film_strip", running_state(gpu));
    let photo = harness.get_by_label("Photo 1.jpg").rect().center();
    for _ in 0..2 {
        harness.hover_at(photo);
        harness.drag_at(photo);
        harness.drop_at(photo);
        harness.step();
    }
    let actions = std::mem::take(&mut harness.state_mut().1);
    assert!(
        matches!(actions[..], [Action::SelectView(1), Action::LookThrough(1)]),
        "{actions:?}"
    );
}

#[test]
fn a_photo_is_compared_in_every_way() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "compare", running_state(gpu));
    harness.get_by_label("0.jpg");
    harness.get_by_label("held out");
    harness.get_by_label("19.25 dB");
    harness.get_by_label_contains("pale yellow");
    for mode in CompareMode::ALL {
        let actions = click(&mut harness, mode.label());
        assert!(
            matches!(actions[..], [Action::CompareAs(it)] if it == mode),
            "{actions:?}"
        );
    }
    assert!(matches!(
        click(&mut harness, "Next")[..],
        [Action::Scrub(1)]
    ));
    assert!(matches!(
        click(&mut harness, "Next worst")[..],
        [Action::NextWorst]
    ));
    assert!(matches!(
        click(&mut harness, "Back to the scene")[..],
        [Action::LeaveCompare]
    ));
}

#[test]
fn an_export_can_be_cropped_turned_and_simplified() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "export", full_state(gpu));
    click(&mut harness, "Crop, axes, harmonics");
    let edit = |harness: &mut Harness<'static, Shown>, labels: &[&str]| {
        for label in labels {
            harness.get_by_label(label).click();
            harness.run();
        }
        let actions = std::mem::take(&mut harness.state_mut().1);
        let [Action::EditExportOptions(options)] = actions[..] else {
            panic!("{labels:?}: {actions:?}");
        };
        harness.state_mut().0.export.options = options;
        harness.run();
        options
    };
    let crop = edit(&mut harness, &["Crop to a box"]).crop;
    assert_eq!(crop, Some([Vec3::ZERO, Vec3::new(1.0, 2.0, 3.0)]));
    harness.get_by_label("From");
    assert_eq!(edit(&mut harness, &["Axes", "Z up"]).axes, ExportAxes::ZUp);
    let options = edit(&mut harness, &["Harmonics", "1"]);
    assert_eq!(options.max_sh_degree, Some(1));
    assert_eq!(edit(&mut harness, &["Crop to a box"]).crop, None);
}

#[test]
fn work_is_not_left_without_a_question() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "leaving", running_state(gpu));
    harness.get_by_label("The optimisation is still running");
    harness.get_by_label_contains("splats of step 990");
    for (label, answer) in [
        ("Save…", Answer::Save),
        ("Discard", Answer::Discard),
        ("Cancel", Answer::Cancel),
    ] {
        let actions = click(&mut harness, label);
        assert!(
            matches!(actions[..], [Action::Leave(it)] if it == answer),
            "{actions:?}"
        );
    }
    let (state, _) = harness.state_mut();
    state.leaving.as_mut().unwrap().stage = Stage::Ending;
    harness.run();
    assert!(harness.query_by_label("Discard").is_none());
    harness.get_by_label_contains("The optimisation ends");
}

#[test]
fn the_newest_splats_are_drawn_and_saving_takes_a_whole_snapshot() {
    let Some(gpu) = gpu() else { return };
    let mut state = full_state(gpu);
    state.project = Some(project::posed());
    let points = state.scene.as_ref().unwrap().snapshot.clone();
    state.set_points(points);
    let framed = state.scene.as_ref().unwrap().main_part;
    assert!(state.file().is_none(), "points are not saved");

    state.set_live(live(gpu, 5));
    assert!(state.scene.as_ref().unwrap().live.is_none(), "nothing runs");
    state.run = Some(Run::default());
    state.set_live(live(gpu, 5));
    let scene = state.scene.as_ref().unwrap();
    assert!(!scene.draws_points() && scene.drawn().1.len() == 1);
    assert_eq!(scene.main_part, framed, "the camera stays");
    assert!(state.file().is_none());

    state.set_moment(snapshot(gpu, 4));
    let scene = state.scene.as_ref().unwrap();
    assert!(scene.live.is_some(), "newer than the snapshot");
    assert_eq!(scene.main_part, framed);
    assert!(state.file().is_some());
    assert_eq!(state.export.path, "/captures/desk.ply");
    state.set_moment(snapshot(gpu, 6));
    let scene = state.scene.as_ref().unwrap();
    assert!(scene.live.is_none() && scene.snapshot.id == 6);
    assert!(state.is_unsaved());

    let kept = state
        .run
        .as_ref()
        .unwrap()
        .timeline
        .at(When::Step(4))
        .unwrap();
    let past = kept.upload(gpu).unwrap();
    state.scene.as_mut().unwrap().past = Some(past);
    state.set_live(live(gpu, 7));
    let scene = state.scene.as_ref().unwrap();
    assert_eq!(scene.at_hand().moment.as_ref().unwrap().step, 4);
    assert_eq!(scene.drawn().1.len(), 1);
}
