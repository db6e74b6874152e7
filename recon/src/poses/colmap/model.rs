//! The files around a run of COLMAP: photos unpacked for it, its unfinished and its final models.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::upright;
use crate::dataset::PoseFile;
use crate::io::{Folder, IoError, colmap};
use crate::poses::{LivePoses, Photos, PoseError};

/// A photo's path in the folder, with forward slashes.
pub(super) fn name_of(path: &Path) -> String {
    let parts = path.components().map(|it| it.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

pub(super) fn make_folder(path: &Path) -> Result<(), IoError> {
    fs::create_dir_all(path).map_err(|it| IoError::system(path, it))
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    fs::write(path, bytes).map_err(|it| IoError::system(path, it))
}

/// Copies a packed photo to the disk, below `to`. A [`Folder`]'s paths never lead out of it.
pub(super) fn unpack(folder: &Folder, path: &Path, to: &Path) -> Result<(), IoError> {
    let bytes = folder.read(path)?;
    let target = to.join(path);
    if let Some(parent) = target.parent() {
        make_folder(parent)?;
    }
    write(&target, &bytes)
}

/// The model's folders, `0`, `1`, …, and COLMAP's own order.
fn models(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|it| it.path())
        .filter(|it| it.join("images.bin").is_file())
        .collect();
    found.sort();
    found
}

/// Whether there is any model.
pub(super) fn is_there(folder: &Path) -> bool {
    !models(folder).is_empty()
}

fn read_model(folder: &Path) -> Result<PoseFile, IoError> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).map_err(|it| IoError::system(&path, it))
    };
    let (cameras, images) = (read("cameras.bin")?, read("images.bin")?);
    let points = read("points3D.bin")?;
    colmap::read_binary(&cameras, &images, Some(&points)).map_err(|it| IoError::format(folder, it))
}

fn count(folder: &Path) -> u64 {
    let bytes = fs::read(folder.join("images.bin")).unwrap_or_default();
    colmap::count_images("images.bin", &bytes).unwrap_or_default()
}

/// The largest model, with names and pixels as in `photos`.
pub(super) fn read_result(folder: &Path, photos: &Photos) -> Result<PoseFile, PoseError> {
    let models = models(folder);
    let counts: Vec<u64> = models.iter().map(|it| count(it)).collect();
    let largest = (0..models.len()).rev().max_by_key(|it| counts[*it]);
    let Some(largest) = largest else {
        return Err(PoseError::Failed("COLMAP wrote no model".to_owned()));
    };
    let mut file = read_model(&models[largest])?;
    if 1 < models.len() {
        let sizes: Vec<String> = counts.iter().map(ToString::to_string).collect();
        file.warnings.push(format!(
            "COLMAP made {} models that do not hang together, of {} photos; the largest was taken",
            models.len(),
            sizes.join(", ")
        ));
    }
    let named = photos.images.iter().map(|it| (name_of(&it.path), it));
    let named: HashMap<String, _> = named.collect();
    upright::make_upright(&mut file, &named);
    let placed: HashSet<&str> = file.frames.iter().map(|it| it.image.as_str()).collect();
    let names = photos.images.iter().map(|it| name_of(&it.path));
    file.unregistered = names.filter(|it| !placed.contains(it.as_str())).collect();
    Ok(file)
}

/// The unfinished models that COLMAP leaves behind while it works.
#[derive(Debug)]
pub(super) struct Snapshots {
    folder: PathBuf,
    shown: Option<PathBuf>,
}

impl Snapshots {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            shown: None,
        }
    }

    /// The newest, if it is newer than the last one and complete.
    pub(super) fn newest(&mut self) -> Option<LivePoses> {
        // Their names are times, of equal length.
        let newest = models(&self.folder).pop()?;
        if self.shown.as_ref() == Some(&newest) {
            return None;
        }
        // Half-written files do not read; they will the next time.
        let file = read_model(&newest).ok()?;
        self.shown = Some(newest);
        Some(LivePoses {
            cameras: file.frames.iter().map(|it| it.c2w).collect(),
            points: file.points.positions,
            colours: file.points.colours,
        })
    }
}
