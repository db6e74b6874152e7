//! The header of a photo's file: its size, its turn, what a pixel holds.

use std::io::Cursor;
use std::path::Path;

use image::{ExtendedColorType, ImageDecoder, ImageReader, metadata};
use rayon::prelude::*;

use crate::dataset::{ImageFile, Orientation};

use super::photo_names::foreign_reason;
use super::{Folder, IoError};

/// Enough for the header of nearly every photo: EXIF, a thumbnail, then the size.
const FRONT_BYTES: u64 = 1 << 16;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Width in pixels as stored.
    pub(super) width: u32,
    /// Height in pixels as stored.
    pub(super) height: u32,
    /// What EXIF asks for.
    pub(super) orientation: Orientation,
    /// Whether there is an alpha channel.
    pub(super) has_alpha: bool,
    /// Bits per channel.
    pub(super) bits: u8,
}

impl Header {
    /// The photo's file, turned as EXIF asks where `turned`.
    pub(super) fn image_file(&self, path: &Path, turned: bool) -> ImageFile {
        let orientation = if turned {
            self.orientation
        } else {
            Orientation::Stored
        };
        let (mut width, mut height) = (self.width, self.height);
        if orientation.swaps_sides() {
            std::mem::swap(&mut width, &mut height);
        }
        ImageFile {
            path: path.to_owned(),
            width,
            height,
            orientation,
            has_alpha: self.has_alpha,
            bits: self.bits,
        }
    }
}

/// The headers of all `paths`, read on all threads; where one cannot be read, why and what to do.
pub(super) fn read_all(folder: &Folder, paths: &[&Path]) -> Vec<Result<Header, String>> {
    let headers = paths.par_iter().map(|it| read(folder, it));
    headers.collect()
}

/// One header; where it cannot be read, why and what to do.
fn read(folder: &Folder, path: &Path) -> Result<Header, String> {
    if let Some(reason) = foreign_reason(path) {
        return Err(reason);
    }
    let cause = |it: IoError| match it {
        IoError::System { source, .. } => format!("cannot be read: {source}"),
        IoError::Format { source, .. } => source.to_string(),
    };
    let front = folder.read_front(path, FRONT_BYTES).map_err(cause)?;
    match parse(&front) {
        Err(_) if front.len() as u64 == FRONT_BYTES => parse(&folder.read(path).map_err(cause)?),
        header => header,
    }
}

fn parse(bytes: &[u8]) -> Result<Header, String> {
    if bytes.is_empty() {
        return Err("the file is empty (0 bytes). Copy it again".to_owned());
    }
    let damaged = |it: &dyn std::fmt::Display| {
        format!("the header cannot be read ({it}). Copy or export the photo again")
    };
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let reader = reader.map_err(|it| damaged(&it))?;
    if reader.format().is_none() {
        let what = super::open_splats::kind_of(bytes);
        return Err(format!("no image: the content is {what}"));
    }
    let mut decoder = reader.into_decoder().map_err(|it| damaged(&it))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(format!("{width} × {height} pixels: there is nothing in it"));
    }
    let colour = decoder.original_color_type();
    let orientation = decoder
        .orientation()
        .unwrap_or(metadata::Orientation::NoTransforms);
    Ok(Header {
        width,
        height,
        orientation: ours(orientation),
        has_alpha: decoder.color_type().has_alpha(),
        bits: match colour {
            ExtendedColorType::Rgb32F | ExtendedColorType::Rgba32F => 32,
            _ if decoder.color_type().bytes_per_pixel() > decoder.color_type().channel_count() => {
                16
            }
            _ => 8,
        },
    })
}

fn ours(orientation: metadata::Orientation) -> Orientation {
    use metadata::Orientation as Theirs;
    match orientation {
        Theirs::NoTransforms => Orientation::Stored,
        Theirs::FlipHorizontal => Orientation::FlipHorizontal,
        Theirs::Rotate180 => Orientation::Rotate180,
        Theirs::FlipVertical => Orientation::FlipVertical,
        Theirs::Rotate90FlipH => Orientation::Rotate90FlipHorizontal,
        Theirs::Rotate90 => Orientation::Rotate90,
        Theirs::Rotate270FlipH => Orientation::Rotate270FlipHorizontal,
        Theirs::Rotate270 => Orientation::Rotate270,
    }
}
