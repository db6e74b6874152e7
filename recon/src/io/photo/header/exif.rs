//! What EXIF tells of the camera. Whatever is broken in it is left out: pixels need none of it.

use exif::{Exif, In, Reader, Tag, Value};

use super::FILM_DIAGONAL_MM;
use crate::dataset::Orientation;

/// A TIFF that is larger is searched for nothing but its size: reading EXIF takes a copy.
const MAX_BYTES: usize = 64 << 20;

/// What is used of EXIF.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Taken {
    pub orientation: Orientation,
    pub focal_mm: Option<f64>,
    pub camera: Option<String>,
    stated_35mm: Option<f64>,
    /// Size of a pixel on the sensor in millimetres, and pixels across the sensor, where stated.
    pixel_mm: Option<f64>,
    pixels: Option<(f64, f64)>,
}

/// Reads an EXIF block: a TIFF with its header.
pub(super) fn read(block: &[u8]) -> Taken {
    if MAX_BYTES < block.len() {
        return Taken::default();
    }
    let mut reader = Reader::new();
    let exif = reader
        .continue_on_error(true)
        .read_raw(block.to_vec())
        .or_else(|it| it.distill_partial_result(|_| {}));
    let Ok(exif) = exif else {
        return Taken::default();
    };
    let positive = |tag| number(&exif, tag).filter(|it| it.is_finite() && 0.0 < *it);
    let unit_mm = match number(&exif, Tag::FocalPlaneResolutionUnit) {
        Some(3.0) => 10.0,
        Some(4.0) => 1.0,
        Some(5.0) => 1e-3,
        _ => 25.4,
    };
    Taken {
        orientation: orientation(number(&exif, Tag::Orientation)),
        focal_mm: positive(Tag::FocalLength),
        camera: camera(&exif),
        stated_35mm: positive(Tag::FocalLengthIn35mmFilm),
        pixel_mm: positive(Tag::FocalPlaneXResolution).map(|it| unit_mm / it),
        pixels: positive(Tag::PixelXDimension).zip(positive(Tag::PixelYDimension)),
    }
}

impl Taken {
    /// In 35 mm equivalents, for a photo of this size as stored.
    pub(super) fn focal_35mm(&self, width: u32, height: u32) -> Option<f64> {
        if self.stated_35mm.is_some() {
            return self.stated_35mm;
        }
        // The resolution of the sensor counts pixels as the camera took them, not as they were
        // scaled later.
        let size = (f64::from(width), f64::from(height));
        let (width, height) = self.pixels.unwrap_or(size);
        let diagonal_mm = width.hypot(height) * self.pixel_mm?;
        let focal = self.focal_mm? / diagonal_mm * FILM_DIAGONAL_MM;
        // Half of all sensor sizes in EXIF are nonsense; lenses are not.
        (4.0..4000.0).contains(&focal).then_some(focal)
    }
}

fn orientation(number: Option<f64>) -> Orientation {
    match number.map_or(1, |it| it as u16) {
        2 => Orientation::FlipHorizontal,
        3 => Orientation::Rotate180,
        4 => Orientation::FlipVertical,
        5 => Orientation::Rotate90FlipHorizontal,
        6 => Orientation::Rotate90,
        7 => Orientation::Rotate270FlipHorizontal,
        8 => Orientation::Rotate270,
        _ => Orientation::Stored,
    }
}

fn number(exif: &Exif, tag: Tag) -> Option<f64> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(it) => it.first().map(exif::Rational::to_f64),
        Value::SRational(it) => it.first().map(exif::SRational::to_f64),
        Value::Float(it) => it.first().copied().map(f64::from),
        Value::Double(it) => it.first().copied(),
        it => it.get_uint(0).map(f64::from),
    }
}

/// Make, model and lens in one line, without saying the make twice.
fn camera(exif: &Exif) -> Option<String> {
    let text = |tag| {
        let Value::Ascii(lines) = &exif.get_field(tag, In::PRIMARY)?.value else {
            return None;
        };
        let text = String::from_utf8_lossy(lines.first()?).trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let body = match (text(Tag::Make), text(Tag::Model)) {
        (Some(make), Some(model)) if !model.starts_with(&make) => Some(format!("{make} {model}")),
        (make, model) => model.or(make),
    };
    match (body, text(Tag::LensModel)) {
        (Some(body), Some(lens)) => Some(format!("{body}, {lens}")),
        (body, lens) => body.or(lens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sensor_gives_the_equivalent_where_it_is_not_stated() {
        // A full-frame sensor of 36 mm × 24 mm, 6000 × 4000 pixels.
        let mut taken = Taken {
            focal_mm: Some(50.0),
            pixel_mm: Some(0.006),
            pixels: Some((6000.0, 4000.0)),
            ..Taken::default()
        };
        let focal = taken.focal_35mm(600, 400).unwrap();
        assert!((focal - 50.0).abs() < 1e-9, "{focal}");
        taken.pixel_mm = Some(1e-9);
        assert_eq!(taken.focal_35mm(600, 400), None);
        taken.stated_35mm = Some(28.0);
        assert_eq!(taken.focal_35mm(600, 400), Some(28.0));
    }
}
