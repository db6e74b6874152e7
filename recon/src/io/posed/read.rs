//! Reads a pose file or model with the reader of its format.

use std::path::PathBuf;

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
    parse(candidate, &bytes).map_err(|it| {
        IoError::format(&folder.path().join(candidate.place()), it)
    })
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
            let name = |it: &PathBuf| it.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let names: Vec<String> = candidate.files.iter().map(name).collect();
            let parts = names.iter().map(String::as_str).zip(bytes.iter().map(Vec::as_slice));
            transforms::read_split(&parts.collect::<Vec<_>>())
        }
        PoseFormat::OpencvCameras => opencv_cameras::read(first),
        PoseFormat::Llff => llff::read(first),
        PoseFormat::RealityCapture => reality_capture::read(first),
        PoseFormat::Metashape => metashape::read(first),
        PoseFormat::InriaCameras => inria_cameras::read(first),
    }
}
