//! Camera paths as JSON: ours, the `cameras.json` of 3DGS, and `opencv_cameras.json`.
//!
//! How a camera may be written is told in [`super::listed_camera`].

use std::path::Path;

use glam::Mat4;
use render::{Camera, Intrinsics};
use serde::Serialize;

use crate::dataset::Optics;

use super::json::{self, Object};
use super::listed_camera::{entry, list, optics, pose, wrong};
use super::rigid::MAX_SKEW;
use super::{FormatError, IoError};

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
    let (_, entries) = list(json::parse(text.as_bytes())?)?;
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
