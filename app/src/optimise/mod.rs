//! An optimisation as the window sees it: what is planned, how it goes, what was kept of it. Pure:
//! no file is touched here and nothing is drawn.

mod curve;
mod plan;
mod timeline;

use std::path::PathBuf;

use recon::optim::OptimiseConfig;
use recon::worker::{Adjustment, Evaluation, OptimiseReport, Snapshot, TrainProgress};

pub use curve::{Curve, MAX_POINTS};
pub use plan::{Plan, StartChoice};
pub use timeline::{Kept, MAX_KEPT, Timeline};

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

/// An optimisation that runs or ran.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its settings at the start.
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
    pub evaluation: Option<Evaluation>,
    /// Snapshots that can be gone back to.
    pub timeline: Timeline,
    /// What the user changed while it runs.
    pub changes: Changes,
    /// The newest checkpoint, and its step.
    pub checkpoint: Option<(PathBuf, u32)>,
    /// What it came to.
    pub report: Option<OptimiseReport>,
    /// The newest step of which splats were seen.
    pub newest_step: u32,
    /// The newest step of which splats were exported.
    pub saved_step: Option<u32>,
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
        let has_newer = self.saved_step.is_none_or(|it| it < self.newest_step);
        self.is_active() || (0 < self.newest_step && has_newer)
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
        self.newest_step = self.newest_step.max(progress.step);
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
            self.timeline.measured(evaluation.step, mean.psnr);
        }
        self.evaluation = Some(evaluation);
    }

    /// A snapshot of it.
    pub fn keep(&mut self, snapshot: &Snapshot) {
        if let Some(kept) = Kept::of(snapshot) {
            self.newest_step = self.newest_step.max(kept.step);
            self.timeline.keep(kept);
        }
    }

    /// It is over.
    pub fn end(&mut self) {
        self.phase = Phase::Over;
        if let Some(progress) = &mut self.progress {
            progress.paused = false;
        }
    }

    /// Splats of this step were exported.
    pub fn saved(&mut self, step: u32) {
        self.saved_step = Some(self.saved_step.map_or(step, |it| it.max(step)));
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
        run.saved(3);
        assert!(!run.is_unsaved());
        run.saved(1);
        assert_eq!(run.saved_step, Some(3), "an older one takes nothing back");
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
