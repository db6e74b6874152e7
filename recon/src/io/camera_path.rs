//! Camera paths as JSON: keyframes, and lists of cameras (ours, the `cameras.json` of 3DGS, and
//! `opencv_cameras.json`).
//!
//! How a camera may be written is told in [`super::listed_camera`].

use std::fs::File;
use std::path::Path;

use glam::Mat4;
use render::{Camera, Intrinsics};
use serde::Serialize;
use serde_json::Value;

use crate::camera_path::{CameraPath, Keyframe, PathError};
use crate::dataset::Optics;

use super::bounded::read_at_most;
use super::json::{self, Object};
use super::listed_camera::{entry, list, optics, pose, wrong};
use super::project::{camera_path_in, project_folder};
use super::rigid::MAX_SKEW;
use super::{FormatError, IoError, replace};

/// No camera path is longer, in bytes: that would be some hundred thousand cameras.
const MAX_LEN: u64 = 256 << 20;

/// What a file with a camera path holds.
#[derive(Clone, Debug, PartialEq)]
pub enum PathFile {
    /// One camera for each image.
    Cameras(Vec<Camera>),
    /// Keyframes with times.
    Keyframes(CameraPath),
}

impl PathFile {
    /// As keyframes; cameras of a list are `1 / fps` seconds apart, and of their images only the
    /// height's field of view counts.
    ///
    /// # Errors
    /// Where the cameras of a list follow each other too fast.
    pub fn into_keyframes(self, fps: f64) -> Result<CameraPath, PathError> {
        let cameras = match self {
            Self::Keyframes(path) => return Ok(path),
            Self::Cameras(cameras) => cameras,
        };
        let keyframes = cameras.iter().enumerate();
        let keyframes = keyframes.map(|(index, it)| Keyframe::of_camera(index as f64 / fps, it));
        CameraPath::new(keyframes.collect())
    }
}

/// Reads keyframes or a list of cameras; at least one of them. A project's folder (or the
/// `project.json` in it) gives the camera path that was saved with it.
///
/// # Errors
/// Where the file cannot be read or holds neither, or the project has no path.
pub fn read_path_file(path: &Path) -> Result<PathFile, IoError> {
    if let Some(folder) = project_folder(path) {
        return camera_path_in(&folder).map(PathFile::Keyframes);
    }
    if path.is_dir() {
        let what = "a folder without a project.json. Give a file of keyframes or cameras, or the \
                    folder of a project";
        let what = FormatError::Unsupported(what.to_owned());
        return Err(IoError::format(path, what));
    }
    let file = File::open(path).map_err(|err| IoError::system(path, err))?;
    let read = read_at_most(file, MAX_LEN, "the camera path");
    read.and_then(|bytes| path_file_from_json(&bytes))
        .map_err(|err| IoError::format(path, err))
}

/// Writes keyframes as [`read_path_file`] reads them, in one step.
///
/// # Errors
/// What the system says.
pub fn write_keyframes(path: &Path, keyframes: &CameraPath) -> Result<(), IoError> {
    // Numbers and names in a struct: serialising them cannot fail.
    let json = serde_json::to_vec_pretty(keyframes).unwrap_or_default();
    replace(path, &json).map_err(|err| IoError::system(path, err))
}

fn path_file_from_json(bytes: &[u8]) -> Result<PathFile, FormatError> {
    let json = json::parse(bytes)?;
    if json.get("keyframes").is_none() {
        return cameras(json).map(PathFile::Cameras);
    }
    let malformed = |why: String| FormatError::Malformed(why);
    let path: CameraPath =
        serde_json::from_value(json).map_err(|err| malformed(err.to_string()))?;
    if path.keyframes().is_empty() {
        return Err(malformed("the list of keyframes is empty".to_owned()));
    }
    Ok(PathFile::Keyframes(path))
}

/// Reads a path of at least one camera.
pub fn read_camera_path(path: &Path) -> Result<Vec<Camera>, IoError> {
    let text = std::fs::read_to_string(path).map_err(|err| IoError::system(path, err))?;
    camera_path_from_json(&text).map_err(|err| IoError::format(path, err))
}

/// Writes what [`read_camera_path`] reads.
pub fn write_camera_path(path: &Path, cameras: &[Camera]) -> Result<(), IoError> {
    std::fs::write(path, camera_path_to_json(cameras)).map_err(|err| IoError::system(path, err))
}

/// The cameras of a JSON text; at least one.
pub fn camera_path_from_json(text: &str) -> Result<Vec<Camera>, FormatError> {
    cameras(json::parse(text.as_bytes())?)
}

fn cameras(json: Value) -> Result<Vec<Camera>, FormatError> {
    let (_, entries) = list(json)?;
    let cameras = entries
        .iter()
        .enumerate()
        .map(|(index, value)| camera(entry(index, value)?).map_err(|why| wrong(index, &why)));
    cameras.collect()
}

/// A list of cameras with `c2w` as four rows, one camera a line.
pub fn camera_path_to_json(cameras: &[Camera]) -> String {
    let lines: Vec<String> = cameras
        .iter()
        .map(|it| {
            let Camera { intrinsics, c2w } = it;
            let rows = Mat4::from(*c2w).transpose().to_cols_array_2d();
            let written = Written {
                intrinsics: *intrinsics,
                c2w: rows,
            };
            // Numbers in a struct: serialising them cannot fail.
            serde_json::to_string(&written).unwrap_or_default()
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// A camera as [`camera_path_to_json`] writes it.
#[derive(Serialize)]
struct Written {
    #[serde(flatten)]
    intrinsics: Intrinsics,
    c2w: [[f32; 4]; 4],
}

fn camera(entry: &Object) -> Result<Camera, String> {
    let Optics::Lens(lens) = optics(entry)? else {
        return Err("has no `width` and `height` in pixels".to_owned());
    };
    let pose = pose(entry)?;
    if MAX_SKEW < pose.skew {
        let off = pose.skew;
        return Err(format!("its pose does not hold a rotation (off by {off})"));
    }
    let camera = Camera {
        intrinsics: Intrinsics {
            fx: lens.fx as f32,
            fy: lens.fy as f32,
            cx: lens.cx as f32,
            cy: lens.cy as f32,
            width: lens.width,
            height: lens.height,
        },
        c2w: pose.pose.as_affine3a(),
    };
    let Intrinsics { fx, fy, cx, cy, .. } = camera.intrinsics;
    let is_finite = [fx, fy, cx, cy].into_iter().all(f32::is_finite);
    if is_finite && 0.0 < fx && 0.0 < fy && camera.c2w.is_finite() {
        Ok(camera)
    } else {
        Err("has numbers that are not finite in single precision".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;
    use crate::camera_path::Ease;

    fn path() -> Vec<Camera> {
        let intrinsics = Intrinsics {
            cx: 31.25,
            fy: 70.5,
            ..Intrinsics::from_vertical_fov(0.7, 64, 48)
        };
        (0..3)
            .map(|i| {
                let eye = Vec3::new(i as f32, -1.5, -4.0);
                Camera::look_at(intrinsics, eye, Vec3::ZERO, Vec3::NEG_Y)
            })
            .collect()
    }

    fn error(json: &str) -> String {
        camera_path_from_json(json).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(
            camera_path_from_json(&camera_path_to_json(&path())).unwrap(),
            path()
        );
    }

    #[test]
    fn files_come_back_and_missing_ones_are_named() {
        let file = std::env::temp_dir().join(format!("accrete-path-{}.json", std::process::id()));
        write_camera_path(&file, &path()).unwrap();
        assert_eq!(read_camera_path(&file).unwrap(), path());
        std::fs::remove_file(&file).unwrap();
        let message = read_camera_path(&file).unwrap_err().to_string();
        assert!(message.contains("accrete-path"), "{message}");
    }

    /// The same camera, at (1, 2, 3) and turned by 90° about y, in each notation.
    #[test]
    fn the_notations_agree() {
        let rotation = "[[0, 0, 1], [0, 1, 0], [-1, 0, 0]]";
        let k = r#""fx": 50, "fy": 50, "cx": 8, "cy": 6"#;
        let inria = format!(
            r#"[{{"id": 0, "img_name": "a", "width": 16, "height": 12, "fx": 50, "fy": 50,
                 "position": [1, 2, 3], "rotation": {rotation}}}]"#
        );
        let c2w = format!(
            r#"[{{"width": 16, "height": 12, {k},
                 "c2w": [[0, 0, 1, 1], [0, 1, 0, 2], [-1, 0, 0, 3], [0, 0, 0, 1]]}}]"#
        );
        let w2c = format!(
            r#"{{"scene_name": "s", "frames": [{{"w": 16.0, "h": 12, {k}, "file_path": "a.png",
                 "w2c": [0, 0, -1, 3, 0, 1, 0, -2, 1, 0, 0, -1]}}]}}"#
        );
        let expected = camera_path_from_json(&inria).unwrap();
        assert_eq!(expected[0].position(), Vec3::new(1.0, 2.0, 3.0));
        assert_eq!(expected[0].forward(), Vec3::X);
        assert_eq!(camera_path_from_json(&c2w).unwrap(), expected);
        let inverted = camera_path_from_json(&w2c).unwrap();
        assert!(inverted[0].c2w.abs_diff_eq(expected[0].c2w, 1e-6));
        assert_eq!(inverted[0].intrinsics, expected[0].intrinsics);
    }

    #[test]
    fn keyframes_come_back_and_bad_ones_are_named() {
        let keyframe = |time, camera: &Camera| Keyframe::of_camera(time, camera);
        let [a, b, c] = <[Camera; 3]>::try_from(path()).unwrap();
        let frames = vec![
            keyframe(0.1, &a),
            keyframe(1.0 / 3.0, &b),
            keyframe(7.0, &c),
        ];
        let mut keyframes = CameraPath::new(frames).unwrap().closed(2.5);
        keyframes.replace(
            1,
            Keyframe {
                ease: Ease::Hold,
                ..keyframes.keyframes()[1]
            },
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("path.json");
        write_keyframes(&file, &keyframes).unwrap();
        assert_eq!(
            read_path_file(&file).unwrap(),
            PathFile::Keyframes(keyframes)
        );
        write_camera_path(&file, &path()).unwrap();
        assert_eq!(read_path_file(&file).unwrap(), PathFile::Cameras(path()));

        let one = |time: &str, rotation: &str, fov: &str| {
            format!(
                r#"{{"time_secs": {time}, "position": [0, 0, 0], "rotation": {rotation},
                     "fov_y_degrees": {fov}}}"#
            )
        };
        let fine = one("1", "[1, 0, 0, 0]", "45");
        assert!(path_file_from_json(format!(r#"{{"keyframes": [{fine}]}}"#).as_bytes()).is_ok());
        for (broken, cause) in [
            (one("1", "[1, 0, 0, 0]", "45"), "does not follow"),
            (one("-1", "[1, 0, 0, 0]", "45"), "`time_secs`"),
            (one("2", "[0, 0, 0, 0]", "45"), "`rotation`"),
            (one("2", "[1, 0, 0, 0]", "180"), "`fov_y_degrees`"),
            (one("2", "[1, 0, 0]", "45"), "length"),
            ("{}".to_owned(), "time_secs"),
        ] {
            let json = format!(r#"{{"keyframes": [{fine}, {broken}]}}"#);
            let message = path_file_from_json(json.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(message.contains(cause), "{message} lacks {cause}");
        }
        let empty = path_file_from_json(br#"{"keyframes": []}"#).unwrap_err();
        assert!(empty.to_string().contains("empty"));
    }

    #[test]
    fn errors_name_the_camera_and_the_cause() {
        let fine = r#"{"width": 4, "height": 4, "fx": 4, "c2w": [1,0,0,0, 0,1,0,0, 0,0,1,0]}"#;
        assert!(camera_path_from_json(&format!("[{fine}]")).is_ok());
        for (change, to, cause) in [
            (r#""width": 4"#, r#""wide": 4"#, "has no `width`"),
            (r#""width": 4"#, r#""width": 0"#, "`width` is 0"),
            (
                r#""width": 4"#,
                r#""width": 1e18"#,
                "`width` is 1000000000000000000",
            ),
            (r#""width": 4"#, r#""width": 4.5"#, "`width` is 4.5"),
            (r#""fx": 4"#, r#""f": 4"#, "has no `fx`"),
            (r#""fx": 4"#, r#""fx": -4"#, "`fx` is -4"),
            (r#""fx": 4"#, r#""fx": "wide""#, "not a number"),
            (r#""c2w""#, r#""pose""#, "has no pose"),
            (r#""c2w""#, r#""w2c": [], "c2w""#, "both `w2c` and `c2w`"),
            ("0,0,1,0]", "0,0,1]", "has 11 numbers"),
            ("0,0,1,0]", "0,0,1,0, 1,2,3,1]", "transposed"),
            ("0,0,1,0]", "0,0,-1,0]", "mirrors"),
            ("0,0,1,0]", "0,0,3,0]", "rotation"),
            ("0,0,1,0]", "0,0,1,1e39]", "farther away"),
            ("0,0,1,0]", "0,0,1,NaN]", "finite"),
        ] {
            let broken = fine.replace(change, to);
            assert_ne!(broken, fine, "{change}");
            let message = error(&format!("[{fine}, {broken}]"));
            assert!(message.contains("camera 1"), "{message}");
            assert!(message.contains(cause), "{message} lacks {cause}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        assert!(error("").contains("empty"));
        assert!(error("fx = 3").contains("JSON"));
        assert!(error("version https://git-lfs").contains("git lfs pull"));
        assert!(error("{\"a\": 1}").contains("expected a list of cameras"));
        assert!(error("[]").contains("empty"));
        assert!(error("{\"frames\": []}").contains("empty"));
        assert!(error("[3]").contains("camera 0"));
    }
}
