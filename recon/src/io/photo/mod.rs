//! Photos: headers when a folder is opened, pixels on demand.
//!
//! ```text
//! front of a file ──► Header                                     read_header, header_of
//! file ──► decode ──► upright ──► undistorted ──► resized ──► Photo      PhotoLoader
//!                          mask file, alpha ───────────────► its mask
//! ```
//!
//! Pixels are sRGB bytes with straight alpha. [`PhotoLoader`] keeps as many bytes of decoded
//! photos as it is allowed to; thousands of photos stream through it within that bound.

mod cache;
mod decode;
mod header;
mod kind;
mod loader;
mod mask;
mod turn;

use std::path::{Path, PathBuf};

use crate::dataset::Lens;

use super::Folder;

pub use decode::{MAX_PIXELS, decode};
pub use header::{HEADER_BYTES, Header, header_of, read_header};
pub use kind::PhotoKind;
pub use loader::PhotoLoader;
pub use turn::turn;

/// A decoded photo, as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// sRGB bytes and straight alpha, `[height × width × 4]`. Alpha is 255 everywhere but under
    /// [`AlphaUse::Transparency`], and with [`PhotoOptions::clear_outside`].
    pub rgba: Vec<u8>,
    /// Which pixels count, `[height × width]`: 255 counts, 0 does not. `None` where all do.
    pub mask: Option<Vec<u8>>,
    /// The lens of these pixels: a pinhole where the photo was undistorted.
    pub lens: Lens,
}

impl Photo {
    /// What it holds in memory.
    pub fn bytes(&self) -> usize {
        self.rgba.len() + self.mask.as_ref().map_or(0, Vec::len)
    }
}

/// What an alpha channel means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlphaUse {
    /// How much of the object there is: kept in the photo.
    #[default]
    Transparency,
    /// Which pixels count: goes into the mask.
    Mask,
    /// Nothing.
    Ignore,
}

/// The size that photos are brought to, by Lanczos. Only [`TargetSize::Exact`] enlarges or changes
/// the ratio of the sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TargetSize {
    /// As stored.
    #[default]
    Full,
    /// The longer side has at most so many pixels.
    MaxSide(u32),
    /// There are at most so many pixels.
    PixelBudget(u64),
    /// Width and height.
    Exact(u32, u32),
}

impl TargetSize {
    /// Width and height for a photo of this size; neither is 0.
    pub fn of(self, width: u32, height: u32) -> (u32, u32) {
        let scale = match self {
            Self::Full => 1.0,
            Self::Exact(width, height) => return (width.max(1), height.max(1)),
            Self::MaxSide(side) => f64::from(side) / f64::from(width.max(height)),
            Self::PixelBudget(pixels) => {
                (pixels as f64 / (f64::from(width) * f64::from(height))).sqrt()
            }
        };
        if 1.0 <= scale {
            return (width, height);
        }
        // Rounding up both sides may exceed a budget.
        let scaled = |side: u32| {
            let side = f64::from(side) * scale;
            let side = match self {
                Self::PixelBudget(_) => side.floor(),
                _ => side.round(),
            };
            (side as u32).max(1)
        };
        (scaled(width), scaled(height))
    }
}

/// How photos are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhotoOptions {
    /// What an alpha channel means.
    pub alpha: AlphaUse,
    /// How large.
    pub size: TargetSize,
    /// Whether photos of bent lenses become those of a pinhole, at full size and before all else;
    /// pixels that the photo does not reach then do not count.
    pub undistort: bool,
    /// Whether what a straightened photo does not reach is transparent, so that a colour can be put
    /// there, instead of black. Around its edge no black is mixed in then.
    pub clear_outside: bool,
    /// Whether mask files are applied.
    pub masks: bool,
}

impl Default for PhotoOptions {
    fn default() -> Self {
        Self {
            alpha: AlphaUse::default(),
            size: TargetSize::default(),
            undistort: true,
            clear_outside: false,
            masks: true,
        }
    }
}

/// What a person calls a file of the folder.
fn place(folder: &Folder, relative: &Path) -> PathBuf {
    let on_disk = folder.on_disk(relative);
    on_disk.unwrap_or_else(|| folder.path().join(relative))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_shrink_and_keep_their_ratio() {
        assert_eq!(TargetSize::Full.of(960, 540), (960, 540));
        assert_eq!(TargetSize::MaxSide(480).of(540, 960), (270, 480));
        assert_eq!(TargetSize::MaxSide(4000).of(960, 540), (960, 540));
        assert_eq!(TargetSize::MaxSide(0).of(960, 540), (1, 1));
        assert_eq!(TargetSize::Exact(960, 536).of(96, 54), (960, 536));
        assert_eq!(TargetSize::MaxSide(10).of(1000, 2), (10, 1));
        for pixels in [1, 1000, 12_345, 500_000] {
            let (w, h) = TargetSize::PixelBudget(pixels).of(960, 541);
            assert!(u64::from(w) * u64::from(h) <= pixels);
            assert!(pixels < 100 || pixels * 9 < u64::from(w) * u64::from(h) * 10);
        }
    }
}
