//! A job of the worker that reconstructs, listened to until it ends: bar, words, what it came to.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use recon::dataset::Dataset;
use recon::worker::{
    ChunkEvaluation, Command, Event, OptimiseReport, ReconstructJob, ReconstructReport, Snapshot,
};

use super::Console;
use super::job::Job;
use super::optimising;

/// A finished reconstruction.
pub(super) struct Run {
    pub(super) report: ReconstructReport,
    /// What the optimisation came to that followed it.
    pub(super) optimised: Option<OptimiseReport>,
    pub(super) snapshot: Snapshot,
    /// The photos, with those that came meanwhile.
    pub(super) dataset: Arc<Dataset>,
    /// The last that was written.
    pub(super) checkpoint: Option<PathBuf>,
    /// What the network knows of the scene.
    pub(super) memory: Option<PathBuf>,
    pub(super) warnings: Vec<String>,
}

impl Run {
    /// Runs `job` to its end, or to Ctrl-C.
    ///
    /// # Errors
    /// What made it fail.
    pub(super) fn of(worker: &mut Job, job: ReconstructJob) -> anyhow::Result<Self> {
        let console = worker.console.clone();
        let mut dataset = job.dataset.clone();
        let steps = job.then.as_ref().map_or(0, |it| it.steps);
        let (mut report, mut optimised) = (None, None);
        let (mut snapshot, mut checkpoint, mut memory) = (None, None, None);
        let mut trained = false;
        let command = Command::Reconstruct(Box::new(job));
        worker.work_until_interrupted(command, |bar, event| match event {
            Event::SplatsUpdated(it) => snapshot = Some(it),
            Event::ChunkEvaluated(it) => bar.suspend(|| tell_chunk(&console, &it)),
            Event::DatasetGrew(it) => {
                bar.suspend(|| tell_growth(&console, &dataset, &it));
                dataset = it;
            }
            Event::Reconstructed(it) => report = Some(it),
            Event::Trained(progress) => {
                if !trained {
                    optimising::style(bar, steps);
                    trained = true;
                }
                optimising::show(bar, &progress);
            }
            Event::Evaluated(it) => bar.suspend(|| optimising::tell_evaluation(&console, &it)),
            Event::SceneKept { path, .. } => memory = Some(path),
            Event::CheckpointSaved { path, .. } => checkpoint = Some(path),
            Event::Optimised(it) => optimised = Some(it),
            _ => {}
        })?;
        Ok(Self {
            report: report.context("the reconstruction ended without a report")?,
            optimised,
            snapshot: snapshot.context("the reconstruction ended without splats")?,
            dataset,
            checkpoint,
            memory,
            warnings: worker.warnings().to_vec(),
        })
    }
}

fn tell_chunk(console: &Console, evaluation: &ChunkEvaluation) {
    let Some(mean) = evaluation.report.mean else {
        return;
    };
    let text = format!(
        "  chunk {:<4} {:<4} views seen: {:.2} dB, SSIM {:.4} on {} held-out views",
        evaluation.index + 1,
        evaluation.views_seen,
        mean.psnr,
        mean.ssim,
        evaluation.report.views.len()
    );
    // A closed output ends the program at its next word; the work is not to be lost.
    console.say(text).ok();
}

fn tell_growth(console: &Console, before: &Dataset, after: &Dataset) {
    let more = after.views.len().saturating_sub(before.views.len());
    let text = format!("  {more} more photos, {} in all", after.views.len());
    console.say(text).ok();
}
