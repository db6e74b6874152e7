//! What app and worker tell each other about a reconstruction by the network.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::dataset::{Dataset, HoldOut};
use crate::metrics::EvalReport;
use crate::model::{Devices, ReconstructConfig};
use crate::optim::OptimiseConfig;

/// A reconstruction to be run.
#[derive(Clone, Debug)]
pub struct ReconstructJob {
    /// Photos with poses. The network sees those that are not held out.
    pub dataset: Arc<Dataset>,
    /// The network's weights.
    pub weights: PathBuf,
    /// Its settings; `None` looks for them beside the weights.
    pub model: Option<PathBuf>,
    /// What the network runs on: one device, or several that share the views.
    pub devices: Devices,
    /// How.
    pub config: ReconstructConfig,
    /// Instant + optimise: the result is optimised with these settings; `None` leaves it as it is.
    pub then: Option<OptimiseConfig>,
    /// The optimisation is left out where held-out photos reach so many dB without; `None` for
    /// none that is enough.
    pub enough: Option<f64>,
    /// The longer side of the held-out photos that are measured on, in pixels; `None` for full
    /// size.
    pub max_side: Option<u32>,
    /// LPIPS weights of the user; `None` leaves LPIPS out.
    pub lpips: Option<PathBuf>,
    /// Goes on while photos are added to the folder; `None` ends with those that are there.
    pub watch: Option<Watch>,
    /// Where what the network knows of the scene is written in the end; in causal mode only.
    pub keep: Option<PathBuf>,
    /// A scene that was kept, to go on with; in causal mode only.
    pub continues: Option<PathBuf>,
}

/// What follows a reconstruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sequel {
    /// Nothing: none was asked for, or it was stopped.
    #[default]
    None,
    /// Nothing: the splats are good enough.
    NotNeeded,
    /// The optimisation of its splats.
    FromSplats,
    /// An optimisation from the photos' points: the network's splats are of no use.
    FromPoints,
}

impl Sequel {
    /// What a person would not expect of it, in words.
    pub fn news(self) -> Option<&'static str> {
        match self {
            Self::None | Self::FromSplats => None,
            Self::NotNeeded => Some("the splats are good enough: they are not optimised"),
            Self::FromPoints => Some(
                "the splats are of no use: the optimisation begins with the photos' points instead",
            ),
        }
    }
}

/// A folder that is still being filled.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// It is taken to be full when nothing has come for so long.
    pub patience: Duration,
    /// How its photos are split, as they were the first time; `None` leaves that to the dataset.
    pub hold_out: Option<HoldOut>,
}

/// Which views had been seen when a snapshot of a reconstruction was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenChunk {
    /// Counts chunks from 0.
    pub index: usize,
    /// How many chunks there will be; `None` where nobody knows yet.
    pub of: Option<usize>,
    /// Indices of the dataset's views that the network had seen.
    pub views_seen: Arc<[usize]>,
}

/// What held-out photos said of the snapshot of a chunk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChunkEvaluation {
    /// Counts chunks from 0.
    pub index: usize,
    /// How many views the network had seen.
    pub views_seen: usize,
    /// The figures.
    pub report: EvalReport,
}

/// One chunk of a reconstruction.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChunkReport {
    /// Counts chunks from 0.
    pub index: usize,
    /// How many views the network had seen.
    pub views_seen: usize,
    /// Splats of its snapshot.
    pub splats: usize,
    /// From the decoding of its photos to its splats on the host, seconds.
    pub secs: f32,
    /// Mean over the held-out views, dB; `None` where nothing was measured.
    pub psnr: Option<f64>,
    /// The same of SSIM.
    pub ssim: Option<f64>,
    /// The same of LPIPS.
    pub lpips: Option<f64>,
}

/// What a reconstruction came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReconstructReport {
    /// Its chunks, in order.
    pub chunks: Vec<ChunkReport>,
    /// Splats in the end.
    pub splats: usize,
    /// From the weights to the last snapshot, seconds; measurements, pauses and waiting for photos
    /// left out.
    pub secs: f32,
    /// What the network ran on, in words.
    pub device: String,
    /// The last measurement; `None` where no view is held out.
    pub evaluation: Option<EvalReport>,
    /// Whether it was told to stop before its last chunk.
    pub cancelled: bool,
    /// What became of the optimisation that was to follow.
    pub sequel: Sequel,
    /// How many of the views a kept scene had seen before.
    pub recalled: usize,
}
