//! `opencv_cameras.json`: the object of tttLRM and Long-LRM, and the bare list of LaCT.
//!
//! A frame has `w`, `h`, `fx`, `fy`, `cx`, `cy` in pixels, `w2c` (4 × 4, OpenCV axes) and
//! `file_path`. Beside the frames, `fold_8_kmeans_{N}_input` are published choices of N input
//! views by number.

use serde_json::{Value, json};

use crate::dataset::{PoseFile, PoseFormat};

use super::FormatError;
use super::json::{self, Object, text};
use super::listed_camera::{entry, list, optics, pose, wrong};
use super::reading::{Reading, Unposed};
use super::rigid::to_rows;
use super::writing::{finite, lines, pinhole_of};

/// Around the number of views in the key of a published choice.
const FOLD: (&str, &str) = ("fold_8_kmeans_", "_input");

/// Reads either kind.
///
/// # Errors
/// Where it is neither, where a frame has no name or no camera, or where no photo has a pose. A
/// single photo without one is a warning.
pub fn read(bytes: &[u8]) -> Result<PoseFile, FormatError> {
    let (around, frames) = list(json::parse(bytes)?)?;
    let mut reading = Reading::new(PoseFormat::OpencvCameras);
    let name = text(&around, "scene_name").map_err(FormatError::Malformed)?;
    reading.file.scene_name = name.filter(|it| !it.is_empty()).map(str::to_owned);
    let mut taken = Vec::with_capacity(frames.len());
    for (index, value) in frames.iter().enumerate() {
        let frame = entry(index, value)?;
        let photo = |reading: &mut Reading| {
            let image = text(frame, "file_path")?.ok_or("has no `file_path`")?;
            let optics = reading.optics(optics(frame)?)?;
            let unposed = Unposed {
                image: image.to_owned(),
                optics,
                ..Unposed::default()
            };
            Ok(reading.photo(unposed, pose(frame)))
        };
        taken.push(photo(&mut reading).map_err(|why: String| wrong(index, &why))?);
    }
    input_lists(&mut reading.file, &around, &taken);
    reading.finish()
}

/// Of how many views a published choice under this key is.
pub(super) fn fold_size(key: &str) -> Option<usize> {
    let between = key.strip_prefix(FOLD.0)?.strip_suffix(FOLD.1)?;
    between.parse().ok()
}

/// Published choices. `taken` are the frames' indices once those without a pose are left out.
fn input_lists(file: &mut PoseFile, around: &Object, taken: &[Option<usize>]) {
    for (key, value) in around {
        let Some(count) = fold_size(key) else {
            continue;
        };
        let index = |it: &Value| {
            taken
                .get(usize::try_from(it.as_u64()?).ok()?)
                .copied()
                .flatten()
        };
        let chosen: Option<Vec<usize>> = value
            .as_array()
            .and_then(|it| it.iter().map(index).collect());
        match chosen {
            Some(chosen) => {
                file.input_lists.insert(count, chosen);
            }
            None => file.warnings.push(format!(
                "`{key}` is left out: it names frames that are not there"
            )),
        }
    }
}

/// Writes the object; one frame a line.
///
/// # Errors
/// Where a camera is not a pinhole or its image size is unknown, or where a pose is not finite.
pub fn write(file: &PoseFile) -> Result<Vec<u8>, FormatError> {
    let mut top = Object::new();
    let name = file.scene_name.as_deref().unwrap_or_default();
    top.insert("scene_name".to_owned(), json!(name));
    for (count, chosen) in &file.input_lists {
        top.insert(format!("{}{count}{}", FOLD.0, FOLD.1), json!(chosen));
    }
    let mut frames = Vec::with_capacity(file.frames.len());
    for frame in &file.frames {
        finite(frame)?;
        let lens = pinhole_of(file, frame, "opencv_cameras.json")?;
        frames.push(json!({
            "w": lens.width,
            "h": lens.height,
            "fx": lens.fx,
            "fy": lens.fy,
            "cx": lens.cx,
            "cy": lens.cy,
            "w2c": to_rows(&frame.c2w.inverse()),
            "file_path": frame.image,
        }));
    }
    Ok(lines(&top, &frames))
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;
    use crate::dataset::{Distortion, Optics};

    /// A camera at (1, 2, 3) that looks along +x with +z up, and the same once more.
    const FILE: &str = r#"{"scene_name": "s", "fold_8_kmeans_2_input": [0, 2],
        "fold_8_kmeans_x_input": [7], "frames": [
        {"w": 80, "h": 60, "fx": 40, "fy": 20, "cx": 41, "cy": 29, "file_path": "a.png",
         "w2c": [[0, -1, 0, 2], [0, 0, -1, 3], [1, 0, 0, -1], [0, 0, 0, 1]]},
        {"w": 80, "h": 60, "fx": 40, "fy": 20, "cx": 41, "cy": 29, "file_path": "bad.png",
         "w2c": [[0, -1, 0, 2], [0, 0, -1, 3], [0, 0, 0, -1], [0, 0, 0, 1]]},
        {"w": 80, "h": 60, "fx": 40, "fy": 20, "cx": 41, "cy": 29, "file_path": "c.png",
         "w2c": [0, -1, 0, 2, 0, 0, -1, 3, 1, 0, 0, -1]}]}"#;

    #[test]
    fn a_camera_sees_a_point_where_it_should() {
        let file = read(FILE.as_bytes()).unwrap();
        assert_eq!((file.frames.len(), file.optics.len()), (2, 1));
        assert_eq!(file.unregistered, ["bad.png"]);
        assert_eq!(file.scene_name.as_deref(), Some("s"));
        // Frame 2 is the second that is left.
        assert_eq!(
            file.input_lists.into_iter().collect::<Vec<_>>(),
            [(2, vec![0, 1])]
        );
        let lens = file.optics[0].at(80, 60);
        for frame in &file.frames {
            // Two ahead, one to the left and half above.
            let point = DVec3::new(3.0, 3.0, 3.5);
            let it = frame.c2w.inverse().transform_point3(point);
            assert_eq!(lens.cx + lens.fx * it.x / it.z, 41.0 - 20.0);
            assert_eq!(lens.cy + lens.fy * it.y / it.z, 29.0 - 5.0);
        }
    }

    #[test]
    fn choices_of_frames_that_are_not_there_are_left_out() {
        for wrong in ["[0, 3]", "[0, -1]", "[0.5]", "7", "[1]"] {
            let file = read(FILE.replace("[0, 2]", wrong).as_bytes()).unwrap();
            assert!(file.input_lists.is_empty(), "{wrong}");
            let warning = &file.warnings[0];
            assert!(warning.contains("fold_8_kmeans_2_input"), "{warning}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let file = read(FILE.as_bytes()).unwrap();
        let written = write(&file).unwrap();
        let again = read(&written).unwrap();
        assert_eq!(again.optics, file.optics);
        assert_eq!(again.frames, file.frames);
        assert_eq!(again.input_lists, file.input_lists);
        assert_eq!(write(&again).unwrap(), written);
        let mut bent = file;
        let Optics::Lens(lens) = &mut bent.optics[0] else {
            panic!("no size");
        };
        lens.distortion = Distortion::Fov { omega: 1.0 };
        let error = write(&bent).unwrap_err().to_string();
        assert!(error.contains("Undistort"), "{error}");
    }

    #[test]
    fn errors_name_the_camera() {
        for (from, to, says) in [
            ("\"a.png\"", "3", "camera 0: `file_path` is `3`"),
            (
                "\"file_path\": \"bad.png\",",
                "",
                "camera 1: has no `file_path`",
            ),
            ("\"fx\": 40", "\"f\": 40", "camera 0: has no `fx`"),
            ("\"s\"", "[]", "`scene_name` is a list"),
            ("\"frames\"", "\"views\"", "a list of cameras"),
        ] {
            let broken = FILE.replacen(from, to, 1);
            assert_ne!(broken, FILE);
            let error = read(broken.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{error} lacks {says}");
        }
    }
}
