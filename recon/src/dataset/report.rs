//! What opening a folder found: shown by the window and by `accrete info`.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::{LensModel, Orientation, PoseFormat};

/// What opening a folder found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ImportReport {
    /// What was dropped.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Which format the poses have; `None` for photos without poses.
    pub format: Option<PoseFormat>,
    /// The pose file or COLMAP model that was read, relative to the folder.
    #[serde(serialize_with = "lossy_option")]
    pub pose_file: Option<PathBuf>,
    /// Other pose files and models that were there, and why they were not taken.
    pub not_taken: Vec<String>,
    /// One entry per lens.
    pub lenses: Vec<LensReport>,
    /// Photos that the pose file lists.
    pub listed: usize,
    /// Photos used.
    pub used: usize,
    /// Of these, for training.
    pub train: usize,
    /// Of these, held out.
    pub held_out: usize,
    /// How the held-out ones were chosen, in words: `every 8th view`; empty where nothing was.
    pub split: String,
    /// Photos that are listed and not there, with every path that was tried.
    pub missing: Vec<MissingImage>,
    /// Photos without a pose: in the folder but not in the pose file, or named there without one.
    pub unregistered: Vec<String>,
    /// Photos that are there and cannot be used.
    pub broken: Vec<ImageProblem>,
    /// Photos that EXIF turns, and by what.
    pub turned: Vec<(String, Orientation)>,
    /// Different sizes of the upright photos in pixels, width and height, the most frequent first.
    pub sizes: Vec<(u32, u32)>,
    /// Masks found.
    pub masks: usize,
    /// Photos with an alpha channel.
    pub with_alpha: usize,
    /// Points known beforehand.
    pub points: usize,
    /// Where they come from, in words: `points3D.bin`, `sparse.ply`.
    pub point_source: Option<String>,
    /// Where tracks exist: how well the cameras fit them.
    pub reprojection: Option<ReprojectionReport>,
    /// Views whose camera is far from the others, by name.
    pub outliers: Vec<String>,
    /// What was odd, in words for a person.
    pub warnings: Vec<String>,
}

/// A lens in the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LensReport {
    /// Its model.
    pub model: LensModel,
    /// Image width in pixels.
    pub width: u32,
    /// Image height in pixels.
    pub height: u32,
    /// Focal lengths in pixels.
    pub focal: [f64; 2],
    /// Views that were taken with it.
    pub views: usize,
    /// Whether photos are undistorted when they are loaded.
    pub undistorted: bool,
}

/// A listed photo that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingImage {
    /// As the pose file names it.
    pub name: String,
    /// Every path that was tried, relative to the folder.
    #[serde(serialize_with = "lossy_list")]
    pub tried: Vec<PathBuf>,
}

/// A photo that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageProblem {
    /// Its path, relative to the folder.
    pub name: String,
    /// Why, and what to do.
    pub reason: String,
}

/// How well cameras and points fit the observations, in pixels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReprojectionReport {
    /// Observations measured.
    pub observations: usize,
    /// Mean over all observations, with our projection and distortion.
    pub mean_px: f64,
    /// Median over all observations.
    pub median_px: f64,
    /// The source's own mean over its points, where it states one.
    pub stated_mean_px: Option<f64>,
    /// Observations behind their camera.
    pub behind: usize,
}

// JSON is Unicode and paths need not be: what is not is replaced.

fn lossy<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

#[expect(clippy::ref_option, reason = "serde calls it with this")]
fn lossy_option<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    path.as_ref()
        .map(|it| it.display().to_string())
        .serialize(to)
}

fn lossy_list<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(paths.iter().map(|it| it.display().to_string()))
}
