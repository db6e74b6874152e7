//! What came of splats that were made of photos: the keys that the JSON of `accrete optimise` and that
//! of `accrete reconstruct` share, and the files that were written.

use std::path::Path;

use recon::metrics::{EvalReport, Protocol, ViewScores};
use recon::worker::Evaluation;
use serde::Serialize;

use super::Console;

/// What both commands report.
#[derive(Serialize)]
pub(super) struct Figures<'a> {
    pub(super) folder: &'a Path,
    /// What drew.
    pub(super) adapter: &'a str,
    #[serde(flatten)]
    pub(super) measured: Measured<'a>,
    /// Steps of the optimisation that were done; 0 where there was none.
    pub(super) steps: u32,
    /// Without measurements.
    pub(super) steps_per_sec: f32,
    pub(super) splats: usize,
    pub(super) curve: Vec<Point>,
    /// It ended early; the warnings say why.
    pub(super) cancelled: bool,
    #[serde(flatten)]
    pub(super) files: Files<'a>,
    pub(super) warnings: &'a [String],
}

/// What held-out photos said in the end; all of it `null` or empty where there are none.
#[derive(Serialize)]
pub(super) struct Measured<'a> {
    /// Mean over the held-out views, dB.
    psnr: Option<f64>,
    ssim: Option<f64>,
    lpips: Option<f64>,
    views: &'a [ViewScores],
    protocol: Option<&'a Protocol>,
}

impl<'a> Measured<'a> {
    pub(super) fn of(last: Option<&'a EvalReport>) -> Self {
        let mean = last.and_then(|it| it.mean);
        Self {
            psnr: mean.map(|it| it.psnr),
            ssim: mean.map(|it| it.ssim),
            lpips: mean.and_then(|it| it.lpips),
            views: last.map_or(&[], |it| &it.views),
            protocol: last.map(|it| &it.protocol),
        }
    }
}

/// What held-out photos said after a step.
#[derive(Serialize)]
pub(super) struct Point {
    step: u32,
    psnr: Option<f64>,
    ssim: Option<f64>,
    lpips: Option<f64>,
}

impl Point {
    pub(super) fn of(evaluation: &Evaluation) -> Self {
        Self::at(evaluation.step, &evaluation.report)
    }

    pub(super) fn at(step: u32, report: &EvalReport) -> Self {
        let mean = report.mean;
        Self {
            step,
            psnr: mean.map(|it| it.psnr),
            ssim: mean.map(|it| it.ssim),
            lpips: mean.and_then(|it| it.lpips),
        }
    }
}

/// The files that were written.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Files<'a> {
    /// The splats.
    pub(super) out: Option<&'a Path>,
    pub(super) checkpoint: Option<&'a Path>,
    pub(super) sheet: Option<&'a Path>,
}

impl Files<'_> {
    /// Where they lie, and a warning where the splats are in none.
    ///
    /// # Errors
    /// Where nothing can be said.
    pub(super) fn tell(self, console: &Console) -> anyhow::Result<()> {
        for (label, path) in [
            ("splats", self.out),
            ("sheet", self.sheet),
            ("checkpoint", self.checkpoint),
        ] {
            if let Some(path) = path {
                console.say(format_args!("  {label:<13} {}", path.display()))?;
            }
        }
        if self.out.is_none() {
            console.warn(if self.checkpoint.is_some() {
                "no --out was given: the splats are in the checkpoint only"
            } else {
                "no --out was given, and no checkpoint was kept: the splats are gone"
            });
        }
        Ok(())
    }
}
