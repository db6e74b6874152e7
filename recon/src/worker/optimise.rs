//! The job that optimises: steps, and between them orders, pictures for the window, measurements,
//! snapshots and checkpoints.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use render::gpu::{Gpu, GpuError};

use crate::io::checkpoint;
use crate::optim::{Begin, OptimError, Optimisation, Update};

use super::actor::{Actor, Outcome};
use super::jobs;
use super::messages::{Command, Event, Lineage, Snapshot, WorkerError};
use super::optimise_messages::{
    Adjustment, LiveSplats, Moment, OptimiseJob, OptimiseReport, Start,
};
use super::pace::Pace;

/// Splats in the making are shown no more often than this: each time takes a copy.
const LIVE_EVERY: Duration = Duration::from_millis(500);
/// Numbers are told no more often than this.
const TOLD_EVERY: Duration = Duration::from_millis(250);
/// Snapshots that a run takes by itself, measurements apart.
const SNAPSHOTS: u32 = 10;

/// Optimises until all steps are done or it is told to end; keeps what there is.
pub(super) fn optimise(actor: &mut Actor, job: &OptimiseJob) -> Result<Outcome, WorkerError> {
    let gpu = actor.gpu.clone().ok_or(WorkerError::NoGpu)?;
    let beside = || checkpoint::place(&job.dataset.folder);
    let checkpoint = job.checkpoint.clone().or_else(beside);
    let begun = begin(actor, &gpu, job);
    let optimisation = match begun {
        Err(OptimError::Cancelled) => return Ok(Outcome::Cancelled),
        other => other?,
    };
    // What was measured before the checkpoint belongs to the curve.
    for evaluation in optimisation.evaluations() {
        actor.tell(Event::Evaluated(evaluation.clone()));
    }
    Run {
        pace: Pace::new(&gpu),
        gpu,
        name: job.dataset.name.clone(),
        checkpoint,
        optimisation,
        paused: false,
        ended: None,
        told: None,
        live: None,
        saved: Instant::now(),
        snapshot: None,
    }
    .run(actor)
}

fn begin(actor: &mut Actor, gpu: &Gpu, job: &OptimiseJob) -> Result<Optimisation, OptimError> {
    let mut config = job.config.clone();
    let mut listen = |update| hear(actor, update);
    let begin = match &job.start {
        Start::Points => Begin::Points,
        Start::Splats(file, part) => Begin::Splats(file.clone(), part.clone()),
        Start::Checkpoint(path) => {
            let checkpoint = checkpoint::open(path)?;
            // What is asked for now counts, but for what cannot change on the way.
            config.seed = checkpoint.config.seed;
            Begin::Checkpoint(Box::new(checkpoint))
        }
    };
    let dataset = job.dataset.clone();
    Optimisation::begin(
        gpu,
        dataset,
        config,
        &begin,
        job.lpips.as_deref(),
        &mut listen,
    )
}

/// Passes on what an optimisation tells.
fn hear(actor: &mut Actor, update: Update) -> ControlFlow<()> {
    match update {
        Update::Preparing { what, done, total } => actor.step(&what, done, total),
        Update::Warned(text) => {
            actor.tell(Event::Warned(text));
            ControlFlow::Continue(())
        }
    }
}

/// How a run was told to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Measure, keep and tell.
    Stopped,
    /// Nobody listens any longer: only keep.
    Abandoned,
}

struct Run {
    gpu: Gpu,
    name: String,
    /// `None` where photos lie in a zip and no place was chosen.
    checkpoint: Option<PathBuf>,
    optimisation: Optimisation,
    pace: Pace,
    paused: bool,
    ended: Option<End>,
    told: Option<Instant>,
    live: Option<Instant>,
    saved: Instant,
    /// The newest snapshot.
    snapshot: Option<Taken>,
}

/// A snapshot that was taken.
#[derive(Clone, Copy)]
struct Taken {
    id: u64,
    step: u32,
}

impl Run {
    fn run(mut self, actor: &mut Actor) -> Result<Outcome, WorkerError> {
        while !self.optimisation.is_done() && self.ended.is_none() {
            self.obey(actor)?;
            if self.ended.is_some() || self.optimisation.is_done() {
                break;
            }
            if let Err(err) = self.step(actor) {
                self.rescue(actor, err)?;
            }
        }
        self.finish(actor)
    }

    /// One step and all that is due after it.
    fn step(&mut self, actor: &mut Actor) -> Result<(), WorkerError> {
        let in_parts = self.pace.is_slow();
        let begun = Instant::now();
        let mut listen = |update| hear(actor, update);
        self.optimisation
            .advance(&self.gpu, in_parts, &mut listen)?;
        let advanced = begun.elapsed();
        self.pace.keep(&self.gpu, begun)?;
        let waited = begun.elapsed().saturating_sub(advanced);
        self.optimisation.waited(waited.as_secs_f32());
        if is_due(&mut self.told, TOLD_EVERY) || self.optimisation.step() == 1 {
            self.tell_progress(actor);
        }
        if is_due(&mut self.live, LIVE_EVERY) {
            self.show(actor)?;
        }
        if self.optimisation.evaluation_is_due() && !self.optimisation.is_done() {
            self.evaluate(actor)?;
        } else if self.snapshot_is_due() {
            self.take_snapshot(actor)?;
        }
        if self.checkpoint_is_due() && !self.optimisation.is_done() {
            self.save(actor)?;
        }
        Ok(())
    }

    fn checkpoint_is_due(&self) -> bool {
        let config = self.optimisation.config();
        let minutes = u64::from(config.autosave_minutes);
        let is_old = Duration::from_secs(60 * minutes) <= self.saved.elapsed();
        let every = config.autosave_steps;
        let is_far = 0 < every && self.optimisation.step().is_multiple_of(every);
        (0 < minutes && is_old) || is_far
    }

    fn snapshot_is_due(&self) -> bool {
        let optimisation = &self.optimisation;
        let every = (optimisation.config().steps / SNAPSHOTS).max(1);
        // The last one is taken when all is measured.
        optimisation.step().is_multiple_of(every) && !self.has_snapshot() && !optimisation.is_done()
    }

    /// Whether the splats are as they were in the newest snapshot.
    fn has_snapshot(&self) -> bool {
        self.snapshot.map(|it| it.step) == Some(self.optimisation.step())
    }

    fn tell_progress(&self, actor: &Actor) {
        let mut progress = self.optimisation.progress();
        progress.paused = self.paused;
        actor.offer(Event::Trained(progress));
    }

    /// A copy for the window. Where the device has no room for one, the window waits.
    fn show(&self, actor: &Actor) -> Result<(), WorkerError> {
        let splats = match self.optimisation.live(&self.gpu) {
            Err(GpuError::OutOfMemory { .. }) => return Ok(()),
            other => other?,
        };
        actor.offer(Event::SplatsGrew(LiveSplats {
            splats,
            step: self.optimisation.step(),
            antialiased: self.optimisation.config().antialiased,
        }));
        Ok(())
    }

    /// Does what was asked for meanwhile; while paused, waits for what is asked for.
    fn obey(&mut self, actor: &mut Actor) -> Result<(), WorkerError> {
        loop {
            let command = if self.paused {
                Some(actor.wait_for_order())
            } else {
                actor.order()
            };
            match command {
                None => {}
                Some(Ok(command)) => self.follow(actor, command)?,
                Some(Err(())) => self.ended = Some(End::Abandoned),
            }
            let is_quiet = !self.paused && !actor.has_orders();
            if self.ended.is_some() || is_quiet {
                return Ok(());
            }
        }
    }

    fn follow(&mut self, actor: &mut Actor, command: Command) -> Result<(), WorkerError> {
        match command {
            Command::Pause => {
                self.paused = true;
                // What is held can be edited, which takes all of it on the host.
                if 0 < self.optimisation.step() && !self.has_snapshot() {
                    self.take_snapshot(actor)?;
                }
            }
            Command::Resume => self.paused = false,
            Command::Cancel => self.ended = Some(End::Stopped),
            Command::Adjust(adjustment) => self.adjust(adjustment),
            Command::Evaluate => self.evaluate(actor)?,
            Command::TakeSnapshot => self.take_snapshot(actor)?,
            Command::SaveCheckpoint => {
                self.save(actor)?;
            }
            other if jobs::is_done_meanwhile(&other) => jobs::do_meanwhile(actor, other),
            other => {
                // A new job: this one ends, and what it has is kept.
                actor.postpone(other);
                self.ended = Some(End::Stopped);
            }
        }
        if self.ended.is_none() {
            self.tell_progress(actor);
        }
        Ok(())
    }

    fn adjust(&mut self, adjustment: Adjustment) {
        let done = self.optimisation.step();
        match adjustment {
            Adjustment::Steps(steps) => self.optimisation.config_mut().steps = steps.max(done),
            Adjustment::SplatBudget(budget) => self.optimisation.set_budget(budget),
            Adjustment::RateFactor(factor) => self.optimisation.scale_rates(factor),
            Adjustment::EvaluateEvery(steps) => {
                self.optimisation.config_mut().evaluate_every = steps;
            }
        }
    }

    fn evaluate(&mut self, actor: &mut Actor) -> Result<(), WorkerError> {
        if self.optimisation.num_held_out() == 0 {
            return self.take_snapshot(actor);
        }
        for name in self.optimisation.vanished() {
            actor.tell(Event::Warned(format!(
                "{name} can no longer be read. The copy in memory goes on being used"
            )));
        }
        let mut listen = |update| match update {
            Update::Warned(_) => hear(actor, update),
            // Orders are followed after the measurement.
            Update::Preparing { .. } => ControlFlow::Continue(()),
        };
        let evaluation = self.optimisation.evaluate(&self.gpu, &mut listen)?;
        if let Some(evaluation) = evaluation {
            actor.tell(Event::Evaluated(evaluation));
        }
        self.take_snapshot(actor)
    }

    fn take_snapshot(&mut self, actor: &mut Actor) -> Result<(), WorkerError> {
        let step = self.optimisation.step();
        let file = self.optimisation.file(&self.gpu)?;
        let splats = self.optimisation.live(&self.gpu)?;
        let newest = self.optimisation.evaluations().last();
        let psnr = newest
            .filter(|it| it.step == step)
            .and_then(|it| it.report.mean)
            .map(|it| it.psnr);
        let name = self.name.clone();
        let id = actor.snapshot_id();
        let mut snapshot = Snapshot::new(id, splats, file, name, None);
        snapshot.moment = Some(Moment {
            step,
            psnr,
            chunk: None,
        });
        let origins = Arc::new(self.optimisation.lineage(&self.gpu)?);
        snapshot.lineage = self.snapshot.map(|it| Lineage {
            from: it.id,
            origins,
        });
        self.snapshot = Some(Taken { id, step });
        actor.tell(Event::SplatsUpdated(snapshot));
        Ok(())
    }

    /// Writes a checkpoint, and says whether there is one. A disk that is full is no reason to end.
    fn save(&mut self, actor: &mut Actor) -> Result<bool, WorkerError> {
        self.saved = Instant::now();
        let Some(path) = self.checkpoint.clone() else {
            return Ok(false);
        };
        let checkpoint = self.optimisation.checkpoint(&self.gpu)?;
        let step = checkpoint.step;
        let saved = checkpoint::save(&path, &checkpoint);
        let is_kept = saved.is_ok();
        actor.tell(match saved {
            Ok(_) => Event::CheckpointSaved { path, step },
            Err(err) => Event::Warned(format!("No checkpoint was kept: {err}")),
        });
        Ok(is_kept)
    }

    /// Out of memory pauses; what cannot go on fails, and says where the newest checkpoint lies.
    fn rescue(&mut self, actor: &mut Actor, err: WorkerError) -> Result<(), WorkerError> {
        let WorkerError::Gpu(GpuError::OutOfMemory { .. } | GpuError::TooLarge { .. }) = err else {
            return Err(err);
        };
        actor.tell(Event::Warned(format!(
            "{err}. The optimisation is paused and no longer grows; resume it when there is room"
        )));
        self.optimisation
            .set_budget(self.optimisation.progress().splats);
        self.paused = true;
        self.save(actor)?;
        self.tell_progress(actor);
        Ok(())
    }

    fn finish(mut self, actor: &mut Actor) -> Result<Outcome, WorkerError> {
        let is_kept = self.save(actor)?;
        if self.ended == Some(End::Abandoned) {
            return Ok(Outcome::Cancelled);
        }
        let step = self.optimisation.step();
        let measured = self.optimisation.evaluations().last().map(|it| it.step);
        if measured != Some(step) && self.ended.is_none() {
            self.evaluate(actor)?;
            // With the last measurement too, for a run that goes on from here.
            if is_kept && self.optimisation.num_held_out() != 0 {
                self.save(actor)?;
            }
        } else if !self.has_snapshot() {
            self.take_snapshot(actor)?;
        }
        self.tell_progress(actor);
        let progress = self.optimisation.progress();
        actor.tell(Event::Optimised(OptimiseReport {
            steps: step,
            steps_per_sec: step as f32 / progress.elapsed_secs.max(f32::MIN_POSITIVE),
            splats: progress.splats,
            frozen: progress.frozen,
            gpu_bytes: self.optimisation.most_bytes(),
            backward: self.optimisation.backward(),
            evaluations: self.optimisation.evaluations().to_vec(),
            cancelled: self.ended.is_some(),
        }));
        Ok(Outcome::Finished)
    }
}

/// Whether the time has come again; then the clock begins anew.
fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let due = last.is_none_or(|it| every <= it.elapsed());
    if due {
        *last = Some(Instant::now());
    }
    due
}
