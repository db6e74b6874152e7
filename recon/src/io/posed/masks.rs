//! Finds the mask of a photo where people and programs put it.

use std::path::{Path, PathBuf};

use crate::io::Folder;
use crate::io::photo_names::{READABLE, slashed};

/// Folders of masks.
const FOLDERS: [&str; 2] = ["masks", "mask"];

/// The mask of `photo`, both relative to the folder: `masks/NAME`, `masks/NAME.png` (as COLMAP
/// wants it) or `masks/STEM.png` in the folder itself or beside the photo's; `STEM.mask.png` or
/// `dynamic_mask_STEM.png` (instant-ngp's) beside the photo.
pub(super) fn mask_of(folder: &Folder, photo: &Path) -> Option<PathBuf> {
    let name = photo.file_name()?.to_string_lossy();
    let stem = photo.file_stem()?.to_string_lossy();
    let own = photo.parent().unwrap_or(Path::new(""));
    // `images/cam/a.jpg` is masked by `masks/cam/a.png`, or `images/masks/…` by what lies beside.
    let mut parts = photo.components();
    parts.next();
    let below_first = parts.as_path();
    let beside = own.parent().unwrap_or(Path::new(""));
    let in_folders = FOLDERS.iter().flat_map(|it| {
        let place = Path::new(it);
        let mut places = vec![place.join(photo)];
        if !below_first.as_os_str().is_empty() {
            places.push(place.join(below_first));
        }
        places.push(beside.join(place).join(&*name));
        places.push(own.join(place).join(&*name));
        places
    });
    let mut found = in_folders.filter_map(|place| in_any_ending(folder, &place));
    found.next().filter(|it| it != photo).or_else(|| {
        let names = [
            format!("{name}.mask.png"),
            format!("{stem}.mask.png"),
            format!("dynamic_mask_{stem}.png"),
        ];
        let mut paths = names.into_iter().map(|it| slashed(&own.join(it)));
        paths.find_map(|it| folder.find(&it))
    })
}

fn in_any_ending(folder: &Folder, place: &Path) -> Option<PathBuf> {
    let exact = slashed(place);
    let stem = slashed(&place.with_extension(""));
    let others = READABLE.iter().map(|it| format!("{stem}.{it}"));
    let mut names = [exact.clone(), format!("{exact}.png")]
        .into_iter()
        .chain(others);
    names.find_map(|it| folder.find(&it))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn masks_are_found_in_every_usual_place() {
        for (photo, mask) in [
            ("images/a.jpg", "masks/a.png"),
            ("images/a.jpg", "masks/a.jpg.png"),
            ("images/a.jpg", "masks/images/a.jpg"),
            ("images/cam/a.jpg", "mask/cam/a.png"),
            ("deep/down/images/a.jpg", "deep/down/masks/a.jpg"),
            ("images/a.jpg", "images/a.mask.png"),
            ("images/a.jpg", "images/a.jpg.mask.png"),
            ("images/a.jpg", "images/dynamic_mask_a.png"),
            ("a.jpg", "masks/a.png"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            for file in [photo, mask, "masks/other.png", "images/b.png"] {
                let path = dir.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, b"x").unwrap();
            }
            let folder = Folder::open(dir.path()).unwrap();
            let found = mask_of(&folder, Path::new(photo));
            assert_eq!(found.as_deref(), Some(Path::new(mask)));
            assert_eq!(mask_of(&folder, Path::new("images/b.png")), None);
        }
    }
}
