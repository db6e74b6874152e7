//! Reads a pose file or model with the reader of its format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dataset::{PoseFile, PoseFormat};
use crate::io::photo_names::{is_photo, slashed};
use crate::io::{
    Folder, FormatError, IoError, colmap, inria_cameras, llff, metashape, opencv_cameras,
    reality_capture, transforms,
};

use super::candidates::Candidate;

/// What the files of `candidate` say.
///
/// # Errors
/// [`IoError`], naming the file, where it cannot be read.
pub(super) fn read(folder: &Folder, candidate: &Candidate) -> Result<PoseFile, IoError> {
    let mut bytes = Vec::new();
    for path in &candidate.files {
        bytes.push(folder.read(path)?);
    }
    parse(candidate, &bytes)
        .map_err(|it| IoError::format(&folder.path().join(candidate.place()), it))
}

fn parse(candidate: &Candidate, bytes: &[Vec<u8>]) -> Result<PoseFile, FormatError> {
    let file = |index: usize| bytes.get(index).map(Vec::as_slice);
    let first = file(0).unwrap_or_default();
    let second = file(1).unwrap_or_default();
    match candidate.format {
        PoseFormat::ColmapBinary => colmap::read_binary(first, second, file(2)),
        PoseFormat::ColmapText => colmap::read_text(first, second, file(2)),
        PoseFormat::Transforms => transforms::read(first),
        PoseFormat::Blender => {
            let name = |it: &PathBuf| {
                it.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            };
            let names: Vec<String> = candidate.files.iter().map(name).collect();
            let parts = names
                .iter()
                .map(String::as_str)
                .zip(bytes.iter().map(Vec::as_slice));
            transforms::read_split(&parts.collect::<Vec<_>>())
        }
        PoseFormat::OpencvCameras => opencv_cameras::read(first),
        PoseFormat::Llff => llff::read(first),
        PoseFormat::RealityCapture => reality_capture::read(first),
        PoseFormat::Metashape => metashape::read(first),
        PoseFormat::InriaCameras => inria_cameras::read(first),
    }
}

/// Gives the rows of LLFF, which name no photos, those of the folder in the order of their names:
/// the photos in `images`, or in another folder that has as many as there are rows.
pub(super) fn name_rows(poses: &mut PoseFile, folder: &Folder) {
    if poses.format != PoseFormat::Llff {
        return;
    }
    let mut by_folder: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for path in folder.files().filter(|it| is_photo(it)) {
        let place = path.parent().unwrap_or(Path::new(""));
        by_folder.entry(place).or_default().push(path);
    }
    let rows = poses.frames.len() + poses.unregistered.len();
    let fits = by_folder.iter().filter(|it| it.1.len() == rows);
    // `images` before `images_4`, which comes later in the alphabet too.
    let Some((_, photos)) = fits.min_by_key(|it| !it.0.ends_with("images")) else {
        let counts = by_folder
            .iter()
            .map(|it| format!("{} in {}", it.1.len(), slashed(it.0)));
        let counts = counts.collect::<Vec<_>>().join(", ");
        poses.warnings.push(format!(
            "its {rows} rows name no photos, and no folder has as many ({counts}): \
             put back the photos that the poses were made from"
        ));
        return;
    };
    let named = |row: &str| {
        let photo = row.parse::<usize>().ok().and_then(|it| photos.get(it));
        photo.map_or_else(|| row.to_owned(), |it| slashed(it))
    };
    for frame in &mut poses.frames {
        frame.image = named(&frame.image);
    }
    for row in &mut poses.unregistered {
        *row = named(row);
    }
}
