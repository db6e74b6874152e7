//! One photo's pixels, decoded and upright.

use std::io::Cursor;

use image::metadata::Orientation as Turn;
use image::{DynamicImage, ImageReader, Limits, RgbaImage};

use crate::dataset::{ImageFile, Orientation};
use crate::io::{Folder, FormatError, IoError};

/// Decodes the photo and turns it upright; 8 bits per channel, alpha straight.
pub(super) fn read(folder: &Folder, image: &ImageFile) -> Result<RgbaImage, IoError> {
    let bytes = folder.read(&image.path)?;
    let broken = |it: String| {
        let cause = format!("cannot be decoded ({it}). Export it again as JPEG or PNG");
        IoError::format(&image.path, FormatError::Malformed(cause))
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|it| broken(it.to_string()))?;
    reader.limits(Limits::default());
    let mut photo: DynamicImage = reader.decode().map_err(|it| broken(it.to_string()))?;
    photo.apply_orientation(turn(image.orientation));
    let photo = photo.into_rgba8();
    if photo.dimensions() != (image.width, image.height) {
        let (width, height) = photo.dimensions();
        let claimed = format!("its header says {}×{}", image.width, image.height);
        return Err(broken(format!("{width}×{height} pixels, {claimed}")));
    }
    Ok(photo)
}

fn turn(orientation: Orientation) -> Turn {
    match orientation {
        Orientation::Stored => Turn::NoTransforms,
        Orientation::FlipHorizontal => Turn::FlipHorizontal,
        Orientation::Rotate180 => Turn::Rotate180,
        Orientation::FlipVertical => Turn::FlipVertical,
        Orientation::Rotate90FlipHorizontal => Turn::Rotate90FlipH,
        Orientation::Rotate90 => Turn::Rotate90,
        Orientation::Rotate270FlipHorizontal => Turn::Rotate270FlipH,
        Orientation::Rotate270 => Turn::Rotate270,
    }
}

/// What EXIF says about the camera.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mark {
    /// Make, model, lens and focal length as written: equal for photos of one lens.
    pub(super) camera: String,
    /// Focal length in 35 mm equivalents.
    pub(super) focal_35mm: Option<f64>,
}

/// Bytes at a photo's front that hold its EXIF block.
const FRONT_BYTES: u64 = 256 << 10;

/// Reads the camera's mark; a photo without one has an empty mark.
pub(super) fn mark(folder: &Folder, image: &ImageFile) -> Mark {
    let Ok(front) = folder.read_front(&image.path, FRONT_BYTES) else {
        return Mark::default();
    };
    let Ok(fields) = exif::Reader::new().read_from_container(&mut Cursor::new(front)) else {
        return Mark::default();
    };
    let field = |tag| fields.get_field(tag, exif::In::PRIMARY);
    let text = |tag| field(tag).map(|it| it.display_value().to_string());
    let number = match field(exif::Tag::FocalLengthIn35mmFilm).map(|it| &it.value) {
        Some(exif::Value::Short(it)) => it.first().map(|it| f64::from(*it)),
        Some(exif::Value::Long(it)) => it.first().map(|it| f64::from(*it)),
        _ => None,
    };
    let tags = [
        exif::Tag::Make,
        exif::Tag::Model,
        exif::Tag::LensModel,
        exif::Tag::FocalLength,
        exif::Tag::FocalLengthIn35mmFilm,
    ];
    let camera: Vec<String> = tags.into_iter().filter_map(text).collect();
    Mark {
        camera: camera.join(", "),
        focal_35mm: number.filter(|it| (1.0..10_000.0).contains(it)),
    }
}
