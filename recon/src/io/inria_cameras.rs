//! `cameras.json` as 3DGS writes it beside a scene: a list of `id`, `img_name`, `width`, `height`,
//! `position`, `rotation` (rows, camera to world; OpenCV axes), `fx`, `fy`.
//!
//! The principal point is the image's middle. Sizes are those of the undistorted photos, which
//! need not be the ones in the folder.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::dataset::{Lens, PoseFile, PoseFormat};

use super::FormatError;
use super::json::{self, Object, text};
use super::listed_camera::{entry, list, optics, pose, wrong};
use super::reading::{Reading, Unposed};
use super::rigid::to_rows;
use super::writing::{self, finite, pinhole_of};

/// Reads one. Photos are named as the file has them, often without extension.
///
/// # Errors
/// Where it is not such a list, where an entry has no name or no camera, or where no photo has a
/// pose. A single photo without one is a warning.
pub fn read(bytes: &[u8]) -> Result<PoseFile, FormatError> {
    let (_, cameras) = list(json::parse(bytes)?)?;
    let mut reading = Reading::new(PoseFormat::InriaCameras);
    for (index, value) in cameras.iter().enumerate() {
        let camera = entry(index, value)?;
        photo(&mut reading, camera).map_err(|why| wrong(index, &why))?;
    }
    reading.finish()
}

fn photo(reading: &mut Reading, camera: &Object) -> Result<(), String> {
    let image = text(camera, "img_name")?.ok_or("has no `img_name`")?;
    let optics = reading.optics(optics(camera)?)?;
    let unposed = Unposed {
        image: image.to_owned(),
        optics,
        ..Unposed::default()
    };
    reading.photo(unposed, pose(camera));
    Ok(())
}

/// Writes one; one photo a line. Names are those of the files without folder and extension, as
/// 3DGS has them, unless two photos would then share one. `cx` and `cy`, which 3DGS does not have,
/// are added where they are not the middle.
///
/// # Errors
/// Where a camera is not a pinhole or its image size is unknown, or where a pose is not finite.
pub fn write(file: &PoseFile) -> Result<Vec<u8>, FormatError> {
    let stems: HashSet<&str> = file.frames.iter().map(|it| stem(&it.image)).collect();
    let is_unique = stems.len() == file.frames.len();
    let mut cameras = Vec::with_capacity(file.frames.len());
    for (id, frame) in file.frames.iter().enumerate() {
        finite(frame)?;
        let lens = pinhole_of(file, frame, "cameras.json")?;
        let [x, y, z, _] = to_rows(&frame.c2w);
        let mut camera = json!({
            "id": id,
            "img_name": if is_unique { stem(&frame.image) } else { &frame.image },
            "width": lens.width,
            "height": lens.height,
            "position": frame.c2w.translation.to_array(),
            "rotation": [&x[..3], &y[..3], &z[..3]],
            "fx": lens.fx,
            "fy": lens.fy,
        });
        if !is_centred(lens) {
            camera["cx"] = Value::from(lens.cx);
            camera["cy"] = Value::from(lens.cy);
        }
        cameras.push(camera);
    }
    Ok((writing::list(&cameras, "") + "\n").into_bytes())
}

fn is_centred(lens: &Lens) -> bool {
    lens.cx == 0.5 * f64::from(lens.width) && lens.cy == 0.5 * f64::from(lens.height)
}

fn stem(image: &str) -> &str {
    const ENDINGS: [&str; 7] = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "exr"];
    let name = image.rsplit(['/', '\\']).next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, ending)) if ENDINGS.iter().any(|it| ending.eq_ignore_ascii_case(it)) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;

    /// Looks along +x with +z up: columns right (0, −1, 0), down (0, 0, −1), forward.
    const FILE: &str = r#"[{"id": 0, "img_name": "a", "width": 80, "height": 60, "fx": 40, "fy": 20,
        "position": [1, 2, 3], "rotation": [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]}]"#;

    #[test]
    fn a_camera_sees_a_point_where_it_should() {
        let file = read(FILE.as_bytes()).unwrap();
        let lens = file.optics[0].at(80, 60);
        // Two ahead, one to the left and half above.
        let point = DVec3::new(3.0, 3.0, 3.5);
        let it = file.frames[0].c2w.inverse().transform_point3(point);
        assert_eq!(lens.cx + lens.fx * it.x / it.z, 40.0 - 20.0);
        assert_eq!(lens.cy + lens.fy * it.y / it.z, 30.0 - 5.0);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut file = read(FILE.as_bytes()).unwrap();
        let second = file.frames[0].clone();
        file.frames.push(second);
        file.frames[0].image = "images/left/a.b.JPG".to_owned();
        file.frames[1].image = "images\\a.c".to_owned();
        let again = read(&write(&file).unwrap()).unwrap();
        assert_eq!(again.optics, file.optics);
        assert_eq!(again.frames[0].c2w, file.frames[0].c2w);
        let names = |it: &PoseFile| -> Vec<String> {
            it.frames.iter().map(|it| it.image.clone()).collect()
        };
        assert_eq!(names(&again), ["a.b", "a.c"]);
        // Two of one name: whole paths.
        file.frames[1].image = "images/right/a.b.jpg".to_owned();
        let again = read(&write(&file).unwrap()).unwrap();
        assert_eq!(names(&again), names(&file));
        // A principal point off the middle survives.
        let shifted = FILE.replace("\"fx\"", "\"cx\": 41.5, \"cy\": 30, \"fx\"");
        let file = read(shifted.as_bytes()).unwrap();
        assert_eq!(read(&write(&file).unwrap()).unwrap().optics, file.optics);
    }
}
