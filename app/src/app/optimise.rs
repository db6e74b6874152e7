//! What the app hears of an optimisation or a reconstruction, and what it does for one: start, hold,
//! end, go back.

use std::sync::mpsc::{Receiver, Sender, channel};

use eframe::egui;
use recon::worker::{Adjustment, Command, Event, Snapshot};
use render::gpu::Gpu;

use super::App;
use crate::editor::Again;
use crate::optimise::{Kept, Method, Phase, Run, StartChoice, Weights, When};
use crate::state::Gravity;

impl App {
    /// One event of an optimisation.
    pub(super) fn hear_optimisation(&mut self, event: Event) {
        match event {
            Event::SplatsGrew(live) => {
                let newest = self.state.run.as_ref().and_then(|it| it.newest);
                if !matches!(newest, Some(When::Step(_))) {
                    self.state.settings.render.antialiased = live.antialiased;
                }
                self.state.set_live(live);
            }
            Event::Trained(progress) => {
                // Whatever went before the steps.
                self.state.job = None;
                if let Some(run) = &mut self.state.run {
                    run.note(progress);
                }
            }
            Event::Evaluated(evaluation) => {
                if let Some(mean) = &evaluation.report.mean {
                    let text = format!(
                        "Step {}: {:.2} dB, SSIM {:.3} on {}",
                        evaluation.step, mean.psnr, mean.ssim, evaluation.report.protocol
                    );
                    self.state.say(Gravity::Note, text);
                }
                if let Some(run) = &mut self.state.run {
                    run.measure(evaluation);
                }
            }
            Event::CheckpointSaved { path, step } => {
                let text = format!("Checkpoint of step {step}: {}", path.display());
                self.state.say(Gravity::Note, text);
                self.state.plan.checkpoint = Some(path.clone());
                if let Some(run) = &mut self.state.run {
                    run.checkpoint = Some((path, step));
                }
            }
            Event::Optimised(report) => {
                let text = format!(
                    "Optimised {} steps at {:.1} a second: {} splats",
                    report.steps, report.steps_per_sec, report.splats
                );
                self.state.say(Gravity::Note, text);
                if let Some(run) = &mut self.state.run {
                    run.report = Some(report);
                    run.end();
                }
            }
            _ => {}
        }
    }

    /// A snapshot of an optimisation or a reconstruction: the camera stays where it is.
    pub(super) fn hear_moment(&mut self, snapshot: Snapshot) {
        self.state.set_moment(snapshot);
        self.rebase_edits();
    }

    /// One event of a reconstruction.
    pub(super) fn hear_reconstruction(&mut self, ctx: &egui::Context, event: Event) {
        match event {
            Event::ChunkEvaluated(evaluation) => {
                if let Some(mean) = &evaluation.report.mean {
                    let text = format!(
                        "Chunk {}, {} views seen: {:.2} dB, SSIM {:.3} on {}",
                        evaluation.index + 1,
                        evaluation.views_seen,
                        mean.psnr,
                        mean.ssim,
                        evaluation.report.protocol
                    );
                    self.state.say(Gravity::Note, text);
                }
                if let Some(run) = &mut self.state.run {
                    run.measure_chunk(evaluation);
                }
            }
            Event::DatasetGrew(dataset) => {
                let text = format!("{} photos are there now", dataset.views.len());
                self.state.say(Gravity::Note, text);
                if let Some(project) = &mut self.state.project {
                    project.grow(dataset);
                }
                self.state.film.asked.clear();
                self.change_pictures(ctx);
            }
            Event::Paused | Event::Resumed => {
                if let Some(run) = &mut self.state.run {
                    run.held(matches!(event, Event::Paused));
                }
            }
            Event::SceneKept { path, views, bytes } => {
                let size = crate::panels::bytes(bytes);
                let path_shown = path.display();
                let text = format!("Kept the scene of {views} photos: {path_shown} ({size})");
                self.state.say(Gravity::Note, text);
                self.state.plan.memory = Some(path);
            }
            Event::Reconstructed(report) => {
                let views = report.chunks.last().map_or(0, |it| it.views_seen);
                let text = format!(
                    "Reconstructed {} splats of {views} views in {:.1} s on {}",
                    report.splats, report.secs, report.device
                );
                self.state.say(Gravity::Note, text);
                if let Some(news) = report.sequel.news() {
                    self.state.say(Gravity::Note, news);
                }
                self.state.job = None;
                if let Some(run) = &mut self.state.run {
                    run.reconstructed(report);
                }
            }
            _ => {}
        }
    }

    /// Begins what is planned for the photos that are open.
    pub(super) fn start(&mut self, ctx: &egui::Context) {
        let state = &mut self.state;
        let dataset = state.project.as_ref().and_then(|it| it.dataset()).cloned();
        let (Some(dataset), false) = (dataset, state.is_busy()) else {
            return;
        };
        let has_edits = state.editor.now().is_some() && state.can_edit();
        if state.plan.method == Method::Optimise
            && state.plan.start == StartChoice::ShownSplats
            && has_edits
        {
            // Where the photos' cameras know them, wherever edits have moved them.
            state.editor.tools.again = Again::All;
            return self.optimise_again();
        }
        if state.plan.method == Method::Optimise {
            let lpips = state.settings.lpips.clone();
            let job = state.plan.job(&dataset, state.file(), lpips);
            self.send(ctx, Command::Optimise(Box::new(job)));
            return;
        }
        state.find_weights();
        let job = state.plan.reconstruction(&dataset, &state.settings);
        if state.weights == Weights::Missing {
            let path = job.weights.display();
            state.fail(format!(
                "{path}: there is no such file. Choose the network's weights anew"
            ));
        } else {
            self.send(ctx, Command::Reconstruct(Box::new(job)));
        }
    }

    /// The worker was asked for an optimisation or a reconstruction.
    pub(super) fn begin_run(&mut self, run: Run) {
        self.state.run = Some(run);
        if let Some(document) = &mut self.state.editor.document {
            document.again = None;
        }
        if let Some(scene) = &mut self.state.scene {
            scene.live = None;
            scene.past = None;
        }
    }

    /// What was done while a run is held is done. The run was told to end meanwhile: that command
    /// has ended the other work.
    pub(super) fn done_meanwhile(&mut self) {
        self.state.job = None;
        let run = self.state.run.as_ref();
        if run.is_some_and(|it| it.phase == Phase::Stopping) {
            self.worker.send(Command::Cancel);
        }
    }

    /// Ends the optimisation; it keeps what there is.
    pub(super) fn stop(&mut self) {
        if let Some(run) = self.state.run.as_mut().filter(|it| it.is_active()) {
            run.phase = Phase::Stopping;
            self.worker.send(Command::Cancel);
        }
    }

    /// Changes a setting of the running optimisation.
    pub(super) fn adjust(&mut self, adjustment: Adjustment) {
        if let Some(run) = &mut self.state.run {
            run.adjust(adjustment);
            self.worker.send(Command::Adjust(adjustment));
        }
    }

    /// Holds the optimisation or reconstruction, or lets it go on.
    pub(super) fn flip_pause(&mut self) {
        let Some(run) = &mut self.state.run else {
            return;
        };
        if run.phase == Phase::Paused {
            run.phase = Phase::Running;
            self.worker.send(Command::Resume);
        } else if run.can_pause() {
            run.phase = Phase::Paused;
            self.worker.send(Command::Pause);
        }
    }

    /// Goes back to a snapshot, or to the present.
    pub(super) fn show_moment(&mut self, ctx: &egui::Context, when: Option<When>) {
        let Some(run) = &mut self.state.run else {
            return;
        };
        if !run.timeline.show(when) {
            return;
        }
        let kept = when.and_then(|it| run.timeline.at(it)).cloned();
        match (kept, &mut self.state.scene) {
            (Some(kept), _) => self.uploads.begin(ctx, &self.gpu, kept),
            (None, Some(scene)) => scene.past = None,
            (None, None) => {}
        }
        let format = self.state.export.format;
        self.state.choose_export_format(format);
    }

    /// Shows what is back on the GPU, if it is still wanted.
    pub(super) fn hear_uploads(&mut self) {
        for uploaded in self.uploads.finished() {
            match uploaded {
                Ok(snapshot) => {
                    let when = snapshot.moment.as_ref().map(When::of);
                    let run = self.state.run.as_ref();
                    let is_wanted = run.is_some_and(|it| it.timeline.shown() == when);
                    if let (true, Some(scene)) = (is_wanted, &mut self.state.scene) {
                        scene.past = Some(snapshot);
                        let format = self.state.export.format;
                        self.state.choose_export_format(format);
                    }
                }
                Err(err) => {
                    if let Some(run) = &mut self.state.run {
                        run.timeline.show(None);
                    }
                    self.state.fail(err);
                }
            }
        }
    }
}

/// Snapshots on their way back to the GPU, each on a thread of its own.
#[derive(Debug)]
pub(super) struct Uploads {
    outbox: Sender<Result<Snapshot, String>>,
    inbox: Receiver<Result<Snapshot, String>>,
}

impl Default for Uploads {
    fn default() -> Self {
        let (outbox, inbox) = channel();
        Self { outbox, inbox }
    }
}

impl Uploads {
    fn begin(&self, ctx: &egui::Context, gpu: &Gpu, kept: Kept) {
        let (outbox, ctx, gpu) = (self.outbox.clone(), ctx.clone(), gpu.clone());
        let thread = std::thread::Builder::new().name("upload".to_owned());
        let started = thread.spawn(move || {
            let snapshot = kept.upload(&gpu).map_err(|it| it.to_string());
            outbox.send(snapshot).ok(); // The window may have closed meanwhile.
            ctx.request_repaint();
        });
        if let Err(err) = started {
            let text = format!("the snapshot could not be shown: {err}");
            self.outbox.send(Err(text)).ok();
        }
    }

    fn finished(&self) -> Vec<Result<Snapshot, String>> {
        self.inbox.try_iter().collect()
    }
}
