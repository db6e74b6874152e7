//! Writes generated photos as a folder that any program for posed photos opens.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use glam::{DMat4, DVec4};
use image::{DynamicImage, ImageFormat, RgbaImage};
use serde_json::json;

use super::{FormatError, IoError, replace};
use crate::dataset::{Lens, Optics, Points, PoseFile};
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
        let bytes = png(photo).map_err(|it| IoError::format(&path, it))?;
        replace(&path, &bytes).map_err(|it| IoError::system(&path, it))?;
    }
    fs::create_dir_all(folder).map_err(|it| IoError::system(folder, it))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        replace(&path, bytes).map_err(|it| IoError::system(&path, it))
    };
    write(POINTS_FILE, &point_cloud(&photos.poses.points))?;
    write("transforms.json", transforms(&photos.poses).as_bytes())
}

fn png(photo: &RgbaImage) -> Result<Vec<u8>, FormatError> {
    let image = DynamicImage::from(photo.clone());
    let image = if photo.pixels().all(|it| it.0[3] == 255) {
        image.into_rgb8().into()
    } else {
        image
    };
    let mut bytes = Cursor::new(Vec::new());
    let written = image.write_to(&mut bytes, ImageFormat::Png);
    written.map_err(|it| FormatError::Unsupported(format!("cannot be written as PNG ({it})")))?;
    Ok(bytes.into_inner())
}

/// nerfstudio's `transforms.json`: camera axes x right, y up, z backward.
fn transforms(poses: &PoseFile) -> String {
    let frame = |it: &crate::dataset::Frame| {
        let flip = DMat4::from_diagonal(DVec4::new(1.0, -1.0, -1.0, 1.0));
        let rows = (DMat4::from(it.c2w) * flip).transpose().to_cols_array_2d();
        json!({ "file_path": it.image, "transform_matrix": rows })
    };
    let frames: Vec<_> = poses.frames.iter().map(frame).collect();
    let mut file = json!({ "ply_file_path": POINTS_FILE, "frames": frames });
    if let Some(Optics::Lens(Lens {
        width,
        height,
        fx,
        fy,
        cx,
        cy,
        ..
    })) = poses.optics.first()
    {
        let lens = json!({
            "camera_model": "PINHOLE",
            "w": width, "h": height, "fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy,
        });
        for (key, value) in lens.as_object().into_iter().flatten() {
            file[key] = value.clone();
        }
    }
    format!("{file:#}")
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
