//! What a pose engine is given and gives back.

use std::fmt;
use std::ops::ControlFlow;

use glam::{DAffine3, DVec3};
use serde::{Deserialize, Serialize};

use crate::dataset::{ImageFile, ImageProblem, ImportReport, PoseFile};
use crate::io::{Folder, IoError};

/// Photos without poses.
#[derive(Clone, Debug)]
pub struct Photos {
    /// Where they lie.
    pub folder: Folder,
    /// In natural order of their names.
    pub images: Vec<ImageFile>,
    /// Photos that are there and cannot be used: path and why.
    pub broken: Vec<ImageProblem>,
    /// What was found; its `format` is `None`.
    pub report: ImportReport,
}

/// How poses are looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PoseConfig {
    /// Longer side in pixels that features are looked for at.
    pub max_side: u32,
    /// Features per photo.
    pub max_features: usize,
    /// Focal length in 35 mm equivalents where EXIF has none; `None` guesses.
    pub focal_35mm: Option<f64>,
    /// Photos follow one another as in a video: each is matched with this many neighbours.
    /// `None` matches every pair.
    pub sequential: Option<usize>,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for PoseConfig {
    fn default() -> Self {
        Self {
            max_side: 960,
            max_features: 2048,
            focal_35mm: None,
            sequential: None,
            seed: 0,
        }
    }
}

/// What an engine tells while it works.
#[derive(Clone, Debug)]
pub enum PoseUpdate {
    /// A stage goes on: what, steps done, steps in all.
    Progressed {
        /// As "Matching photos".
        what: String,
        /// Steps behind us.
        done: u64,
        /// Steps in all.
        total: u64,
    },
    /// Cameras and points as they stand, to be shown.
    Live(LivePoses),
    /// Something is odd and does not prevent the job.
    Warned(String),
}

/// An unfinished sparse model.
#[derive(Clone, Debug, Default)]
pub struct LivePoses {
    /// Camera to world, of the cameras that are placed.
    pub cameras: Vec<DAffine3>,
    /// Points.
    pub points: Vec<DVec3>,
    /// Their sRGB colours, as long as `points`.
    pub colours: Vec<[u8; 3]>,
}

/// Finds camera poses for photos.
pub trait PoseEngine: fmt::Debug {
    /// What a person calls it.
    fn name(&self) -> &str;

    /// Runs to the end, or until `report` breaks. The frames of the result name photos by their
    /// paths in the folder, its points carry tracks, its lenses are in pixels of the upright
    /// photos; photos that found no place are `unregistered`.
    ///
    /// # Errors
    /// [`PoseError::Cancelled`] when `report` breaks; what prevents the job otherwise.
    fn run(
        &self,
        photos: &Photos,
        config: &PoseConfig,
        report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
    ) -> Result<PoseFile, PoseError>;
}

/// Why there are no poses.
#[derive(Debug, thiserror::Error)]
pub enum PoseError {
    /// `report` broke.
    #[error("cancelled")]
    Cancelled,
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The engine cannot work with these photos, in words for a person.
    #[error("{0}")]
    Failed(String),
}
