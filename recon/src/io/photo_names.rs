//! What the name of a file tells: whether it is a photo, a mask, a depth map.

use std::path::Path;

pub(super) use super::folder::slashed;

/// Endings of the photos that are read, in the order in which they stand in for one another.
pub(super) const READABLE: [&str; 8] = ["png", "jpg", "jpeg", "jpe", "webp", "tif", "tiff", "exr"];

/// Endings of photos that are not read.
const FOREIGN: [&str; 14] = [
    "heic", "heif", "avif", "jxl", "dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "gif",
    "bmp",
];

/// Folders beside the photos whose images are none.
const OTHER_FOLDERS: [&str; 20] = [
    "mask",
    "masks",
    "depth",
    "depths",
    "depth_maps",
    "disparity",
    "disparities",
    "normal",
    "normals",
    "semantic",
    "semantics",
    "segmentation",
    "segmentations",
    "confidence",
    "confidences",
    "thumbnails",
    "thumbs",
    "point_cloud",
    "sparse",
    super::RESULTS_FOLDER,
];

/// Before or after the name of what belongs to a photo and is none.
const OTHER_FRONTS: [&str; 1] = ["dynamic_mask_"];
const OTHER_ENDS: [&str; 5] = [".mask", "_mask", "_depth", "_normal", "_normals"];

/// In lower case; empty without one.
pub(super) fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_ascii_lowercase()
}

/// The file's name without its ending, in lower case.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().to_lowercase()
}

/// Whether its name is that of an image that is read.
pub(super) fn is_readable(path: &Path) -> bool {
    READABLE.contains(&extension(path).as_str())
}

/// Whether its name is that of an image, be it read or not.
pub(super) fn is_image(path: &Path) -> bool {
    is_readable(path) || FOREIGN.contains(&extension(path).as_str())
}

/// Whether its name is that of a photo: an image, and neither a mask, a depth map nor the like.
pub(super) fn is_photo(path: &Path) -> bool {
    is_image(path) && !is_companion(path)
}

/// Whether it lies or is called as what belongs to a photo: a mask, a depth map.
pub(super) fn is_companion(path: &Path) -> bool {
    let stem = stem(path);
    let folders = path.parent().into_iter().flat_map(Path::components);
    let mut folders = folders.map(|it| it.as_os_str().to_string_lossy().to_lowercase());
    // Blender's renders of a depth are called `r_0_depth_0001.png`.
    let frameless = stem.trim_end_matches(|it: char| it.is_ascii_digit() || it == '_');
    OTHER_FRONTS.iter().any(|it| stem.starts_with(it))
        || OTHER_ENDS.iter().any(|it| frameless.ends_with(it))
        || folders.any(|it| OTHER_FOLDERS.contains(&it.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_depths_are_no_photos() {
        for name in [
            "images/a.JPG",
            "a.webp",
            "frames/masked_ball.png",
            "x/depth.jpg/a.tif",
            "a.heic",
        ] {
            assert!(is_photo(Path::new(name)), "{name}");
        }
        for name in [
            "Masks/a.png",
            "a.mask.png",
            "images/dynamic_mask_a.png",
            "test/r_0_depth_0001.png",
            "depths/deep/a.exr",
            "a.txt",
            "a",
        ] {
            assert!(!is_photo(Path::new(name)), "{name}");
        }
        for ending in crate::io::photo::PhotoKind::ENDINGS {
            assert!(READABLE.contains(ending), "{ending}");
        }
    }
}
