//! Poses kept beside the photos, in `.accrete/`, as a COLMAP model that other programs can read.

use std::path::{Path, PathBuf};

use super::{GateReport, PoseConfig, PoseError};
use crate::dataset::PoseFile;
use crate::io::Folder;

/// What was kept, and whether the photos are still the same.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The poses.
    pub poses: PoseFile,
    /// What the gate said.
    pub gate: GateReport,
    /// How they were found.
    pub config: Option<PoseConfig>,
    /// Photos that are in the folder now and were not then.
    pub added: Vec<String>,
    /// Photos that were there then and are gone.
    pub removed: Vec<String>,
    /// Photos whose size or time has changed.
    pub changed: Vec<String>,
}

/// Where the results of `folder` belong: `.accrete` inside of it, or inside `elsewhere`.
///
/// # Errors
/// For a zip without `elsewhere`: nothing can be put beside its photos.
pub fn place(folder: &Folder, elsewhere: Option<&Path>) -> Result<PathBuf, PoseError> {
    let _ = (folder, elsewhere);
    Err(PoseError::Failed("not there yet".to_owned()))
}

/// Where an interrupted run keeps what it has, below [`place`].
pub fn partial(place: &Path) -> PathBuf {
    place.join("partial")
}

/// Keeps the poses beside the photos, in one step.
///
/// # Errors
/// Where the folder is a zip or cannot be written to; the photos are never touched.
pub fn save(folder: &Folder, poses: &PoseFile, gate: &GateReport) -> Result<PathBuf, PoseError> {
    let place = place(folder, None)?;
    save_at(&place, folder, poses, gate, None)?;
    Ok(place)
}

/// Keeps the poses at `place`, in one step.
///
/// # Errors
/// Where `place` cannot be written to; the photos are never touched.
pub fn save_at(
    place: &Path,
    folder: &Folder,
    poses: &PoseFile,
    gate: &GateReport,
    config: Option<&PoseConfig>,
) -> Result<(), PoseError> {
    let _ = (place, folder, poses, gate, config);
    Err(PoseError::Failed("not there yet".to_owned()))
}

/// What was kept beside the photos. Warnings of the poses say where photos have changed since.
pub fn load(folder: &Folder) -> Option<(PoseFile, GateReport)> {
    let kept = load_at(&place(folder, None).ok()?, folder)?;
    Some((kept.poses, kept.gate))
}

/// What was kept at `place`; `None` where nothing is, or where it is damaged.
pub fn load_at(place: &Path, folder: &Folder) -> Option<Kept> {
    let _ = (place, folder);
    None
}
