//! An optimisation or a reconstruction as the window sees it: what is planned, how it goes, what was
//! kept of it. Pure: no file is read here and nothing is drawn.

mod curve;
mod instant;
mod plan;
mod timeline;
mod when;

use std::path::PathBuf;

use recon::metrics::EvalReport;
use recon::optim::{Background, OptimiseConfig};
use recon::worker::{
    Adjustment, ChunkEvaluation, Evaluation, OptimiseReport, ReconstructJob, ReconstructReport,
    Sequel, Snapshot, TrainProgress,
};

pub use curve::{Curve, MAX_POINTS};
pub use instant::{ENOUGH_DB, InstantPlan, InstantRun, Weights};
pub use plan::{Method, Plan, StartChoice};
pub use timeline::{Kept, MAX_KEPT, Timeline};
pub use when::When;

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Asked for; nothing was heard yet.
    #[default]
    Starting,
    /// Steps are done.
    Running,
    /// Held by the user.
    Paused,
    /// Told to end; it keeps what there is.
    Stopping,
    /// Over.
    Over,
}

/// Settings that can be changed while an optimisation runs, as they stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Changes {
    /// Steps in all.
    pub steps: u32,
    /// No more splats than this; `None` until it is known or chosen.
    pub splat_budget: Option<usize>,
    /// Factor on all step sizes.
    pub rate_factor: f32,
    /// Steps between measurements; 0 for one at the end.
    pub evaluate_every: u32,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            steps: 0,
            splat_budget: None,
            rate_factor: 1.0,
            evaluate_every: 0,
        }
    }
}

/// What held-out photos said.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Of the splats of then.
    pub when: When,
    /// The figures.
    pub report: EvalReport,
}

/// Part of the timeline that the chunks of a reconstruction take where an optimisation follows.
const CHUNKS_PART: f32 = 0.5;

/// An optimisation or a reconstruction that runs or ran.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What the network does; `None` for an optimisation alone.
    pub instant: Option<InstantRun>,
    /// The optimisation's settings at the start. Of a reconstruction alone: the size of the photos
    /// that it is compared with, and what is behind them.
    pub config: OptimiseConfig,
    /// Where it stands.
    pub phase: Phase,
    /// The newest numbers.
    pub progress: Option<TrainProgress>,
    /// Loss over steps.
    pub loss: Curve,
    /// PSNR of fitted photos over steps, dB.
    pub train_psnr: Curve,
    /// PSNR of held-out photos over steps, dB.
    pub held_out_psnr: Curve,
    /// Number of splats over steps.
    pub splats: Curve,
    /// The newest measurement.
    pub evaluation: Option<Measurement>,
    /// Snapshots that can be gone back to.
    pub timeline: Timeline,
    /// What the user changed while it runs.
    pub changes: Changes,
    /// The newest checkpoint, and its step.
    pub checkpoint: Option<(PathBuf, u32)>,
    /// What it came to.
    pub report: Option<OptimiseReport>,
    /// The newest of which splats were seen.
    pub newest: Option<When>,
    /// The newest of which splats were exported.
    pub saved: Option<When>,
}

impl Run {
    /// One that was asked for.
    pub fn new(config: OptimiseConfig) -> Self {
        Self {
            changes: Changes {
                steps: config.steps,
                splat_budget: config.splat_budget,
                evaluate_every: config.evaluate_every,
                ..Changes::default()
            },
            config,
            ..Self::default()
        }
    }

    /// A reconstruction that was asked for.
    pub fn instant(job: &ReconstructJob) -> Self {
        let config = job.then.clone().unwrap_or_else(|| OptimiseConfig {
            max_side: job.max_side,
            background: Background::Known(job.config.background),
            ..OptimiseConfig::default()
        });
        Self {
            instant: Some(InstantRun::new(job)),
            ..Self::new(config)
        }
    }

    /// Whether the network is at work; what it makes may be optimised afterwards.
    pub fn is_reconstructing(&self) -> bool {
        let instant = self.instant.as_ref();
        self.is_active() && instant.is_some_and(|it| it.report.is_none())
    }

    /// What is going on, as a noun.
    pub fn noun(&self) -> &'static str {
        match &self.instant {
            Some(it) if it.report.is_none() => "reconstruction",
            _ => "optimisation",
        }
    }

    /// Whether it can be held, or let go on. The network can from its beginning.
    pub fn can_pause(&self) -> bool {
        match self.phase {
            Phase::Running | Phase::Paused => true,
            Phase::Starting => self.is_reconstructing(),
            Phase::Stopping | Phase::Over => false,
        }
    }

    /// The reconstruction was held, or goes on.
    pub fn held(&mut self, is_held: bool) {
        if self.can_pause() {
            self.phase = if is_held {
                Phase::Paused
            } else {
                Phase::Running
            };
        }
    }

    /// Whether it is not over yet.
    pub fn is_active(&self) -> bool {
        self.phase != Phase::Over
    }

    /// Whether steps are done at the moment, so that the device is busy.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.phase,
            Phase::Starting | Phase::Running | Phase::Stopping
        )
    }

    /// Whether closing would lose something.
    pub fn is_unsaved(&self) -> bool {
        self.is_active() || self.saved < self.newest
    }

    /// The user changed a setting.
    pub fn adjust(&mut self, adjustment: Adjustment) {
        let changes = &mut self.changes;
        match adjustment {
            Adjustment::Steps(steps) => changes.steps = steps,
            Adjustment::SplatBudget(budget) => changes.splat_budget = Some(budget),
            Adjustment::RateFactor(factor) => changes.rate_factor = factor,
            Adjustment::EvaluateEvery(steps) => changes.evaluate_every = steps,
        }
    }

    /// New numbers.
    pub fn note(&mut self, progress: TrainProgress) {
        if matches!(self.phase, Phase::Starting | Phase::Running | Phase::Paused) {
            self.phase = if progress.paused {
                Phase::Paused
            } else {
                Phase::Running
            };
        }
        let step = f64::from(progress.step);
        if self
            .progress
            .as_ref()
            .is_none_or(|it| it.step < progress.step)
        {
            self.loss.push(step, f64::from(progress.loss));
            self.train_psnr.push(step, f64::from(progress.train_psnr));
            self.splats.push(step, progress.splats as f64);
        }
        self.see(When::Step(progress.step));
        if self.changes.splat_budget.is_none() && 0 < progress.splat_budget {
            self.changes.splat_budget = Some(progress.splat_budget);
        }
        self.progress = Some(progress);
    }

    /// A measurement.
    pub fn measure(&mut self, evaluation: Evaluation) {
        if let Some(mean) = &evaluation.report.mean {
            self.held_out_psnr
                .push(f64::from(evaluation.step), mean.psnr);
            self.timeline
                .measured(When::Step(evaluation.step), mean.psnr);
        }
        self.evaluation = Some(Measurement {
            when: When::Step(evaluation.step),
            report: evaluation.report,
        });
    }

    /// A measurement of a chunk.
    pub fn measure_chunk(&mut self, evaluation: ChunkEvaluation) {
        let when = When::Chunk(evaluation.index);
        if let Some(mean) = &evaluation.report.mean {
            self.timeline.measured(when, mean.psnr);
        }
        if let Some(instant) = &mut self.instant {
            instant.measure(&evaluation);
        }
        self.evaluation = Some(Measurement {
            when,
            report: evaluation.report,
        });
    }

    /// The network is done; what it made may be optimised now.
    pub fn reconstructed(&mut self, report: ReconstructReport) {
        let Some(instant) = &mut self.instant else {
            return;
        };
        let goes_on = matches!(report.sequel, Sequel::FromSplats | Sequel::FromPoints);
        instant.has_sequel = goes_on;
        instant.report = Some(report);
        if !goes_on {
            self.end();
        }
    }

    /// A snapshot of it.
    pub fn keep(&mut self, snapshot: &Snapshot) {
        if let Some(kept) = Kept::of(snapshot) {
            self.see(kept.when);
            self.timeline.keep(kept);
        }
        if let Some(instant) = &mut self.instant {
            instant.keep(snapshot);
            if self.phase == Phase::Starting {
                self.phase = Phase::Running;
            }
        }
    }

    /// Splats of then were seen.
    pub fn see(&mut self, when: When) {
        // Before the first step there are only those that were there before.
        if when != When::Step(0) {
            self.newest = self.newest.max(Some(when));
        }
    }

    /// Where on the timeline the splats of then lie, 0 to 1 from the left.
    pub fn place(&self, when: When) -> f32 {
        let part = match &self.instant {
            None => 0.0,
            Some(it) if it.has_sequel => CHUNKS_PART,
            Some(_) => 1.0,
        };
        match when {
            When::Chunk(index) => {
                let chunks = self.instant.as_ref().map_or(1, InstantRun::chunks);
                part * (index + 1) as f32 / chunks.max(index + 1) as f32
            }
            When::Step(step) => {
                let last = self
                    .progress
                    .as_ref()
                    .map_or(self.config.steps, |it| it.steps);
                part + (1.0 - part) * step as f32 / last.max(step).max(1) as f32
            }
        }
    }

    /// Views that the network had seen when it made the splats that are shown; `None` where they
    /// are not the network's.
    pub fn views_seen(&self) -> Option<&[usize]> {
        let chunk = match self.timeline.shown() {
            Some(when) => self.timeline.at(when)?.moment.chunk.as_ref(),
            None if matches!(self.newest, Some(When::Step(_))) => None,
            None => self.instant.as_ref()?.chunk.as_ref(),
        };
        chunk.map(|it| &*it.views_seen)
    }

    /// It is over.
    pub fn end(&mut self) {
        self.phase = Phase::Over;
        if let Some(progress) = &mut self.progress {
            progress.paused = false;
        }
    }

    /// Splats of then were exported.
    pub fn save(&mut self, when: When) {
        self.saved = self.saved.max(Some(when));
    }

    /// PSNR of a view in the newest measurement.
    pub fn psnr_of(&self, view: &str) -> Option<f64> {
        let report = &self.evaluation.as_ref()?.report;
        let found = report.views.iter().find(|it| it.name == view);
        found.map(|it| it.scores.psnr)
    }

    /// The held-out view that looks worst after `view`, or worst of all; `None` before the first
    /// measurement.
    pub fn next_worst(&self, view: Option<&str>) -> Option<&str> {
        let report = &self.evaluation.as_ref()?.report;
        let order = report.worst_first();
        let name = |it: usize| report.views.get(it).map(|it| it.name.as_str());
        let here = order.iter().position(|it| name(*it) == view);
        let next = here.map_or(0, |it| (it + 1) % order.len());
        order.get(next).and_then(|it| name(*it))
    }
}

#[cfg(test)]
mod tests {
    use recon::metrics::{EvalReport, Protocol, Scores, ViewScores};

    use super::*;

    fn evaluation(step: u32, psnrs: &[f64]) -> Evaluation {
        let view = |(i, psnr): (usize, &f64)| ViewScores {
            name: format!("{i}.jpg"),
            scores: Scores {
                psnr: *psnr,
                ssim: 0.5,
                lpips: None,
            },
        };
        let views = psnrs.iter().enumerate().map(view).collect();
        Evaluation {
            step,
            report: EvalReport::new(views, Protocol::default()),
        }
    }

    fn progress(step: u32, paused: bool) -> TrainProgress {
        TrainProgress {
            step,
            steps: 100,
            loss: 0.5,
            paused,
            ..TrainProgress::default()
        }
    }

    #[test]
    fn numbers_become_curves_and_phases() {
        let mut run = Run::new(OptimiseConfig::default());
        assert!(run.is_active() && run.is_unsaved());
        run.note(progress(1, false));
        run.note(progress(1, true));
        assert_eq!((run.loss.points().len(), run.phase), (1, Phase::Paused));
        assert!(!run.is_busy());
        run.note(progress(2, false));
        assert_eq!((run.loss.points().len(), run.phase), (2, Phase::Running));
        run.phase = Phase::Stopping;
        run.note(progress(3, false));
        assert_eq!(run.phase, Phase::Stopping, "late numbers do not undo it");
        run.end();
        assert!(run.is_unsaved(), "over, but never exported");
        run.save(When::Step(3));
        assert!(!run.is_unsaved());
        run.save(When::Step(1));
        assert_eq!(
            run.saved,
            Some(When::Step(3)),
            "an older one takes nothing back"
        );
    }

    #[test]
    fn nothing_is_lost_where_nothing_was_done() {
        let mut run = Run::new(OptimiseConfig::default());
        run.end();
        assert!(!run.is_unsaved());
    }

    #[test]
    fn the_worst_views_come_one_after_the_other() {
        let mut run = Run::default();
        assert_eq!(run.next_worst(None), None);
        run.measure(evaluation(10, &[20.0, 15.0, 30.0]));
        assert_eq!(run.next_worst(None), Some("1.jpg"));
        assert_eq!(run.next_worst(Some("1.jpg")), Some("0.jpg"));
        assert_eq!(run.next_worst(Some("2.jpg")), Some("1.jpg"), "around");
        assert_eq!(run.next_worst(Some("fitted.jpg")), Some("1.jpg"));
        assert_eq!(run.psnr_of("2.jpg"), Some(30.0));
        assert_eq!(run.psnr_of("9.jpg"), None);
        assert_eq!(run.held_out_psnr.points().len(), 1);
    }
}
