//! Camera paths as JSON: ours, the `cameras.json` of 3DGS, and `opencv_cameras.json`.
//!
//! Each is a list of cameras, bare or under the key `frames`. A camera has its size (`width`,
//! `height` or `w`, `h`), `fx`, `fy`, `cx`, `cy` in pixels (`fy` is `fx` and the principal point
//! the middle where they are missing) and its pose: `w2c` or `c2w` as rows of a 4 × 4 or 3 × 4
//! matrix (nested or flat), or `position` with `rotation` (camera to world). Axes are OpenCV's.

use std::path::Path;

use glam::{Affine3A, Mat3, Mat4, Vec3};
use render::{Camera, Intrinsics};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FormatError, IoError};

/// No image is larger, in pixels along a side.
const MAX_SIDE_PX: f64 = 65_536.0;

/// How far a rotation's rows may be from orthonormal, so that rounded numbers pass.
const MAX_SKEW: f32 = 1e-2;

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
    let text = text.trim_start_matches('\u{feff}');
    let mut json: Value = serde_json::from_str(text)
        .map_err(|err| FormatError::Malformed(format!("not valid JSON: {err}")))?;
    let list = match json.get_mut("frames") {
        Some(frames) => frames.take(),
        None => json,
    };
    let Value::Array(entries) = list else {
        return Err(FormatError::Unsupported(
            "not a camera path: expected a list of cameras, or an object whose `frames` is one"
                .to_owned(),
        ));
    };
    if entries.is_empty() {
        return Err(FormatError::Malformed(
            "the list of cameras is empty".to_owned(),
        ));
    }
    entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            camera(entry).map_err(|why| FormatError::Malformed(format!("camera {index}: {why}")))
        })
        .collect()
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

/// A camera as any of the formats has it.
#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "w")]
    width: Option<f64>,
    #[serde(alias = "h")]
    height: Option<f64>,
    fx: Option<f32>,
    fy: Option<f32>,
    cx: Option<f32>,
    cy: Option<f32>,
    w2c: Option<Matrix>,
    c2w: Option<Matrix>,
    position: Option<Vec<f32>>,
    rotation: Option<Matrix>,
}

/// Rows of numbers, or all of them in one list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Matrix {
    Rows(Vec<Vec<f32>>),
    Flat(Vec<f32>),
}

fn camera(entry: Value) -> Result<Camera, String> {
    let entry: Entry = serde_json::from_value(entry).map_err(|err| err.to_string())?;
    let camera = Camera {
        intrinsics: intrinsics(&entry)?,
        c2w: c2w(&entry)?,
    };
    Ok(camera)
}

fn intrinsics(entry: &Entry) -> Result<Intrinsics, String> {
    let width = side("width", entry.width)?;
    let height = side("height", entry.height)?;
    let fx = entry.fx.ok_or("has no `fx` (focal length in pixels)")?;
    let fy = entry.fy.unwrap_or(fx);
    for (name, focal) in [("fx", fx), ("fy", fy)] {
        if !(focal.is_finite() && 0.0 < focal) {
            return Err(format!(
                "`{name}` is {focal}; a focal length is more than 0 pixels"
            ));
        }
    }
    let cx = entry.cx.unwrap_or(0.5 * width as f32);
    let cy = entry.cy.unwrap_or(0.5 * height as f32);
    if !(cx.is_finite() && cy.is_finite()) {
        return Err("`cx` or `cy` is not a finite number".to_owned());
    }
    Ok(Intrinsics {
        fx,
        fy,
        cx,
        cy,
        width,
        height,
    })
}

fn side(name: &str, pixels: Option<f64>) -> Result<u32, String> {
    let pixels = pixels.ok_or_else(|| format!("has no `{name}` in pixels"))?;
    if (1.0..=MAX_SIDE_PX).contains(&pixels) && pixels.fract() == 0.0 {
        Ok(pixels as u32)
    } else {
        Err(format!(
            "`{name}` is {pixels}; it must be a whole number from 1 to {MAX_SIDE_PX}"
        ))
    }
}

fn c2w(entry: &Entry) -> Result<Affine3A, String> {
    let pose = match entry {
        Entry {
            w2c: Some(_),
            c2w: Some(_),
            ..
        } => {
            return Err("has both `w2c` and `c2w`; keep one".to_owned());
        }
        Entry { w2c: Some(w2c), .. } => affine("w2c", w2c)?.inverse(),
        Entry { c2w: Some(c2w), .. } => affine("c2w", c2w)?,
        Entry {
            position: Some(position),
            rotation: Some(rotation),
            ..
        } => {
            let numbers = rotation.numbers();
            let rows = <[f32; 9]>::try_from(numbers)
                .map_err(|it| format!("`rotation` has {} numbers, not 3 × 3", it.len()))?;
            let &[x, y, z] = position.as_slice() else {
                return Err(format!("`position` has {} numbers, not 3", position.len()));
            };
            let rotation = Mat3::from_cols_array(&rows).transpose();
            checked(
                "rotation",
                Affine3A::from_mat3_translation(rotation, Vec3::new(x, y, z)),
            )?
        }
        _ => {
            return Err("has no pose: give `w2c`, `c2w`, or `position` and `rotation`".to_owned());
        }
    };
    Ok(pose)
}

impl Matrix {
    /// All numbers, row after row.
    fn numbers(&self) -> Vec<f32> {
        match self {
            Self::Rows(rows) => rows.concat(),
            Self::Flat(numbers) => numbers.clone(),
        }
    }
}

/// From rows of a 3 × 4 or 4 × 4 matrix.
fn affine(name: &str, matrix: &Matrix) -> Result<Affine3A, String> {
    let mut numbers = matrix.numbers();
    match numbers.len() {
        12 => numbers.extend([0.0, 0.0, 0.0, 1.0]),
        16 => {}
        count => return Err(format!("`{name}` has {count} numbers, not 4 × 4 or 3 × 4")),
    }
    if numbers[12..] != [0.0, 0.0, 0.0, 1.0] {
        return Err(format!(
            "the last row of `{name}` is {:?}, not 0 0 0 1; is it transposed?",
            &numbers[12..]
        ));
    }
    checked(
        name,
        Affine3A::from_mat4(Mat4::from_cols_slice(&numbers).transpose()),
    )
}

/// A pose turns and moves; it does not mirror, stretch or lose itself.
fn checked(name: &str, pose: Affine3A) -> Result<Affine3A, String> {
    if !pose.is_finite() {
        return Err(format!("`{name}` has numbers that are not finite"));
    }
    let rotation = Mat3::from(pose.matrix3);
    let skew = (rotation * rotation.transpose() - Mat3::IDENTITY)
        .to_cols_array()
        .into_iter()
        .fold(0.0, |most: f32, it| most.max(it.abs()));
    if MAX_SKEW < skew {
        return Err(format!("`{name}` does not hold a rotation (off by {skew})"));
    }
    if rotation.determinant() < 0.0 {
        return Err(format!(
            "`{name}` mirrors the scene; check its axes (x right, y down, z forward)"
        ));
    }
    Ok(pose)
}

#[cfg(test)]
mod tests {
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
            (r#""fx": 4"#, r#""fx": "wide""#, "invalid type"),
            (r#""c2w""#, r#""pose""#, "has no pose"),
            (r#""c2w""#, r#""w2c": [], "c2w""#, "both `w2c` and `c2w`"),
            ("0,0,1,0]", "0,0,1]", "has 11 numbers"),
            ("0,0,1,0]", "0,0,1,0, 1,2,3,1]", "transposed"),
            ("0,0,1,0]", "0,0,-1,0]", "mirrors"),
            ("0,0,1,0]", "0,0,3,0]", "rotation"),
            ("0,0,1,0]", "0,0,1,1e39]", "finite"),
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
        assert!(error("").contains("JSON"));
        assert!(error("version https://git-lfs").contains("JSON"));
        assert!(error("{\"a\": 1}").contains("not a camera path"));
        assert!(error("[]").contains("empty"));
        assert!(error("{\"frames\": []}").contains("empty"));
        assert!(error("[3]").contains("camera 0"));
    }
}
