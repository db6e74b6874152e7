//! The first directory of a TIFF, wherever in the file it lies.

use std::io::{Cursor, ErrorKind};

use image::codecs::tiff::TiffDecoder;
use image::{ColorType, ImageDecoder, ImageError};

use super::Stored;
use crate::io::FormatError;

pub(super) fn read(bytes: &[u8]) -> Result<Stored<'_>, FormatError> {
    let decoder = TiffDecoder::new(Cursor::new(bytes)).map_err(|it| match it {
        ImageError::IoError(it) if it.kind() == ErrorKind::UnexpectedEof => {
            FormatError::Truncated {
                what: "the TIFF directory".to_owned(),
                needed: bytes.len() as u64 + 1,
                found: bytes.len() as u64,
            }
        }
        ImageError::Unsupported(it) => FormatError::Unsupported(format!(
            "a TIFF of a kind that is not read ({it}). Export it as RGB of 8 or 16 bits"
        )),
        it => FormatError::Malformed(format!(
            "not a readable TIFF ({it}). The file is damaged; export it again"
        )),
    })?;
    let (width, height) = decoder.dimensions();
    let colour = decoder.color_type();
    Ok(Stored {
        width,
        height,
        has_alpha: colour.has_alpha(),
        bits: match colour {
            ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => 8,
            ColorType::Rgb32F | ColorType::Rgba32F => 32,
            _ => 16,
        },
        exif: Some(bytes), // EXIF is TIFF
    })
}
