//! The method Instant in the window: its panels by themselves, and a reconstruction from the photos
//! to the exported splats.

/// Holding it, keeping what the network knows, going on from that.
mod keeping;

use std::path::Path;

use app::action::{Action, NetworkFile};
use app::app::App;
use app::optimise::{Method, Run, Weights, When};
use app::state::AppState;
use app::window::Start;
use eframe::egui::{self, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use recon::Command;
use recon::io::weights::Number;
use recon::io::{SplatFile, SplatFormat};
use recon::metrics::{EvalReport, Protocol, Scores, ViewScores};
use recon::model::{DeviceChoice, Mode, ViewChoice, save_random};
use recon::worker::{
    ChunkEvaluation, ChunkReport, Moment, ReconstructReport, SeenChunk, Sequel, Snapshot,
};
use render::GpuSplats;
use render::gpu::Gpu;
use tests::gpu::gpu;

use super::application::{open, wait};
use super::optimise::{change_plan, click, one_splat, show};
use super::photos::{write_photos, write_poses};
use super::{Shown, full_state};
use crate::reconstructing::tiny_network;

/// The plan of a reconstruction, with weights that are not there.
pub(super) fn planned_state(gpu: &Gpu) -> AppState {
    let mut state = full_state(gpu);
    state.plan.method = Method::InstantThenOptimise;
    state.plan.instant.stream(true);
    state.settings.network.weights = Some("/weights/dl3dv_ar.pt".into());
    state.weights = Weights::Missing;
    state
}

fn snapshot(gpu: &Gpu, index: usize, views: &[usize]) -> Snapshot {
    let splats = one_splat();
    let on_gpu = GpuSplats::upload(gpu, &splats).unwrap();
    let file = SplatFile::new(splats, SplatFormat::Ply);
    let name = "desk".to_owned();
    let mut snapshot = Snapshot::new(index as u64, on_gpu, file, name, None);
    snapshot.moment = Some(Moment {
        chunk: Some(SeenChunk {
            index,
            of: Some(3),
            views_seen: views.into(),
        }),
        ..Moment::default()
    });
    snapshot
}

fn evaluation(index: usize, views_seen: usize, psnr: f64) -> ChunkEvaluation {
    let view = ViewScores {
        name: "0.jpg".to_owned(),
        scores: Scores {
            psnr,
            ssim: 0.5,
            lpips: None,
        },
    };
    ChunkEvaluation {
        index,
        views_seen,
        report: EvalReport::new(vec![view], Protocol::default()),
    }
}

/// Two of three chunks are through.
pub(super) fn reconstructing_state(gpu: &Gpu) -> AppState {
    let mut state = planned_state(gpu);
    state.scene = None;
    let project = state.project.as_ref().unwrap();
    let dataset = project.dataset().unwrap().clone();
    let job = state.plan.reconstruction(&dataset, &state.settings);
    state.run = Some(Run::instant(&job));
    state.set_moment(snapshot(gpu, 0, &[1]));
    let run = state.run.as_mut().unwrap();
    run.measure_chunk(evaluation(0, 1, 12.0));
    state.set_moment(snapshot(gpu, 1, &[1, 2]));
    let run = state.run.as_mut().unwrap();
    run.measure_chunk(evaluation(1, 2, 15.5));
    state
}

#[test]
fn the_method_and_all_its_settings_make_the_job() {
    let Some(gpu) = gpu() else { return };
    let mut state = full_state(gpu);
    state.plan.config.max_side = Some(320);
    let mut harness = show(gpu, "optimise", state);
    change_plan(&mut harness, "Instant (tttLRM)");
    // The weights that come with it need no set-up; what they are for is said in a line, and where
    // there are others.
    assert!(matches!(click(&mut harness, "Start")[..], [Action::Start]));
    harness.get_by_label_contains("object-small is for 2 to 16 photos around one object");
    harness.get_by_label("Where weights come from").click();
    harness.run();
    harness.get_by_label_contains("under the Adobe Research License: for non-commercial");
    harness.get_by_label_contains("Accrete downloads none");
    harness.get_by_label("https://huggingface.co/chenwang/tttLRM");
    harness.get_by_label("Where weights come from").click();
    harness.run();
    let actions = click(&mut harness, "Choose…");
    assert!(
        matches!(actions[..], [Action::AskForNetwork(NetworkFile::Weights)]),
        "{actions:?}"
    );
    {
        let (state, _) = harness.state_mut();
        state.settings.network.weights = Some("/weights/a.pt".into());
        state.find_weights();
    }
    harness.run();
    harness.get_by_label_contains("There is no such file");
    assert!(harness.query_by_label_contains("Adobe").is_none(), "folded");

    harness.get_by_label_contains("learns from all photos in one go");
    change_plan(&mut harness, "A few at a time");
    harness.get_by_label_contains("goes on from there");
    for (mode, sentence) in [
        (Mode::Merge, "Splats of each few photos are added"),
        (Mode::Replay, "begins again with all so far"),
    ] {
        harness.get_by_label("Streaming").click();
        harness.run();
        change_plan(&mut harness, mode.label());
        harness.get_by_label_contains(sentence);
        assert_eq!(harness.state().0.plan.instant.config.mode, mode);
    }
    harness.get_by_label("Which photos").click();
    harness.run();
    change_plan(&mut harness, "Evenly in their order");
    change_plan(
        &mut harness,
        "Photos that are added to the folder meanwhile join",
    );
    click(&mut harness, "Settings");
    change_plan(&mut harness, "Selective update");
    harness.get_by_label("The network runs on").click();
    harness.run();
    let actions = click(&mut harness, "The processor");
    let [Action::Change(settings)] = &actions[..] else {
        panic!("{actions:?}");
    };
    harness.state_mut().0.settings = (**settings).clone();
    change_plan(&mut harness, "Instant + optimise");
    harness.get_by_label("Steps afterwards");
    assert!(matches!(click(&mut harness, "Start")[..], [Action::Start]));

    let (state, _) = harness.state_mut();
    let dataset = state.project.as_ref().unwrap().dataset().unwrap();
    let job = state.plan.reconstruction(dataset, &state.settings);
    let config = &job.config;
    assert_eq!(
        (config.mode, &config.choice),
        (Mode::Replay, &ViewChoice::Even)
    );
    assert_eq!((config.views, config.chunk), (32, 4));
    assert!(config.selective.is_some() && job.watch.is_some());
    assert_eq!(job.weights, Path::new("/weights/a.pt"));
    assert_eq!(job.devices, DeviceChoice::Cpu.into());
    assert_eq!(job.max_side, Some(320));
    assert_eq!((job.then.unwrap().steps, job.enough), (300, None));
    // Instant alone goes on where held-out photos fall short, unless that is not wanted.
    state.plan.method = Method::Instant;
    let job = state.plan.reconstruction(dataset, &state.settings);
    assert!(job.then.is_some() && job.enough.is_some());
    state.plan.instant.enough = None;
    let job = state.plan.reconstruction(dataset, &state.settings);
    assert!(job.then.is_none());
}

#[test]
fn another_machine_is_told_by_its_line() {
    let Some(gpu) = gpu() else { return };
    let mut harness = show(gpu, "optimise", planned_state(gpu));
    let label = "What accrete serve printed there";
    let take = |harness: &mut Harness<'static, Shown>, actions: &[Action]| {
        let [Action::Change(settings)] = actions else {
            panic!("{actions:?}");
        };
        harness.state_mut().0.settings = (**settings).clone();
        harness.run();
        settings.network.device.clone()
    };
    click(&mut harness, "Settings");
    harness.get_by_label("The network runs on").click();
    harness.run();
    let actions = click(&mut harness, "Another machine");
    let device = take(&mut harness, &actions);
    assert_eq!(device, DeviceChoice::Remote(None));
    for (typed, is_address) in [
        ("remote:ws@10.0.0.1:4433", false),
        ("remote:ws@127.0.0.1:4433", true),
    ] {
        harness.state_mut().0.settings.network.type_remote("");
        harness.run();
        let role = egui::accesskit::Role::TextInput;
        harness.get_by_role_and_label(role, label).focus();
        harness.run();
        harness.get_by_role_and_label(role, label).type_text(typed);
        harness.run();
        let actions = std::mem::take(&mut harness.state_mut().1);
        let device = take(&mut harness, &actions);
        assert_eq!(device != DeviceChoice::Remote(None), is_address);
        let problem = harness.query_by_label_contains("goes no further than");
        assert_eq!(problem.is_none(), is_address);
    }
    let text = harness.state().0.settings.network.device.to_string();
    assert_eq!(text, "remote:ws@127.0.0.1:4433");
}

#[test]
fn every_letter_of_a_path_counts() {
    let Some(gpu) = gpu() else { return };
    let mut state = planned_state(gpu);
    state.settings.network.weights = Some("/weights".into());
    let mut harness = show(gpu, "optimise", state);
    let field = |harness: &Harness<'static, Shown>| {
        let role = egui::accesskit::Role::TextInput;
        harness.get_by_role(role).rect().right_center()
    };
    // Behind the last letter.
    let end = field(&harness) - Vec2::new(20.0, 0.0);
    harness.hover_at(end);
    harness.drag_at(end);
    harness.drop_at(end);
    harness.run();
    let role = egui::accesskit::Role::TextInput;
    harness.get_by_role(role).type_text("/");
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().1);
    let [Action::Change(settings)] = &actions[..] else {
        panic!("{actions:?}");
    };
    let path = settings.network.weights.as_ref().unwrap();
    assert_eq!(path.to_str(), Some("/weights/"));
}

#[test]
fn chunks_are_told_and_can_be_gone_back_to() {
    let Some(gpu) = gpu() else { return };
    let state = reconstructing_state(gpu);
    let harness = show(gpu, "progress", state.clone());
    harness.get_by_label("Reconstructing");
    harness.get_by_label("2 of 3");
    harness.get_by_label("2 photos");
    harness.get_by_label_contains("Held out: 15.50 dB, SSIM 0.500, no LPIPS weights (chunk 2)");
    harness.get_by_label("PSNR over photos seen, dB");

    let mut harness = show(gpu, "timeline", state.clone());
    harness.get_by_label("Made of 1.jpg, 2.jpg");
    let actions = click(&mut harness, "Chunk 1: 1 view, 12.00 dB");
    assert!(
        matches!(actions[..], [Action::ShowMoment(Some(When::Chunk(0)))]),
        "{actions:?}"
    );
    let run = harness.state_mut().0.run.as_mut().unwrap();
    assert!(run.timeline.show(Some(When::Chunk(0))));
    assert_eq!(run.views_seen(), Some(&[1][..]));
    harness.run();
    harness.get_by_label("Made of 1.jpg");

    let mut harness = show(gpu, "optimise", state);
    assert!(harness.query_by_label("Start").is_none());
    let pressed = |harness: &mut Harness<'static, Shown>, name| click(harness, name);
    assert!(matches!(
        pressed(&mut harness, "Pause")[..],
        [Action::FlipPause]
    ));
    assert!(matches!(
        pressed(&mut harness, "Keep the scene now")[..],
        [Action::Send(Command::SaveCheckpoint)]
    ));
    assert!(matches!(
        pressed(&mut harness, "Cancel")[..],
        [Action::Stop]
    ));
    harness.state_mut().0.run.as_mut().unwrap().held(true);
    harness.run();
    assert!(matches!(
        pressed(&mut harness, "Resume")[..],
        [Action::FlipPause]
    ));
    // What replay knows it makes anew with each chunk.
    let run = harness.state_mut().0.run.as_mut().unwrap();
    run.instant.as_mut().unwrap().config.mode = Mode::Replay;
    harness.run();
    assert!(harness.query_by_label("Keep the scene now").is_none());
}

/// How it ended is said, and no bar of nothing is drawn.
#[test]
fn a_reconstruction_that_is_over_says_how() {
    let Some(gpu) = gpu() else { return };
    let mut state = reconstructing_state(gpu);
    let report = |cancelled| ReconstructReport {
        cancelled,
        ..ReconstructReport::default()
    };
    for (cancelled, text) in [(false, "Reconstructed"), (true, "Stopped early")] {
        let mut state = state.clone();
        let run = state.run.as_mut().unwrap();
        run.reconstructed(report(cancelled));
        let harness = show(gpu, "progress", state);
        harness.get_by_label(text);
        let bar = egui::accesskit::Role::ProgressIndicator;
        assert!(harness.query_by_role(bar).is_none());
    }
    // It failed before its first chunk.
    let job = {
        let dataset = state.project.as_ref().unwrap().dataset().unwrap();
        state.plan.reconstruction(dataset, &state.settings)
    };
    let mut run = Run::instant(&job);
    run.end();
    state.run = Some(run);
    show(gpu, "progress", state.clone()).get_by_label("Nothing was made");
    state.run = Some(Run::instant(&job));
    state.set_moment(snapshot(gpu, 0, &[1]));
    show(gpu, "progress", state).get_by_label("1 photo");
}

#[test]
fn an_optimisation_takes_over() {
    let Some(gpu) = gpu() else { return };
    let mut state = reconstructing_state(gpu);
    let run = state.run.as_mut().unwrap();
    assert!(run.is_reconstructing() && run.is_unsaved());
    let half = run.place(When::Chunk(1));
    let report = ReconstructReport {
        chunks: vec![ChunkReport::default(); 3],
        sequel: Sequel::FromSplats,
        ..ReconstructReport::default()
    };
    run.reconstructed(report.clone());
    assert!(run.is_active() && !run.is_reconstructing());
    assert!(half < run.place(When::Step(1)) && run.place(When::Step(10)) <= 1.0);
    run.see(When::Step(1));
    assert_eq!(run.views_seen(), None, "these are no longer the network's");

    // Told to end, it is over.
    let mut state = reconstructing_state(gpu);
    let run = state.run.as_mut().unwrap();
    run.reconstructed(ReconstructReport {
        cancelled: true,
        sequel: Sequel::None,
        ..report
    });
    assert!(!run.is_active() && run.is_unsaved());
    run.save(When::Chunk(1));
    assert!(!run.is_unsaved());
}

/// Posed photos and random weights in a window that is large enough for all panels.
fn open_desk(gpu: &Gpu, folder: &Path) -> Harness<'static, App> {
    let photos = folder.join("photos");
    std::fs::create_dir(&photos).unwrap();
    write_photos(&photos, 6);
    write_poses(&photos, 6);
    let weights = folder.join("tiny.safetensors");
    save_random(&weights, &tiny_network(), 3, Number::F32).unwrap();
    let mut harness = open(gpu, Start::Open(photos));
    harness.set_size(Vec2::new(1100.0, 1300.0));
    wait(&mut harness, "the cameras", |app| {
        app.state().scene.is_some()
    });
    let state = harness.state_mut().state_mut();
    state.settings.network.weights = Some(weights);
    state.settings.network.device = DeviceChoice::Cpu;
    state.find_weights();
    state.plan.method = Method::Instant;
    state.plan.instant.enough = None;
    state.plan.instant.stream(true);
    state.plan.instant.config.choice = ViewChoice::All;
    state.plan.instant.config.chunk = 2;
    harness
}

fn run(app: &App) -> Option<&Run> {
    app.state().run.as_ref()
}

#[test]
fn photos_become_splats_chunk_by_chunk() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_desk(gpu, folder.path());
    harness.run_steps(2);
    harness.get_by_label("Start").click();
    wait(&mut harness, "the last chunk", |app| {
        run(app).is_some_and(|it| !it.is_active())
    });
    let app = harness.state();
    assert!(app.state().error.is_none(), "{:?}", app.state().error);
    let kept = run(app).unwrap().timeline.kept();
    // One of six is held out.
    let seen: Vec<usize> = kept
        .iter()
        .map(|it| it.moment.chunk.as_ref().unwrap().views_seen.len())
        .collect();
    assert_eq!(seen, [2, 4, 5]);
    assert!(kept.iter().all(|it| it.moment.psnr.is_some()));
    let instant = run(app).unwrap().instant.as_ref().unwrap();
    assert_eq!(instant.psnr.points().len(), 3);
    assert!(app.state().file().is_some() && app.state().is_unsaved());

    harness.run_steps(2);
    let first = run(harness.state()).unwrap().timeline.kept()[0].label();
    harness.get_by_label(&first).click();
    wait(&mut harness, "the first chunk", |app| {
        let scene = app.state().scene.as_ref();
        scene.is_some_and(|it| it.past.is_some())
    });
    assert_eq!(run(harness.state()).unwrap().views_seen().unwrap().len(), 2);
    let shown = harness.state().state().file().unwrap();
    let path = folder.path().join("chunk 1.ply");
    let state = harness.state_mut().state_mut();
    state.export.path = path.to_string_lossy().into_owned();
    state.panes.export = true;
    harness.run_steps(2);
    harness.get_all_by_label("Save").next().unwrap().click();
    wait(&mut harness, "the file", |app| {
        app.state().export.saved.is_some()
    });
    let recon::io::Opened::Splats(read) = recon::io::open(&path).unwrap() else {
        panic!("no splats");
    };
    assert_eq!(read.splats.len(), shown.splats.len());
    assert!(harness.state().state().is_unsaved(), "the newest are not");
}

#[test]
fn instant_splats_are_optimised() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_desk(gpu, folder.path());
    let plan = &mut harness.state_mut().state_mut().plan;
    plan.method = Method::InstantThenOptimise;
    plan.instant.stream(false);
    plan.instant.steps = 3;
    harness.run_steps(2);
    harness.get_by_label("Start").click();
    wait(&mut harness, "the last step", |app| {
        run(app).is_some_and(|it| !it.is_active())
    });
    let app = harness.state();
    assert!(app.state().error.is_none(), "{:?}", app.state().error);
    let run = run(app).unwrap();
    assert_eq!(run.newest, Some(When::Step(3)));
    assert_eq!(run.timeline.kept()[0].when, When::Chunk(0));
    assert!(run.report.is_some());
}

#[test]
fn weights_that_are_gone_are_named() {
    let Some(gpu) = gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open_desk(gpu, folder.path());
    std::fs::remove_file(folder.path().join("tiny.safetensors")).unwrap();
    harness.run_steps(2);
    harness.get_by_label("Start").click();
    harness.run_steps(3);
    let state = harness.state().state();
    let error = state.error.as_deref().unwrap();
    assert!(error.contains("tiny.safetensors"), "{error}");
    assert!(state.run.is_none() && state.weights == Weights::Missing);
}
