//! One camera of a JSON list, in any of the notations that such lists have: ours,
//! `opencv_cameras.json`, the `cameras.json` of 3DGS.
//!
//! A camera has its size (`width`, `height` or `w`, `h`), `fx`, `fy`, `cx`, `cy` in pixels (`fy`
//! is `fx` and the principal point the middle where they are missing) and its pose: `w2c` or
//! `c2w` as rows of a 4 × 4 or 3 × 4 matrix (nested or flat), or `position` with `rotation`
//! (camera to world). Axes are OpenCV's.

use glam::{DAffine3, DMat3, DVec3};
use serde_json::Value;

use crate::dataset::{Distortion, LengthUnit, Lens, LensModel, Optics, RelativeLens};

use super::FormatError;
use super::json::{self, Object, number, numbers};
use super::reading::side;
use super::rigid::{Rigid, from_rows, rigid};

/// The list, bare or under the key `frames`, with what stands beside it.
pub(super) fn list(json: Value) -> Result<(Object, Vec<Value>), FormatError> {
    let mut around = Object::new();
    let list = match json {
        Value::Object(mut object) => {
            let frames = object.remove("frames").unwrap_or_default();
            around = object;
            frames
        }
        other => other,
    };
    let Value::Array(entries) = list else {
        return Err(FormatError::Unsupported(
            "expected a list of cameras, or an object whose `frames` is one".to_owned(),
        ));
    };
    if entries.is_empty() {
        return Err(FormatError::Malformed(
            "the list of cameras is empty".to_owned(),
        ));
    }
    Ok((around, entries))
}

/// What is wrong with the camera of that number.
pub(super) fn wrong(index: usize, why: &str) -> FormatError {
    FormatError::Malformed(format!("camera {index}: {why}"))
}

/// Its members.
pub(super) fn entry(index: usize, value: &Value) -> Result<&Object, FormatError> {
    json::object(value).map_err(|why| wrong(index, &why))
}

/// Its inner geometry: a pinhole. Relative to the image where the size is not given.
pub(super) fn optics(entry: &Object) -> Result<Optics, String> {
    let either = |long, short| match number(entry, long) {
        Ok(None) => number(entry, short).map(|it| it.map(|it| (short, it))),
        found => found.map(|it| it.map(|it| (long, it))),
    };
    let size = match (either("width", "w")?, either("height", "h")?) {
        (Some((w, width)), Some((h, height))) => Some((side(w, width)?, side(h, height)?)),
        (None, None) => None,
        (Some(_), None) => return Err("has no `height` in pixels".to_owned()),
        (None, Some(_)) => return Err("has no `width` in pixels".to_owned()),
    };
    let fx = number(entry, "fx")?.ok_or("has no `fx` (focal length in pixels)")?;
    let fy = number(entry, "fy")?.unwrap_or(fx);
    for (name, focal) in [("fx", fx), ("fy", fy)] {
        if focal <= 0.0 {
            return Err(format!(
                "`{name}` is {focal}; a focal length is more than 0 pixels"
            ));
        }
    }
    let centre = (number(entry, "cx")?, number(entry, "cy")?);
    let Some((width, height)) = size else {
        let (from_corner, principal) = match centre {
            (Some(cx), Some(cy)) => (true, [cx, cy]),
            (None, None) => (false, [0.0; 2]),
            _ => return Err("has one of `cx` and `cy`; give both".to_owned()),
        };
        return Ok(Optics::Relative(RelativeLens {
            model: LensModel::Pinhole,
            focal: [fx, fy],
            principal,
            from_corner,
            unit: LengthUnit::Pixel,
            distortion: Distortion::None,
        }));
    };
    Ok(Optics::Lens(Lens {
        fy,
        cx: centre.0.unwrap_or(0.5 * f64::from(width)),
        cy: centre.1.unwrap_or(0.5 * f64::from(height)),
        ..Lens::centred(fx, width, height)
    }))
}

/// Its pose, camera to world.
pub(super) fn pose(entry: &Object) -> Result<Rigid, String> {
    match (entry.get("w2c"), entry.get("c2w")) {
        (Some(_), Some(_)) => Err("has both `w2c` and `c2w`; keep one".to_owned()),
        // The inverse of the matrix as it stands, not its transpose: what is written again then
        // has the digits that were read.
        (Some(w2c), None) => {
            let w2c = from_rows("w2c", &numbers("w2c", w2c)?)?;
            if !w2c.is_finite() {
                return Err("`w2c` has numbers that are not finite".to_owned());
            }
            rigid("w2c", w2c.inverse())
        }
        (None, Some(c2w)) => rigid("c2w", from_rows("c2w", &numbers("c2w", c2w)?)?),
        (None, None) => placed(entry),
    }
}

/// From `position` and `rotation`.
fn placed(entry: &Object) -> Result<Rigid, String> {
    let (Some(position), Some(rotation)) = (entry.get("position"), entry.get("rotation")) else {
        return Err("has no pose: give `w2c`, `c2w`, or `position` and `rotation`".to_owned());
    };
    let rotation = numbers("rotation", rotation)?;
    let rows = <[f64; 9]>::try_from(rotation)
        .map_err(|it| format!("`rotation` has {} numbers, not 3 × 3", it.len()))?;
    let position = numbers("position", position)?;
    let position = <[f64; 3]>::try_from(position)
        .map_err(|it| format!("`position` has {} numbers, not 3", it.len()))?;
    let c2w = DAffine3 {
        matrix3: DMat3::from_cols_array(&rows).transpose(),
        translation: DVec3::from(position),
    };
    rigid("rotation", c2w)
}
