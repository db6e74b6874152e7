//! Writes a `transforms.json` as nerfstudio reads it.

use serde_json::{Map, Value, json};

use crate::dataset::{Distortion, Frame, Lens, PoseFile, Split};
use crate::io::FormatError;
use crate::io::json::Object;
use crate::io::rigid::{other_axes, to_rows};
use crate::io::writing::{finite, lens_of, lines};

/// Poses with axes x right, y up, z back; the camera once where all photos share it, else with
/// each photo. One photo a line.
///
/// # Errors
/// Where a camera's image size is unknown, where its distortion has no place in this format (thin
/// prism with other than COLMAP's terms, field of view), or where a pose is not finite.
pub fn write(file: &PoseFile) -> Result<Vec<u8>, FormatError> {
    let is_shared = file.optics.len() == 1;
    let mut top = Object::new();
    if is_shared && let Some(first) = file.frames.first() {
        top = camera(lens_of(file, first)?)?;
    }
    if let Some(name) = &file.scene_name {
        top.insert("scene_name".to_owned(), json!(name));
    }
    if let Some(points) = &file.point_file {
        top.insert("ply_file_path".to_owned(), json!(points));
    }
    for (key, split) in [
        ("train_filenames", Split::Train),
        ("val_filenames", Split::HeldOut),
        ("test_filenames", Split::HeldOut),
    ] {
        if file.frames.iter().any(|it| it.split.is_some()) {
            let names = file.frames.iter().filter(|it| it.split == Some(split));
            let names: Vec<&str> = names.map(|it| it.image.as_str()).collect();
            top.insert(key.to_owned(), json!(names));
        }
    }
    let mut frames = Vec::with_capacity(file.frames.len());
    for frame in &file.frames {
        finite(frame)?;
        let mut entry = if is_shared {
            Object::new()
        } else {
            camera(lens_of(file, frame)?)?
        };
        pose(frame, &mut entry);
        frames.push(Value::Object(entry));
    }
    Ok(lines(&top, &frames))
}

fn pose(frame: &Frame, entry: &mut Object) {
    entry.insert("file_path".to_owned(), json!(frame.image));
    if let Some(mask) = &frame.mask {
        entry.insert("mask_path".to_owned(), json!(mask));
    }
    let rows = to_rows(&other_axes(frame.c2w));
    entry.insert("transform_matrix".to_owned(), json!(rows));
}

fn camera(lens: &Lens) -> Result<Object, FormatError> {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
    put("w", json!(lens.width));
    put("h", json!(lens.height));
    put("fl_x", json!(lens.fx));
    put("fl_y", json!(lens.fy));
    put("cx", json!(lens.cx));
    put("cy", json!(lens.cy));
    let mut put_all = |keys: &[&str], values: &[f64]| {
        for (key, value) in keys.iter().zip(values) {
            put(key, json!(value));
        }
    };
    const K: [&str; 6] = ["k1", "k2", "k3", "k4", "k5", "k6"];
    const P: [&str; 2] = ["p1", "p2"];
    let model = match &lens.distortion {
        Distortion::None => {
            put_all(&["k1", "k2", "p1", "p2"], &[0.0; 4]);
            "PINHOLE"
        }
        Distortion::Radial { k, p } if k[3..] == [0.0; 3] => {
            put_all(&K[..if k[2] == 0.0 { 2 } else { 3 }], k);
            put_all(&P, p);
            "OPENCV"
        }
        Distortion::Radial { k, p } => {
            put_all(&K, k);
            put_all(&P, p);
            "FULL_OPENCV"
        }
        Distortion::Fisheye { k } => {
            put_all(&K, k);
            "OPENCV_FISHEYE"
        }
        Distortion::ThinPrismFisheye { k, p, s } => {
            put_all(&K, k);
            put_all(&P, p);
            put_all(&["sx1", "sy1"], s);
            "THIN_PRISM_FISHEYE"
        }
        Distortion::RadTanThinPrismFisheye { .. } | Distortion::Fov { .. } => {
            return Err(FormatError::Unsupported(
                "transforms.json has no place for this camera's distortion. Convert to COLMAP, \
                 or undistort the photos"
                    .to_owned(),
            ));
        }
    };
    put("camera_model", json!(model));
    Ok(entry)
}
