//! Writes pictures as PNG.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat};

use super::{FormatError, IoError, replace};

/// Writes a PNG in one step: an older file is replaced by a whole one.
///
/// # Errors
/// Where the picture has no pixels or the system refuses.
pub fn save_png(path: &Path, picture: &DynamicImage) -> Result<(), IoError> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|it| {
            let cause = format!("cannot be written as PNG ({it})");
            IoError::format(path, FormatError::Unsupported(cause))
        })?;
    replace(path, &bytes.into_inner()).map_err(|it| IoError::system(path, it))
}
