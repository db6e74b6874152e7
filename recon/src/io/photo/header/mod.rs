//! What the first bytes of a photo say: size, turn, alpha, and with what it was taken.

mod exif;
mod exr;
pub(super) mod jpeg;
mod png;
mod tiff;
mod webp;

use std::path::Path;

use crate::dataset::Orientation;
use crate::io::{Folder, FormatError, IoError};

use super::PhotoKind;

/// How many bytes from the front of a file to try first. Most headers end well before; where
/// [`read_header`] says [`FormatError::Truncated`], it needs more.
pub const HEADER_BYTES: u64 = 32 << 10;

/// Diagonal of a 35 mm film frame (36 mm × 24 mm), in millimetres: what "35 mm equivalents" are
/// measured by.
const FILM_DIAGONAL_MM: f64 = 43.266_615_305_567_87;

/// What a photo says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// What it is.
    pub kind: PhotoKind,
    /// Width in pixels as stored, before `orientation`.
    pub width: u32,
    /// Height in pixels as stored.
    pub height: u32,
    /// What EXIF says has to be done to the stored pixels.
    pub orientation: Orientation,
    /// Whether there is an alpha channel (or a transparent colour).
    pub has_alpha: bool,
    /// Bits per channel: 8, 16 or 32.
    pub bits: u8,
    /// Focal length in 35 mm equivalents, by the frame's diagonal: as EXIF states it, else from
    /// `focal_mm` and the sensor's size where EXIF has that.
    pub focal_35mm: Option<f64>,
    /// Focal length in millimetres, as EXIF states it.
    pub focal_mm: Option<f64>,
    /// Make, model and lens in one line. Photos of one camera and lens have the same.
    pub camera: Option<String>,
}

impl Header {
    /// Width and height once upright.
    pub fn upright_size(&self) -> (u32, u32) {
        if self.orientation.swaps_sides() {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        }
    }

    /// Focal length in pixels, where EXIF tells it: 35 mm equivalents are measured by the frame's
    /// diagonal, and so is this.
    pub fn focal_px(&self) -> Option<f64> {
        let diagonal_px = f64::from(self.width).hypot(f64::from(self.height));
        Some(self.focal_35mm? / FILM_DIAGONAL_MM * diagonal_px)
    }
}

/// What a container's own header says, before EXIF is looked at.
#[derive(Clone, Copy, Debug)]
struct Stored<'a> {
    width: u32,
    height: u32,
    has_alpha: bool,
    bits: u8,
    /// The EXIF block: a small TIFF.
    exif: Option<&'a [u8]>,
}

/// Reads the header of the file called `name` from its first bytes, or from all of them.
///
/// # Errors
/// [`FormatError::Truncated`] where the header goes on after `bytes`: where these are only the
/// front, read more of the file. [`FormatError::Unsupported`] for other kinds of files, and for
/// photos that will not decode, with advice. [`FormatError::Malformed`] where it is damaged.
pub fn read_header(name: &str, bytes: &[u8]) -> Result<Header, FormatError> {
    let kind = PhotoKind::recognise(name, bytes)?;
    let stored = match kind {
        PhotoKind::Jpeg => jpeg::read(bytes)?,
        PhotoKind::Png => png::read(bytes)?,
        PhotoKind::WebP => webp::read(bytes)?,
        PhotoKind::OpenExr => exr::read(bytes)?,
        PhotoKind::Tiff => tiff::read(bytes)?,
    };
    if stored.width == 0 || stored.height == 0 {
        return Err(FormatError::Malformed(format!(
            "a {kind} image of {}×{} pixels. The file is damaged; copy it again",
            stored.width, stored.height
        )));
    }
    let exif = stored.exif.map(exif::read).unwrap_or_default();
    Ok(Header {
        kind,
        width: stored.width,
        height: stored.height,
        orientation: exif.orientation,
        has_alpha: stored.has_alpha,
        bits: stored.bits,
        focal_35mm: exif.focal_35mm(stored.width, stored.height),
        focal_mm: exif.focal_mm,
        camera: exif.camera,
    })
}

/// Reads the header of a file of the folder, and no more of the file than it takes.
///
/// # Errors
/// As [`read_header`], and where the system refuses.
pub fn header_of(folder: &Folder, relative: &Path) -> Result<Header, IoError> {
    let name = relative.to_string_lossy();
    let format = |it| IoError::format(&super::place(folder, relative), it);
    for limit in [HEADER_BYTES, HEADER_BYTES * 16] {
        let front = folder.read_front(relative, limit)?;
        let is_all = (front.len() as u64) < limit;
        match read_header(&name, &front) {
            Err(FormatError::Truncated { .. }) if !is_all => {}
            result => return result.map_err(format),
        }
    }
    let all = folder.read(relative)?;
    read_header(&name, &all).map_err(format)
}

/// The header goes on to `needed` bytes.
fn check_reaches(bytes: &[u8], needed: usize, what: &str) -> Result<(), FormatError> {
    crate::io::bounded::check_length(bytes.len() as u64, needed as u64, what)
}

fn malformed(cause: &str) -> FormatError {
    FormatError::Malformed(format!("{cause}. The file is damaged; copy it again"))
}
