//! Which photos share a camera, and which COLMAP can be given at all.

use std::collections::HashSet;
use std::path::Path;

use super::upright;
use crate::dataset::ImageFile;

/// Which photos are taken to be of one camera.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// All, of this stored size.
    All([u32; 2]),
    /// Those of one folder.
    PerFolder,
    /// COLMAP decides by what EXIF says.
    None,
}

pub(super) fn sharing(images: &[ImageFile]) -> Sharing {
    let sizes: HashSet<[u32; 2]> = images.iter().map(stored_size).collect();
    if let (Some(size), 1) = (sizes.iter().next(), sizes.len()) {
        return Sharing::All(*size);
    }
    let folder = |it: &ImageFile| it.path.parent().map(Path::to_owned);
    let folders: HashSet<_> = images.iter().map(folder).collect();
    let pairs: HashSet<_> = images
        .iter()
        .map(|it| (folder(it), stored_size(it)))
        .collect();
    if 1 < folders.len() && pairs.len() == folders.len() {
        Sharing::PerFolder
    } else {
        Sharing::None
    }
}

/// Of the pixels as they lie in the file.
fn stored_size(image: &ImageFile) -> [u32; 2] {
    if image.orientation.swaps_sides() {
        [image.height, image.width]
    } else {
        [image.width, image.height]
    }
}

/// Of an OPENCV camera without distortion. A 35 mm frame is 36 mm wide.
pub(super) fn camera_parameters(focal_35mm: f64, [width, height]: [u32; 2]) -> String {
    let focal_px = focal_35mm / 36.0 * f64::from(width.max(height));
    let (cx, cy) = (0.5 * f64::from(width), 0.5 * f64::from(height));
    format!("{focal_px},{focal_px},{cx},{cy},0,0,0,0")
}

/// Why a photo cannot be handed over.
pub(super) fn unusable(image: &ImageFile, name: &str) -> Option<&'static str> {
    if upright::is_mirrored(image.orientation) {
        return Some("as EXIF says that it is mirrored: save it again the right way round");
    }
    let is_plain = image.path.to_str().is_some()
        && !name.contains(['\n', '\r'])
        && name.trim() == name
        && !name.starts_with('#');
    (!is_plain).then_some("as its list of photos cannot hold such a name: rename it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Orientation;

    fn image(path: &str, width: u32, height: u32) -> ImageFile {
        ImageFile {
            path: path.into(),
            width,
            height,
            orientation: Orientation::Stored,
            has_alpha: false,
            bits: 8,
        }
    }

    #[test]
    fn photos_of_one_size_share_a_camera() {
        let mut images = vec![image("a/1.jpg", 40, 30), image("b/2.jpg", 40, 30)];
        assert_eq!(sharing(&images), Sharing::All([40, 30]));
        images[1].orientation = Orientation::Rotate90;
        (images[1].width, images[1].height) = (30, 40);
        assert_eq!(sharing(&images), Sharing::All([40, 30]), "only turned");
        images[1] = image("b/2.jpg", 80, 60);
        assert_eq!(sharing(&images), Sharing::PerFolder);
        images.push(image("b/3.jpg", 60, 80));
        assert_eq!(sharing(&images), Sharing::None);
    }

    #[test]
    fn odd_photos_are_not_handed_over() {
        assert_eq!(unusable(&image("a b.jpg", 4, 3), "a b.jpg"), None);
        for name in [" a.jpg", "a\n.jpg", "#a.jpg"] {
            assert!(unusable(&image(name, 4, 3), name).is_some(), "{name:?}");
        }
        let mut mirrored = image("a.jpg", 4, 3);
        mirrored.orientation = Orientation::FlipHorizontal;
        assert!(unusable(&mirrored, "a.jpg").is_some());
    }
}
