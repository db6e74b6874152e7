//! One posed photo.

use std::path::PathBuf;

use glam::DAffine3;
use serde::{Deserialize, Serialize};

/// A photo that is there and has a pose.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// What a person calls it, unique in the dataset: the photo's path in the folder.
    pub name: String,
    /// Index into [`super::Dataset::lenses`].
    pub lens: usize,
    /// Camera to world, a rotation and a position; OpenCV axes; the input's world coordinates.
    pub c2w: DAffine3,
    /// The photo.
    pub image: ImageFile,
    /// A mask image, relative to the folder: white counts, black does not; the other way round
    /// for [`Self::has_inverted_mask`].
    pub mask: Option<PathBuf>,
    /// What it is used for.
    pub split: Split,
    /// Left out by the person or as an outlier; used for nothing.
    pub ignored: bool,
}

impl View {
    /// Whether the mask is instant-ngp's `dynamic_mask_*`: there white is what moves and does not
    /// count.
    pub fn has_inverted_mask(&self) -> bool {
        let name = self.mask.as_deref().and_then(std::path::Path::file_name);
        name.is_some_and(|it| it.to_string_lossy().starts_with("dynamic_mask_"))
    }
}

/// What a view is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The methods see it.
    #[default]
    Train,
    /// Only measurements see it.
    HeldOut,
}

/// A photo's file, as its header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// Relative to the folder.
    pub path: PathBuf,
    /// Width in pixels once upright (after `orientation`).
    pub width: u32,
    /// Height in pixels once upright.
    pub height: u32,
    /// The turn that is applied after decoding. [`Orientation::Stored`] where EXIF states none, or
    /// where the pose file's size is that of the stored pixels.
    pub orientation: Orientation,
    /// Whether the header announces an alpha channel.
    pub has_alpha: bool,
    /// Bits per channel: 8, 16 or 32.
    pub bits: u8,
}

/// The eight turns of EXIF, by what has to be done to the stored pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Nothing (1).
    #[default]
    Stored,
    /// Mirror left to right (2).
    FlipHorizontal,
    /// Turn by 180° (3).
    Rotate180,
    /// Mirror top to bottom (4).
    FlipVertical,
    /// Turn by 90° clockwise, then mirror left to right (5).
    Rotate90FlipHorizontal,
    /// Turn by 90° clockwise (6).
    Rotate90,
    /// Turn by 270° clockwise, then mirror left to right (7).
    Rotate270FlipHorizontal,
    /// Turn by 270° clockwise (8).
    Rotate270,
}

impl Orientation {
    /// Whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        matches!(
            self,
            Self::Rotate90FlipHorizontal
                | Self::Rotate90
                | Self::Rotate270FlipHorizontal
                | Self::Rotate270
        )
    }
}
