//! The job that lets the network make splats: chunk by chunk, each shown and measured, and then
//! optimised where that was asked for.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use render::gpu::{Gpu, GpuError};
use render::{GpuSplats, Rasterizer, RenderConfig, Splats};

use crate::dataset::Dataset;
use crate::io::{SplatFile, SplatFormat, checkpoint, open_lpips};
use crate::metrics::{Lpips, LpipsNet};
use crate::model::{
    Chunk, DeviceChoice, KeptScene, Mode, ModelError, Network, ReconstructUpdate, ViewChoice,
    device_name, load_networks, wait_for,
};
use crate::optim::{
    EvalConfig, EvalStep, HeldOut, OptimError, Part, default_budget, evaluate, most_opaque,
};

use super::actor::{Actor, Outcome};
use super::messages::{Event, Snapshot, WorkerError};
use super::optimise::optimise;
use super::optimise_messages::{Moment, OptimiseJob, Start};
use super::orders::Orders;
use super::pace::Pace;
use super::ranks::reconstruct_on;
use super::reconstruct_messages::{
    ChunkEvaluation, ChunkReport, ReconstructJob, ReconstructReport, SeenChunk, Sequel,
};
use super::share::share;
use super::watch::{Waiting, Watcher};

/// Opacity logit (of 2 %) of splats that are not worth a step.
const FAINT: f32 = -3.9;

/// Splats that show held-out photos with fewer dB than this are worse than points to begin with.
const HOPELESS: f64 = 14.0;

/// Reconstructs until all views are seen or it is told to end; keeps what there is.
pub(super) fn run(actor: &mut Actor, job: &ReconstructJob) -> Result<Outcome, WorkerError> {
    let gpu = actor.gpu.clone().ok_or(WorkerError::NoGpu)?;
    if (job.keep.is_some() || job.continues.is_some()) && job.config.mode != Mode::Causal {
        return Err(ModelError::Config(format!(
            "what the network knows of a scene is kept and gone on with in causal mode, and the \
             mode is {:?}",
            job.config.mode
        ))
        .into());
    }
    let lpips = job.lpips.as_deref().map(open_lpips).transpose()?;
    let lpips = lpips.and_then(|it| it.get(LpipsNet::Vgg).or(it.metrics.first()).cloned());
    if actor.step("Reading the network's weights", 0, 1).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let begun = Instant::now();
    let mut networks = load(actor, &gpu, job)?;
    let scene = job.continues.as_deref();
    let scene = scene.map(|it| recall(&networks[0], it, &job.dataset));
    let scene = scene.transpose()?;
    let recalled = scene.as_ref().map_or(0, |it| it.seen.len());
    let views = recalled + new_views(job, recalled);
    for (rank, choice) in job.devices.each().iter().enumerate() {
        let budget = share(choice, &gpu, &networks[rank].config, views);
        networks[rank].budget = job.devices.share_of(rank, budget);
    }
    let run = Run {
        dataset: job.dataset.clone(),
        held_out: HeldOut::new(job.dataset.clone(), job.max_side),
        watcher: job
            .watch
            .as_ref()
            .map(|it| Watcher::new(job.dataset.clone(), it)),
        report: ReconstructReport {
            device: names(job, &networks),
            recalled,
            ..ReconstructReport::default()
        },
        evaluator: Rasterizer::new(&gpu)?,
        pace: Pace::new(&gpu),
        piece: begun,
        aside: Duration::ZERO,
        aside_in_chunk: Duration::ZERO,
        newest: None,
        orders: Orders::new(
            (job.keep.clone()).or_else(|| checkpoint::memory_place(&job.dataset.folder)),
        ),
        failed: None,
        actor,
        gpu,
        job,
        lpips,
    };
    let Some(kept) = run.all(networks, scene, begun)? else {
        return Ok(Outcome::Cancelled);
    };
    match kept.next {
        Some(next) => {
            kept.orders.hand_over(actor);
            optimise(actor, &next)
        }
        None => Ok(Outcome::Finished),
    }
}

/// A scene that was kept, once it is sure that it is this network's and this dataset's.
fn recall(network: &Network, path: &Path, dataset: &Dataset) -> Result<KeptScene, ModelError> {
    let scene = KeptScene::open(network, path)?;
    match scene.find_in(dataset) {
        Ok(_) => Ok(scene),
        Err(err) => Err(ModelError::Scene(format!("{}: {err}", path.display()))),
    }
}

/// The network on each of its devices, as the settings want it.
fn load(actor: &Actor, gpu: &Gpu, job: &ReconstructJob) -> Result<Vec<Network>, WorkerError> {
    let (networks, ignored) = load_networks(
        &job.weights,
        job.model.as_deref(),
        &job.devices.open(Some(gpu))?,
        &job.config,
    )?;
    if 0 < ignored.tensors {
        actor.tell(Event::Warned(format!(
            "{}: {} tensors that the network does not know are ignored",
            job.weights.display(),
            ignored.tensors
        )));
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

/// About how many views the network will see beside those it has seen.
fn new_views(job: &ReconstructJob, recalled: usize) -> usize {
    let all = job.dataset.report.train;
    match &job.config.choice {
        ViewChoice::KMeans | ViewChoice::Even => job.config.views.min(all),
        ViewChoice::All => all.saturating_sub(recalled),
        ViewChoice::Listed(list) => list.len(),
    }
}

/// What is left of a run when its network is gone.
struct Kept {
    next: Option<OptimiseJob>,
    orders: Orders,
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
    /// Time spent on other things: held-out photos, orders.
    aside: Duration,
    /// The part of it that the chunk at hand has cost.
    aside_in_chunk: Duration,
    report: ReconstructReport,
    newest: Option<Arc<SplatFile>>,
    orders: Orders,
    failed: Option<WorkerError>,
}

impl Run<'_> {
    /// All chunks; `None` where it ended before the first.
    fn all(
        self,
        networks: Vec<Network>,
        scene: Option<KeptScene>,
        begun: Instant,
    ) -> Result<Option<Kept>, WorkerError> {
        let job = self.job;
        let run = RefCell::new(self);
        let mut more = || run.borrow_mut().more(&networks[0]);
        let mut hear = |update| run.borrow_mut().hear(update, &networks);
        let ended = reconstruct_on(
            scene,
            &job.dataset,
            &job.config,
            (&networks, job.devices.are_cards()),
            &mut more,
            &mut hear,
        );
        let mut run = run.into_inner();
        if let Some(path) = &job.keep {
            run.orders.keep_in(path, run.actor, &networks[0]);
        }
        // Its memory is for what comes now.
        run.orders.scene = None;
        let devices: Vec<_> = networks.iter().map(|it| it.device.clone()).collect();
        drop(networks);
        for device in devices {
            device.memory_cleanup();
        }
        let aside = run.aside + run.orders.take_spent();
        run.report.secs = begun.elapsed().saturating_sub(aside).as_secs_f32();
        let failed = run.failed.take();
        let failed = failed.or_else(|| match ended {
            Ok(_) => None,
            Err(err) => Some(err.into()),
        });
        run.finish(failed)
    }

    /// Photos that have come meanwhile.
    fn more(&mut self, network: &Network) -> Option<Arc<Dataset>> {
        let mut watcher = self.watcher.take()?;
        let begun = Instant::now();
        let chunk = self.job.config.chunk.max(1);
        let (actor, orders) = (&mut *self.actor, &mut self.orders);
        let waited = watcher.wait(chunk, &mut |waiting| match waiting {
            Waiting::Quiet(waited, patience) => {
                orders.attend(actor, network, ("Waiting for photos", waited, patience))
            }
            Waiting::Warned(text) => {
                actor.tell(Event::Warned(text));
                ControlFlow::Continue(())
            }
        });
        self.watcher = Some(watcher);
        self.orders.take_spent(); // is part of this
        self.aside += begun.elapsed();
        let ControlFlow::Continue(grown) = waited else {
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
                let waited = self.pace.keep_with(self.piece, || {
                    networks.iter().try_for_each(|it| wait_for(&it.device))
                });
                let step = (what.as_str(), done, total);
                let flow = self.orders.attend(self.actor, &networks[0], step);
                if self.orders.were_followed() {
                    let spent = self.orders.take_spent();
                    self.aside += spent;
                    self.aside_in_chunk += spent;
                    self.pace.rest();
                }
                self.piece = Instant::now();
                waited.map(|()| flow).map_err(Into::into)
            }
            ReconstructUpdate::Warned(text) => {
                self.actor.tell(Event::Warned(text));
                Ok(ControlFlow::Continue(()))
            }
            ReconstructUpdate::Chunk(chunk) => self.take(chunk, &networks[0]),
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
    fn take(&mut self, chunk: Chunk, network: &Network) -> Result<ControlFlow<()>, WorkerError> {
        let views_seen = chunk.views_seen.len();
        let aside = std::mem::take(&mut self.aside_in_chunk);
        self.orders.scene = chunk.kept;
        let splats = self.upload(&chunk.splats, network)?;
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
            secs: (chunk.secs - aside.as_secs_f32()).max(0.0),
            ..ChunkReport::default()
        });
        self.newest = Some(snapshot.file.clone());
        self.actor.tell(Event::SplatsUpdated(snapshot));
        let begun = Instant::now();
        let flow = self.measure(&splats, chunk.index, views_seen, network);
        self.orders.take_spent(); // is part of this
        self.aside += begun.elapsed();
        self.piece = Instant::now();
        flow
    }

    /// As many of the splats as the device has room for.
    fn upload(&self, splats: &Splats, network: &Network) -> Result<GpuSplats, WorkerError> {
        /// Fewer are not worth showing.
        const FEW: usize = 1 << 16;
        let most = self.gpu.capabilities().max_splats(splats.sh_degree);
        let mut room = splats
            .len()
            .min(usize::try_from(most).unwrap_or(usize::MAX));
        let mut is_tidy = false;
        loop {
            let part = (room < splats.len()).then(|| most_opaque(splats, room));
            match GpuSplats::upload(&self.gpu, part.as_ref().unwrap_or(splats)) {
                // What the network no longer uses it holds on to, for its next chunk.
                Err(GpuError::OutOfMemory { .. }) if !std::mem::replace(&mut is_tidy, true) => {
                    network.device.memory_cleanup();
                    wait_for(&network.device)?;
                }
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
        network: &Network,
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
        let (actor, orders) = (&mut *self.actor, &mut self.orders);
        let mut visit = |step: EvalStep<'_>| {
            done += 1;
            if let EvalStep::LeftOut { name, why } = step {
                let text = format!("{name} is left out of the measurement: {why}");
                actor.tell(Event::Warned(text));
            }
            orders.attend(
                actor,
                network,
                ("Measuring on held-out photos", done, total),
            )
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

    /// What is to follow where an optimisation `is_wanted`, as held-out photos say.
    fn sequel(&self, is_wanted: bool) -> Sequel {
        let measured = self.report.evaluation.as_ref();
        let psnr = measured.and_then(|it| it.mean).map(|it| it.psnr);
        let enough = self.job.enough.unwrap_or(f64::INFINITY);
        match psnr {
            _ if !is_wanted => Sequel::None,
            Some(psnr) if enough <= psnr => Sequel::NotNeeded,
            Some(psnr) if psnr < HOPELESS && self.job.enough.is_some() => Sequel::FromPoints,
            _ => Sequel::FromSplats,
        }
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
        self.report.sequel = self.sequel(next.is_some());
        let sequel = self.report.sequel;
        self.actor.tell(Event::Reconstructed(self.report));
        let next = next.filter(|_| sequel != Sequel::NotNeeded);
        Ok(Some(Kept {
            orders: self.orders,
            next: next.map(|mut config| {
                if config.sh_every == 0 {
                    // All of the harmonics are there already.
                    config.sh_degree = newest.splats.sh_degree;
                }
                let capabilities = self.gpu.capabilities();
                let budget = config.splat_budget;
                let budget = budget.unwrap_or_else(|| default_budget(capabilities, &config));
                let logits = newest.splats.opacity_logits.iter();
                let budget = budget.min(logits.filter(|it| FAINT < **it).count().max(1));
                let start = if newest.splats.len() <= budget {
                    newest
                } else {
                    let fewer = most_opaque(&newest.splats, budget);
                    Arc::new(SplatFile::new(fewer, SplatFormat::Ply))
                };
                OptimiseJob {
                    checkpoint: checkpoint::instant_place(&self.dataset.folder),
                    dataset: self.dataset,
                    start: match sequel {
                        Sequel::FromPoints => Start::Points,
                        _ => Start::Splats(start, Part::default()),
                    },
                    config,
                    lpips: self.job.lpips.clone(),
                }
            }),
        }))
    }
}
