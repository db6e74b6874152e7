//! What app and worker tell each other about an optimisation.

use std::path::PathBuf;
use std::sync::Arc;

use render::GpuSplats;
use serde::Serialize;

use super::messages::Lineage;
use super::reconstruct_messages::SeenChunk;
use crate::dataset::Dataset;
use crate::io::SplatFile;
use crate::optim::{Evaluation, OptimiseConfig, Part};

/// An optimisation to be run.
#[derive(Clone, Debug)]
pub struct OptimiseJob {
    /// Photos with poses, split into those that are fitted and those that are held out.
    pub dataset: Arc<Dataset>,
    /// What it begins with.
    pub start: Start,
    /// How.
    pub config: OptimiseConfig,
    /// Where checkpoints are kept; `None` for the folder of results beside the photos.
    pub checkpoint: Option<PathBuf>,
    /// LPIPS weights of the user; `None` leaves LPIPS out.
    pub lpips: Option<PathBuf>,
}

/// What an optimisation begins with.
#[derive(Clone, Debug, Default)]
pub enum Start {
    /// The dataset's points; random ones in the cameras' common volume where it has none.
    #[default]
    Points,
    /// These splats, or a part of them between others that are frozen. What comes out has the
    /// frozen ones first, in their order.
    Splats(Arc<SplatFile>, Part),
    /// Where a checkpoint left off.
    Checkpoint(PathBuf),
}

/// What can be changed while an optimisation runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Adjustment {
    /// Steps in all: more goes on for longer, fewer ends sooner.
    Steps(u32),
    /// No more splats than this.
    SplatBudget(usize),
    /// Factor on all step sizes.
    RateFactor(f32),
    /// Steps between measurements; 0 for one at the end.
    EvaluateEvery(u32),
}

/// Splats in the making, for the window to draw. Dropped when nobody reads.
#[derive(Clone, Debug)]
pub struct LiveSplats {
    /// A copy that training does not touch.
    pub splats: GpuSplats,
    /// After which step.
    pub step: u32,
    /// Whether they are to be drawn with Mip-Splatting's 2D filter.
    pub antialiased: bool,
    /// Whose descendants they are; `None` before the first snapshot.
    pub lineage: Option<Lineage>,
}

/// Where in an optimisation or a reconstruction a snapshot was taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// After which step of the optimisation; 0 in a reconstruction.
    pub step: u32,
    /// What held-out photos said then, if they were asked. In a reconstruction they are asked
    /// afterwards.
    pub psnr: Option<f64>,
    /// In a reconstruction, after which chunk; `None` in an optimisation.
    pub chunk: Option<SeenChunk>,
}

/// What an optimisation came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OptimiseReport {
    /// Steps done.
    pub steps: u32,
    /// Over the whole run; pauses and measurements left out.
    pub steps_per_sec: f32,
    /// Splats in the end.
    pub splats: usize,
    /// How many of them, the first, stayed as they were.
    pub frozen: usize,
    /// Bytes on the device at most.
    pub gpu_bytes: u64,
    /// Which design of the backward pass ran, and what others took.
    pub backward: String,
    /// Measurements, oldest first.
    pub evaluations: Vec<Evaluation>,
    /// Whether it was told to stop before its last step.
    pub cancelled: bool,
}
