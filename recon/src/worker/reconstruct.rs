//! The job that lets the network make splats: chunk by chunk, each shown and measured, and then
//! optimised where that was asked for.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use render::gpu::{Gpu, GpuError};
use render::{GpuSplats, Rasterizer, RenderConfig, Splats};

use crate::dataset::Dataset;
use crate::io::{SplatFile, SplatFormat, checkpoint, open_lpips};
use crate::metrics::{Lpips, LpipsNet};
use crate::model::{
    Chunk, DeviceChoice, Network, ReconstructUpdate, ViewChoice, device_name, load_networks,
    wait_for,
};
use crate::optim::{
    EvalConfig, EvalStep, HeldOut, OptimError, default_budget, evaluate, most_opaque,
};

use super::actor::{Actor, Outcome};
use super::messages::{Event, Snapshot, WorkerError};
use super::optimise::optimise;
use super::optimise_messages::{Moment, OptimiseJob, Start};
use super::pace::Pace;
use super::ranks::reconstruct_on;
use super::reconstruct_messages::{
    ChunkEvaluation, ChunkReport, ReconstructJob, ReconstructReport, SeenChunk,
};
use super::share::share;
use super::watch::Watcher;

/// Reconstructs until all views are seen or it is told to end; keeps what there is.
pub(super) fn run(actor: &mut Actor, job: &ReconstructJob) -> Result<Outcome, WorkerError> {
    let gpu = actor.gpu.clone().ok_or(WorkerError::NoGpu)?;
    let lpips = job.lpips.as_deref().map(open_lpips).transpose()?;
    let lpips = lpips.and_then(|it| it.get(LpipsNet::Vgg).or(it.metrics.first()).cloned());
    if actor.step("Reading the network's weights", 0, 1).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let begun = Instant::now();
    let networks = load(actor, &gpu, job)?;
    let run = Run {
        dataset: job.dataset.clone(),
        held_out: HeldOut::new(job.dataset.clone(), job.max_side),
        watcher: job
            .watch
            .as_ref()
            .map(|it| Watcher::new(job.dataset.clone(), it)),
        report: ReconstructReport {
            device: names(job, &networks),
            ..ReconstructReport::default()
        },
        evaluator: Rasterizer::new(&gpu)?,
        pace: Pace::new(&gpu),
        piece: begun,
        measuring: Duration::ZERO,
        newest: None,
        failed: None,
        actor,
        gpu,
        job,
        lpips,
    };
    let Some(kept) = run.all(networks, begun)? else {
        return Ok(Outcome::Cancelled);
    };
    match kept.next {
        Some(next) => optimise(actor, &next),
        None => Ok(Outcome::Finished),
    }
}

/// The network on each of its devices, with its share of the memory there.
fn load(actor: &Actor, gpu: &Gpu, job: &ReconstructJob) -> Result<Vec<Network>, WorkerError> {
    let (mut networks, ignored) = load_networks(
        &job.weights,
        job.model.as_deref(),
        &job.devices.open(Some(gpu))?,
        job.config.numerics,
    )?;
    if 0 < ignored.tensors {
        actor.tell(Event::Warned(format!(
            "{}: {} tensors that the network does not know are ignored",
            job.weights.display(),
            ignored.tensors
        )));
    }
    let views = match &job.config.choice {
        ViewChoice::KMeans | ViewChoice::Even => job.config.views,
        ViewChoice::All => job.dataset.report.train,
        ViewChoice::Listed(list) => list.len(),
    };
    let choices = job.devices.each().iter().enumerate();
    for (network, (rank, choice)) in networks.iter_mut().zip(choices) {
        let budget = share(choice, gpu, &network.config, views);
        network.budget = job.devices.share_of(rank, budget);
    }
    Ok(networks)
}

/// What the network runs on, in words.
fn names(job: &ReconstructJob, networks: &[Network]) -> String {
    let choices = job.devices.each().iter().zip(networks);
    let name = |(choice, network): (&DeviceChoice, &Network)| match choice {
        DeviceChoice::Remote(_) => choice.to_string(),
        _ => device_name(&network.device),
    };
    let names: Vec<String> = choices.map(name).collect();
    names.join(", ")
}

/// What is left of a run when its network is gone.
struct Kept {
    next: Option<OptimiseJob>,
}

/// A reconstruction in progress.
struct Run<'a> {
    actor: &'a mut Actor,
    job: &'a ReconstructJob,
    gpu: Gpu,
    /// As it is now, with all that came while the folder was watched.
    dataset: Arc<Dataset>,
    held_out: HeldOut,
    /// Apart from the window's: its images are of other sizes.
    evaluator: Rasterizer,
    lpips: Option<Lpips>,
    watcher: Option<Watcher>,
    pace: Pace,
    /// When the piece of work began that the network is at.
    piece: Instant,
    /// Time spent on held-out photos.
    measuring: Duration,
    report: ReconstructReport,
    newest: Option<Arc<SplatFile>>,
    failed: Option<WorkerError>,
}

impl Run<'_> {
    /// All chunks; `None` where it ended before the first.
    fn all(self, networks: Vec<Network>, begun: Instant) -> Result<Option<Kept>, WorkerError> {
        let job = self.job;
        let chunk = job.config.chunk.max(1);
        let run = RefCell::new(self);
        let mut more = || run.borrow_mut().more(chunk);
        let mut hear = |update| run.borrow_mut().hear(update, &networks);
        let ranks = (&networks[..], job.devices.are_cards());
        let ended = reconstruct_on(&job.dataset, &job.config, ranks, &mut more, &mut hear);
        // Its memory is for what comes now.
        let devices: Vec<_> = networks.iter().map(|it| it.device.clone()).collect();
        drop(networks);
        for device in devices {
            device.memory_cleanup();
        }
        let mut run = run.into_inner();
        run.report.secs = begun.elapsed().saturating_sub(run.measuring).as_secs_f32();
        let failed = run.failed.take();
        let failed = failed.or_else(|| match ended {
            Ok(_) => None,
            Err(err) => Some(err.into()),
        });
        run.finish(failed)
    }

    /// Photos that have come meanwhile.
    fn more(&mut self, chunk: usize) -> Option<Arc<Dataset>> {
        let watcher = self.watcher.as_mut()?;
        let ControlFlow::Continue(grown) = watcher.wait(self.actor, chunk) else {
            self.report.cancelled = true;
            return None;
        };
        let grown = grown?;
        self.dataset = grown.clone();
        self.held_out = HeldOut::new(grown.clone(), self.job.max_side);
        self.piece = Instant::now();
        self.actor.tell(Event::DatasetGrew(grown.clone()));
        Some(grown)
    }

    fn hear(&mut self, update: ReconstructUpdate, networks: &[Network]) -> ControlFlow<()> {
        let flow = match update {
            ReconstructUpdate::Preparing { what, done, total } => {
                let step = self.actor.step(&what, done, total);
                let waited = self.pace.keep_with(self.piece, || {
                    networks.iter().try_for_each(|it| wait_for(&it.device))
                });
                self.piece = Instant::now();
                waited.map(|()| step).map_err(Into::into)
            }
            ReconstructUpdate::Warned(text) => {
                self.actor.tell(Event::Warned(text));
                Ok(ControlFlow::Continue(()))
            }
            ReconstructUpdate::Chunk(chunk) => self.take(chunk),
        };
        match flow {
            Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
            Ok(ControlFlow::Break(())) => {
                self.report.cancelled = true;
                ControlFlow::Break(())
            }
            Err(err) => {
                self.failed = Some(err);
                ControlFlow::Break(())
            }
        }
    }

    /// Shows what a chunk came to, and measures it.
    fn take(&mut self, chunk: Chunk) -> Result<ControlFlow<()>, WorkerError> {
        let views_seen = chunk.views_seen.len();
        let splats = self.upload(&chunk.splats)?;
        let file = SplatFile::new(chunk.splats, SplatFormat::Ply);
        let name = self.dataset.name.clone();
        let id = self.actor.snapshot_id();
        let mut snapshot = Snapshot::new(id, splats.clone(), file, name, None);
        snapshot.moment = Some(Moment {
            chunk: Some(SeenChunk {
                index: chunk.index,
                of: chunk.of,
                views_seen: chunk.views_seen.into(),
            }),
            ..Moment::default()
        });
        self.report.splats = snapshot.file.splats.len();
        self.report.chunks.push(ChunkReport {
            index: chunk.index,
            views_seen,
            splats: self.report.splats,
            secs: chunk.secs,
            ..ChunkReport::default()
        });
        self.newest = Some(snapshot.file.clone());
        self.actor.tell(Event::SplatsUpdated(snapshot));
        let begun = Instant::now();
        let flow = self.measure(&splats, chunk.index, views_seen);
        self.measuring += begun.elapsed();
        self.piece = Instant::now();
        flow
    }

    /// As many of the splats as the device has room for.
    fn upload(&self, splats: &Splats) -> Result<GpuSplats, WorkerError> {
        /// Fewer are not worth showing.
        const FEW: usize = 1 << 16;
        let most = self.gpu.capabilities().max_splats(splats.sh_degree);
        let mut room = splats
            .len()
            .min(usize::try_from(most).unwrap_or(usize::MAX));
        loop {
            let part = (room < splats.len()).then(|| most_opaque(splats, room));
            match GpuSplats::upload(&self.gpu, part.as_ref().unwrap_or(splats)) {
                Err(GpuError::OutOfMemory { .. } | GpuError::TooLarge { .. }) if FEW < room => {
                    room /= 2;
                }
                other => {
                    if part.is_some() {
                        self.actor.tell(Event::Warned(format!(
                            "the device has no room for all {} splats: the {room} most opaque \
                             ones are shown and measured, all are kept",
                            splats.len()
                        )));
                    }
                    return Ok(other?);
                }
            }
        }
    }

    fn measure(
        &mut self,
        splats: &GpuSplats,
        index: usize,
        views_seen: usize,
    ) -> Result<ControlFlow<()>, WorkerError> {
        let total = self.held_out.views().len() as u64;
        if total == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let config = EvalConfig {
            render: RenderConfig {
                background: self.job.config.background,
                ..RenderConfig::default()
            },
            lpips: self.lpips.as_ref(),
            ..EvalConfig::default()
        };
        let mut done = 0;
        let actor = &mut *self.actor;
        let mut visit = |step: EvalStep<'_>| {
            done += 1;
            if let EvalStep::LeftOut { name, why } = step {
                let text = format!("{name} is left out of the measurement: {why}");
                actor.tell(Event::Warned(text));
            }
            actor.step("Measuring on held-out photos", done, total)
        };
        let evaluator = &mut self.evaluator;
        let measured = evaluate(
            &self.gpu,
            evaluator,
            splats,
            &self.held_out,
            &config,
            &mut visit,
        );
        let report = match measured {
            Err(OptimError::Gpu(
                err @ (GpuError::OutOfMemory { .. } | GpuError::TooLarge { .. }),
            )) => {
                let text = format!("{err}. The splats of this chunk are not measured");
                self.actor.tell(Event::Warned(text));
                return Ok(ControlFlow::Continue(()));
            }
            other => other?,
        };
        let Some(report) = report else {
            return Ok(ControlFlow::Break(()));
        };
        if let (Some(mean), Some(chunk)) = (report.mean, self.report.chunks.last_mut()) {
            chunk.psnr = Some(mean.psnr);
            chunk.ssim = Some(mean.ssim);
            chunk.lpips = mean.lpips;
        }
        self.report.evaluation = Some(report.clone());
        self.actor.tell(Event::ChunkEvaluated(ChunkEvaluation {
            index,
            views_seen,
            report,
        }));
        Ok(ControlFlow::Continue(()))
    }

    /// Tells what it came to. What went wrong after the first chunk takes nothing away.
    fn finish(mut self, failed: Option<WorkerError>) -> Result<Option<Kept>, WorkerError> {
        let Some(newest) = self.newest.take() else {
            return failed.map_or(Ok(None), Err);
        };
        if let Some(err) = failed {
            self.report.cancelled = true;
            let seen = self.report.chunks.last().map_or(0, |it| it.views_seen);
            self.actor.tell(Event::Warned(format!(
                "{err}. What was made of the first {seen} views is kept"
            )));
        }
        let next = self.job.then.clone().filter(|_| !self.report.cancelled);
        self.actor.tell(Event::Reconstructed(self.report));
        Ok(Some(Kept {
            next: next.map(|mut config| {
                // All of the harmonics are there already.
                config.sh_degree = newest.splats.sh_degree;
                config.sh_every = 0;
                let capabilities = self.gpu.capabilities();
                let budget = config.splat_budget;
                let budget = budget.unwrap_or_else(|| default_budget(capabilities, &config));
                let start = if newest.splats.len() <= budget {
                    newest
                } else {
                    let fewer = most_opaque(&newest.splats, budget);
                    Arc::new(SplatFile::new(fewer, SplatFormat::Ply))
                };
                OptimiseJob {
                    checkpoint: checkpoint::instant_place(&self.dataset.folder),
                    dataset: self.dataset,
                    start: Start::Splats(start),
                    config,
                    lpips: self.job.lpips.clone(),
                }
            }),
        }))
    }
}
