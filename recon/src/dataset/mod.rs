//! Posed photos: what a folder holds once it was opened, and what is chosen from it.
//!
//! ```text
//! a pose file's bytes ──► PoseFile        one reader per format in `io`, no disk
//! PoseFile + Folder   ──► Dataset         `io::open`: finds the photos, reads their headers
//! photos without poses ─► PoseFile        `poses`, an engine
//! Dataset             ──► Photo           decoded, undistorted, resized on demand
//! ```
//!
//! Coordinates are those of the pose file, in f64; cameras have OpenCV's axes (x right, y down,
//! z forward) whatever the file had. What is deliberately absent: no GPU, no thread.

mod camera;
mod dots;
mod eigen;
mod headline;
mod joined;
pub mod kmeans;
mod lens;
pub mod normalise;
mod outliers;
mod points;
mod pose_file;
mod report;
mod reprojection;
pub mod resize;
mod split;
mod undistort;
mod view;

pub use camera::{camera_at, camera_of, pose_of};
pub use dots::dots;
pub use joined::Joined;
pub use lens::{Distortion, Lens, LensModel, Projection};
pub use outliers::outliers;
pub use points::{Observation, Points};
pub use pose_file::{Frame, LengthUnit, Optics, PoseFile, PoseFormat, RelativeLens};
pub use report::{ImageProblem, ImportReport, LensReport, MissingImage, ReprojectionReport};
pub use reprojection::reprojection;
pub use split::HoldOut;
pub use undistort::{Undistorted, Undistortion};
pub use view::{ImageFile, Orientation, Split, View};

use std::collections::BTreeMap;

use crate::io::Folder;

/// A folder of photos with poses, ready to be worked on. No photo is decoded yet.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// What a person calls it.
    pub name: String,
    /// Where its files lie. Nothing outside of it is read.
    pub folder: Folder,
    /// The cameras' inner geometry, in pixels of the upright photos. Views refer to it by index.
    pub lenses: Vec<Lens>,
    /// The photos that are there and have a pose, in the order of the pose file.
    pub views: Vec<View>,
    /// Points known beforehand, world coordinates; often empty.
    pub points: Points,
    /// Choices of input views that were published with the scene, as indices into `views`, by how
    /// many were asked for (`fold_8_kmeans_{N}_input` of `opencv_cameras.json`).
    pub input_lists: BTreeMap<usize, Vec<usize>>,
    /// By what its views were split; `None` where the pose file did.
    pub hold_out: Option<HoldOut>,
    /// What was found, and what was odd.
    pub report: ImportReport,
}
