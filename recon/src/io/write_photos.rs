//! Writes generated photos as a folder that any program for posed photos opens.

use std::fs;
use std::path::Path;

use image::{DynamicImage, RgbaImage};

use super::{IoError, replace, save_png, transforms};
use crate::dataset::Points;
use crate::synthetic::SyntheticPhotos;

/// The name of the points' file.
const POINTS_FILE: &str = "points.ply";

/// Writes `images/0001.png` …, `transforms.json` and `points.ply` into `folder`, which is made
/// where it does not exist. Photos without transparency get no alpha channel.
///
/// # Errors
/// Where the system refuses.
pub fn write_photos(folder: &Path, photos: &SyntheticPhotos) -> Result<(), IoError> {
    for (frame, photo) in photos.poses.frames.iter().zip(&photos.photos) {
        let path = folder.join(&frame.image);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|it| IoError::system(parent, it))?;
        save_png(&path, &without_needless_alpha(photo))?;
    }
    fs::create_dir_all(folder).map_err(|it| IoError::system(folder, it))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        replace(&path, bytes).map_err(|it| IoError::system(&path, it))
    };
    write(POINTS_FILE, &point_cloud(&photos.poses.points))?;
    let mut poses = photos.poses.clone();
    poses.point_file = Some(POINTS_FILE.to_owned());
    let poses = transforms::write(&poses).map_err(|it| IoError::format(folder, it))?;
    write("transforms.json", &poses)
}

fn without_needless_alpha(photo: &RgbaImage) -> DynamicImage {
    let image = DynamicImage::from(photo.clone());
    if photo.pixels().all(|it| it.0[3] == 255) {
        image.into_rgb8().into()
    } else {
        image
    }
}

/// Positions as f32 and colours as bytes, as COLMAP and nerfstudio have them.
fn point_cloud(points: &Points) -> Vec<u8> {
    let mut bytes = format!(
        "ply\nformat binary_little_endian 1.0\nelement vertex {}\n\
         property float x\nproperty float y\nproperty float z\n\
         property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n",
        points.len()
    )
    .into_bytes();
    for (position, colour) in points.positions.iter().zip(&points.colours) {
        for value in position.as_vec3().to_array() {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(colour);
    }
    bytes
}
