//! A reconstruction by the network: what is planned of it, and how it goes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use recon::dataset::Dataset;
use recon::io::checkpoint;
use recon::model::{Mode, ReconstructConfig, SHIPPED};
use recon::optim::{Background, OptimiseConfig, sequel};
use recon::worker::{
    ChunkEvaluation, ReconstructJob, ReconstructReport, SeenChunk, Snapshot, Watch,
};

use super::{Curve, Method, Plan};
use crate::settings::Settings;

/// Steps after the network where the user says nothing: what the shipped one needs to be good.
const SEQUEL_STEPS: u32 = 300;

/// From so many dB on splats of the network are good enough, unless the user says otherwise.
pub const ENOUGH_DB: f64 = 28.0;

/// A folder that is being filled is full when nothing has come for so long, seconds.
const PATIENCE_SECS: u32 = 30;

/// What is wanted of the next reconstruction.
#[derive(Clone, Debug, PartialEq)]
pub struct InstantPlan {
    /// All settings of the network's run.
    pub config: ReconstructConfig,
    /// The mode of streaming that counts when the photos are not taken all at once.
    pub streaming: Mode,
    /// Steps of the optimisation that follows.
    pub steps: u32,
    /// One follows under [`Method::Instant`] too where held-out photos do not reach so many dB;
    /// `None` for none.
    pub enough: Option<f64>,
    /// Whether photos that are added to the folder meanwhile join.
    pub watches: bool,
    /// The folder is full when nothing has come for so long, seconds.
    pub patience_secs: u32,
    /// Whether what the network learns of the scene is kept beside the photos; in [`Mode::Causal`].
    pub keeps: bool,
    /// Whether it goes on from what was kept there; in [`Mode::Causal`].
    pub continues: bool,
}

impl Default for InstantPlan {
    fn default() -> Self {
        Self {
            config: ReconstructConfig::default(),
            streaming: Mode::Causal,
            steps: SEQUEL_STEPS,
            enough: Some(ENOUGH_DB),
            watches: false,
            patience_secs: PATIENCE_SECS,
            keeps: false,
            continues: false,
        }
    }
}

impl InstantPlan {
    /// Takes the photos a few at a time, or all at once.
    pub fn stream(&mut self, streams: bool) {
        self.config.mode = if streams { self.streaming } else { Mode::Full };
    }

    /// Whether the photos are taken a few at a time.
    pub fn streams(&self) -> bool {
        self.config.mode != Mode::Full
    }

    /// Whether what the network learns of a scene can be kept, and gone on with.
    pub fn can_be_kept(&self) -> bool {
        self.config.mode == Mode::Causal
    }
}

/// Whether the network's weights are at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// No file was chosen: those that come with the program.
    #[default]
    Shipped,
    /// There is no file at the path that was chosen.
    Missing,
    /// There is one.
    There,
}

impl Weights {
    /// Of the file that was chosen.
    pub fn of(path: Option<&Path>) -> Self {
        match path {
            None => Self::Shipped,
            Some(path) if path.is_file() => Self::There,
            Some(_) => Self::Missing,
        }
    }
}

impl Plan {
    /// The reconstruction for the worker.
    pub fn reconstruction(&self, dataset: &Arc<Dataset>, settings: &Settings) -> ReconstructJob {
        let network = &settings.network;
        let instant = &self.instant;
        let config = instant.config.clone();
        let max_side = self.config.max_side;
        let always = self.method == Method::InstantThenOptimise;
        let then = (always || instant.enough.is_some()).then(|| OptimiseConfig {
            seed: config.seed,
            background: Background::Known(config.background),
            max_side,
            ..sequel(instant.steps)
        });
        let watches = instant.watches && instant.streams();
        let can_be_kept = instant.can_be_kept();
        let keeps = can_be_kept && instant.keeps;
        let continues = can_be_kept && instant.continues;
        ReconstructJob {
            dataset: dataset.clone(),
            weights: network.weights.clone().unwrap_or_else(|| SHIPPED.into()),
            model: network.config.clone(),
            devices: network.device.clone().into(),
            config,
            then,
            enough: instant.enough.filter(|_| !always),
            max_side,
            lpips: settings.lpips.clone(),
            watch: watches.then(|| Watch {
                patience: Duration::from_secs(instant.patience_secs.into()),
                // As it was opened.
                hold_out: None,
            }),
            keep: keeps
                .then(|| checkpoint::memory_place(&dataset.folder))
                .flatten(),
            continues: self.memory.clone().filter(|_| continues),
        }
    }
}

/// A reconstruction that runs or ran.
#[derive(Clone, Debug)]
pub struct InstantRun {
    /// Its settings.
    pub config: ReconstructConfig,
    /// Whether an optimisation follows.
    pub has_sequel: bool,
    /// The newest chunk.
    pub chunk: Option<SeenChunk>,
    /// Splats after it.
    pub splats: usize,
    /// PSNR of held-out photos over the views that were seen, dB.
    pub psnr: Curve,
    /// What it came to; `None` while it runs.
    pub report: Option<ReconstructReport>,
}

impl InstantRun {
    /// One that was asked for.
    pub fn new(job: &ReconstructJob) -> Self {
        Self {
            config: job.config.clone(),
            has_sequel: job.then.is_some(),
            chunk: None,
            splats: 0,
            psnr: Curve::default(),
            report: None,
        }
    }

    /// How many chunks there are, as far as that is known; at least 1.
    pub fn chunks(&self) -> usize {
        let Some(chunk) = &self.chunk else {
            return 1;
        };
        chunk.of.unwrap_or_default().max(chunk.index + 1)
    }

    /// A snapshot of it.
    pub(super) fn keep(&mut self, snapshot: &Snapshot) {
        let chunk = snapshot.moment.as_ref().and_then(|it| it.chunk.as_ref());
        if let Some(chunk) = chunk {
            self.chunk = Some(chunk.clone());
            self.splats = snapshot.file.splats.len();
        }
    }

    /// A measurement.
    pub(super) fn measure(&mut self, evaluation: &ChunkEvaluation) {
        if let Some(mean) = &evaluation.report.mean {
            self.psnr.push(evaluation.views_seen as f64, mean.psnr);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_come_at_once_or_as_was_chosen_last() {
        let mut plan = InstantPlan::default();
        assert!(!plan.streams());
        plan.stream(true);
        assert_eq!(plan.config.mode, Mode::Causal);
        plan.streaming = Mode::Merge;
        plan.stream(false);
        plan.stream(true);
        assert_eq!(plan.config.mode, Mode::Merge);
    }

    #[test]
    fn weights_are_looked_for() {
        assert_eq!(Weights::of(None), Weights::Shipped);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(Weights::of(Some(folder)), Weights::Missing);
        let file = |name| Weights::of(Some(&folder.join(name)));
        assert_eq!(file("there is no such file.pt"), Weights::Missing);
        assert_eq!(file("Cargo.toml"), Weights::There);
    }
}
