//! One photo's pixels, decoded and upright.

use image::RgbaImage;

use crate::dataset::ImageFile;
use crate::io::photo::{MAX_PIXELS, decode, turn};
use crate::io::{Folder, FormatError, IoError};

/// Decodes the photo and turns it upright; 8 bits per channel, alpha straight.
pub(super) fn read(folder: &Folder, image: &ImageFile) -> Result<RgbaImage, IoError> {
    let bytes = folder.read(&image.path)?;
    let format = |it| IoError::format(&image.path, it);
    let name = image.path.to_string_lossy();
    let stored = decode(&name, &bytes, MAX_PIXELS).map_err(format)?;
    let (width, height) = stored.dimensions();
    let upright = if image.orientation.swaps_sides() {
        (height, width)
    } else {
        (width, height)
    };
    if upright != (image.width, image.height) {
        let cause = format!(
            "it has {}×{} pixels now and had {}×{} when the folder was opened. Open it again",
            upright.0, upright.1, image.width, image.height
        );
        return Err(format(FormatError::Malformed(cause)));
    }
    let pixels = turn::<4>(stored.into_raw(), width, height, image.orientation);
    RgbaImage::from_raw(upright.0, upright.1, pixels).ok_or_else(|| {
        let cause = "its pixels do not fill it. Copy or export it again";
        format(FormatError::Malformed(cause.to_owned()))
    })
}
