//! A job of the worker that optimises, listened to until it ends: bar, words, what it came to.

use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use recon::camera_path::CameraPath;
use recon::io::{ExportOptions, SplatFormat};
use recon::worker::{
    Command, Evaluation, Event, OptimiseJob, OptimiseReport, Snapshot, TrainProgress,
};

use super::Console;
use super::job::Job;

/// A finished optimisation.
pub(super) struct Run {
    pub(super) report: OptimiseReport,
    pub(super) snapshot: Snapshot,
    /// The last that was written.
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) warnings: Vec<String>,
}

impl Run {
    /// Runs `job` to its end, or to Ctrl-C.
    ///
    /// # Errors
    /// What made it fail.
    pub(super) fn of(worker: &mut Job, job: OptimiseJob) -> anyhow::Result<Self> {
        let console = worker.console.clone();
        let total = job.config.steps;
        let (mut report, mut snapshot, mut checkpoint) = (None, None, None);
        let mut trained = false;
        let command = Command::Optimise(Box::new(job));
        worker.work_until_interrupted(command, |bar, event| match event {
            Event::Trained(progress) => {
                if !trained {
                    style(bar, total);
                    trained = true;
                }
                show(bar, &progress);
            }
            Event::Evaluated(it) => bar.suspend(|| tell_evaluation(&console, &it)),
            Event::SplatsUpdated(it) => snapshot = Some(it),
            Event::CheckpointSaved { path, .. } => checkpoint = Some(path),
            Event::Optimised(it) => report = Some(it),
            _ => {}
        })?;
        Ok(Self {
            report: report.context("the optimisation ended without a report")?,
            snapshot: snapshot.context("the optimisation ended without splats")?,
            checkpoint,
            warnings: worker.warnings().to_vec(),
        })
    }
}

/// Writes the splats of a snapshot, changed as the options say, and tells what the format cannot
/// hold.
///
/// # Errors
/// Where they cannot be written.
pub(super) fn save(
    snapshot: &Snapshot,
    worker: &mut Job,
    (format, options): (SplatFormat, ExportOptions),
    path: &Path,
) -> anyhow::Result<()> {
    let file = &snapshot.file;
    if options.crop.is_some() && options.apply(file).splats.is_empty() {
        worker
            .console
            .warn("no splat lies in the box of --crop: the file is empty");
    }
    let mut lost = Vec::new();
    let command = Command::Export {
        file: file.clone(),
        format,
        path: path.to_owned(),
        options,
        camera_path: CameraPath::default(),
    };
    worker.work(command, |_, event| {
        if let Event::Exported { losses, .. } = event {
            lost = losses;
        }
    })?;
    for loss in lost {
        worker
            .console
            .warn(format_args!("{}: {loss}", path.display()));
    }
    Ok(())
}

/// The bar of an optimisation. Time left is the worker's estimate: it knows of measurements.
pub(super) fn style(bar: &ProgressBar, total: u32) {
    bar.reset();
    bar.set_length(u64::from(total));
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
}

/// Moves the bar.
pub(super) fn show(bar: &ProgressBar, progress: &TrainProgress) {
    bar.set_length(u64::from(progress.steps));
    bar.set_position(u64::from(progress.step));
    let left = progress.left_secs.max(0.0).ceil() as u64;
    let left = if left < 60 {
        format!("{left} s")
    } else {
        format!("{} min", left.div_ceil(60))
    };
    bar.set_message(format!(
        "{:.2}/s, loss {:.4}, {:.1} dB, {} splats, {left} left",
        progress.steps_per_sec, progress.loss, progress.train_psnr, progress.splats
    ));
}

/// What held-out photos said, in a line.
pub(super) fn tell_evaluation(console: &Console, evaluation: &Evaluation) {
    let Some(mean) = evaluation.report.mean else {
        return;
    };
    let text = format!(
        "  step {:<8} {:.2} dB, SSIM {:.4} on {} held-out views",
        evaluation.step,
        mean.psnr,
        mean.ssim,
        evaluation.report.views.len()
    );
    // A closed output ends the program at its next word; the work is not to be lost.
    console.say(text).ok();
}
