//! COLMAP's sparse models: three files, as bytes or as text.
//!
//! `cameras` has the lenses, `images` the poses (world to camera, quaternion w x y z, OpenCV axes)
//! with what each image saw, `points3D` the points with their tracks. Files that newer versions
//! put beside them (`rigs`, `frames`) are not needed: `images` still has every pose.
//!
//! Numbers by which the files refer to one another may have gaps and come in any order; what is
//! read here is in the order of these numbers, so that both forms of a model give the same. A
//! record that cannot be used is left out with a warning, a file that cannot be followed is an
//! error that names the file and the place.

mod assemble;
mod binary;
mod model;
mod text;
mod write;

pub use write::{write_binary, write_text};

use super::FormatError;
use crate::dataset::PoseFile;

/// Reads a model from the contents of `cameras.bin`, `images.bin` and, where it is there,
/// `points3D.bin`.
///
/// # Errors
/// Where a file is cut off, claims more than it holds, or names a camera model that is not known.
pub fn read_binary(
    cameras: &[u8],
    images: &[u8],
    points: Option<&[u8]>,
) -> Result<PoseFile, FormatError> {
    binary::read(cameras, images, points).map(model::Model::assemble)
}

/// Reads a model from the contents of `cameras.txt`, `images.txt` and, where it is there,
/// `points3D.txt`. Lines may end in CR LF, the file may begin with a byte order mark, names may
/// contain spaces.
///
/// # Errors
/// Where a line is not what belongs there, or names a camera model that is not known.
pub fn read_text(
    cameras: &[u8],
    images: &[u8],
    points: Option<&[u8]>,
) -> Result<PoseFile, FormatError> {
    text::read(cameras, images, points).map(model::Model::assemble)
}

/// How many images the whole contents of an `images.bin` or `images.txt` list, found without
/// reading what they saw.
///
/// # Errors
/// Where `file_name` ends in neither, or the file claims more than it can hold.
pub fn count_images(file_name: &str, bytes: &[u8]) -> Result<u64, FormatError> {
    let ending = file_name.rsplit_once('.').map(|it| it.1);
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("bin") => binary::count_images(bytes),
        Some("txt") => text::count_images(bytes),
        _ => Err(FormatError::Unsupported(format!(
            "{file_name} is no list of images of COLMAP: these are images.bin and images.txt"
        ))),
    }
}
