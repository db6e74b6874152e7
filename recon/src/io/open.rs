//! One `open` for whatever is dropped: splats, posed photos, plain photos, a video.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dataset::Dataset;
use crate::poses::Photos;

use super::open_splats::{self, open_splats};
use super::photo_names::extension;
use super::photos::open_photos;
use super::{Folder, FormatError, IoError, SplatFile, SplatFormat};

/// Bytes from the front of a file that tell what it is.
const FRONT_BYTES: u64 = 1 << 16;

/// Endings of videos.
const VIDEOS: [&str; 6] = ["mp4", "mov", "mkv", "avi", "webm", "m4v"];

/// What a path was found to hold.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A scene.
    Splats(SplatFile),
    /// Photos with poses.
    Dataset(Dataset),
    /// Photos without poses.
    Photos(Photos),
    /// A video. Nothing of it was decoded.
    Video(PathBuf),
}

/// What can be chosen when photos are opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenOptions {}

/// Opens the file, folder or zip at `path`, whatever it holds.
///
/// # Errors
/// [`IoError`], naming the path: what was found there, why it cannot be used, and what can.
pub fn open(path: &Path) -> Result<Opened, IoError> {
    open_with(path, &OpenOptions::default())
}

/// The same, with choices.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: &Path, _options: &OpenOptions) -> Result<Opened, IoError> {
    let system = |it| IoError::system(path, it);
    if fs::metadata(path).map_err(system)?.is_dir() {
        return open_folder(path);
    }
    let front = front(path).map_err(system)?;
    if front.starts_with(b"PK") && extension(path) != "sog" && extension(path) != "usdz" {
        return open_folder(path);
    }
    let is_video = open_splats::kind_of(&front) == "a video"
        || VIDEOS.contains(&extension(path).as_str()) && !front.is_empty();
    if is_video {
        return Ok(Opened::Video(path.to_owned()));
    }
    open_splats(path).map(Opened::Splats)
}

/// A folder or a zip.
fn open_folder(path: &Path) -> Result<Opened, IoError> {
    let folder = Folder::open(path)?;
    if folder.find("meta.json").is_some() {
        return open_splats(path).map(Opened::Splats);
    }
    match open_photos(&folder, path)? {
        Some(photos) => Ok(Opened::Photos(photos)),
        None => Err(nothing_usable(path, &folder)),
    }
}

fn nothing_usable(path: &Path, folder: &Folder) -> IoError {
    let files = folder.files().count();
    let cause = format!(
        "{files} files, and nothing that can be opened. {}",
        accepted()
    );
    IoError::format(path, FormatError::Unsupported(cause))
}

fn accepted() -> String {
    format!(
        "Accepted are splats ({}), a folder or zip of photos with or without poses, a pose file, \
         or a video",
        SplatFormat::SUPPORTED
    )
}

fn front(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut front = Vec::new();
    File::open(path)?
        .take(FRONT_BYTES)
        .read_to_end(&mut front)?;
    Ok(front)
}
