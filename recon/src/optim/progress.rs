//! What an optimisation tells while it runs.

use serde::{Deserialize, Serialize};

use crate::metrics::EvalReport;

/// How far an optimisation is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrainProgress {
    /// Steps done.
    pub step: u32,
    /// Steps in all.
    pub steps: u32,
    /// Of the last seconds; pauses and measurements left out.
    pub steps_per_sec: f32,
    /// Time spent on steps, seconds.
    pub elapsed_secs: f32,
    /// Time that is left at this pace, seconds.
    pub left_secs: f32,
    /// Loss of a recent step, smoothed.
    pub loss: f32,
    /// PSNR of recent steps on the photos that are fitted, smoothed, dB.
    pub train_psnr: f32,
    /// How many splats there are.
    pub splats: usize,
    /// How many of them, the first, stay as they are.
    pub frozen: usize,
    /// How many there may be.
    pub splat_budget: usize,
    /// Harmonics that are in use.
    pub sh_degree: u32,
    /// Longer side of the photos at present, pixels.
    pub image_side: u32,
    /// Bytes on the device: splats, moments, frame, photos.
    pub gpu_bytes: u64,
    /// Nothing is done until it is resumed.
    pub paused: bool,
}

/// Measurements on held-out photos after a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// After which step.
    pub step: u32,
    /// The figures.
    pub report: EvalReport,
}

/// What is told between steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// A part of the preparation is done.
    Preparing {
        /// What is being done, as "Reading photos".
        what: String,
        /// Parts behind us.
        done: u64,
        /// Parts in all.
        total: u64,
    },
    /// Something is odd and does not prevent the work, in words for a person.
    Warned(String),
}

/// Numbers of recent steps, smoothed, and the clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse {
    /// Seconds spent on steps.
    pub elapsed_secs: f32,
    /// Smoothed seconds of a step.
    pub step_secs: Option<f32>,
    /// Smoothed loss.
    pub loss: Option<f32>,
    /// Smoothed mean squared error.
    pub mse: Option<f32>,
}

/// How much a new number counts against the smoothed one.
const NEW: f32 = 0.05;

impl Pulse {
    /// A step took so long.
    pub(super) fn beat(&mut self, secs: f32) {
        self.elapsed_secs += secs;
        blend(&mut self.step_secs, secs);
    }

    /// A step came to this.
    pub(super) fn hear(&mut self, loss: f32, mse: f32) {
        if loss.is_finite() && mse.is_finite() {
            blend(&mut self.loss, loss);
            blend(&mut self.mse, mse);
        }
    }

    /// PSNR of the smoothed error, dB; 0 before the first.
    pub(super) fn psnr(&self) -> f32 {
        self.mse.map_or(0.0, |it| -10.0 * it.max(1e-10).log10())
    }
}

fn blend(smoothed: &mut Option<f32>, new: f32) {
    *smoothed = Some(smoothed.map_or(new, |old| old + NEW * (new - old)));
}
