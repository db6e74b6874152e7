//! What the writers of camera lists share.

use serde_json::Value;

use crate::dataset::{Frame, Lens, Optics, PoseFile};

use super::FormatError;
use super::json::Object;

/// The photo's lens in pixels.
pub(super) fn lens_of<'a>(file: &'a PoseFile, frame: &Frame) -> Result<&'a Lens, FormatError> {
    match file.optics.get(frame.optics) {
        Some(Optics::Lens(lens)) => Ok(lens),
        Some(Optics::Relative(_)) => Err(FormatError::Unsupported(format!(
            "the image size of {} is unknown. Open the folder with its photos and write from there",
            frame.image
        ))),
        None => Err(FormatError::Malformed(format!(
            "{} refers to a camera that is not there",
            frame.image
        ))),
    }
}

/// The photo's lens, which has to be a pinhole.
pub(super) fn pinhole_of<'a>(
    file: &'a PoseFile,
    frame: &Frame,
    format: &str,
) -> Result<&'a Lens, FormatError> {
    let lens = lens_of(file, frame)?;
    if lens.is_pinhole() {
        return Ok(lens);
    }
    Err(FormatError::Unsupported(format!(
        "{format} holds pinhole cameras only, and the lens of {} is not one. Undistort the photos \
         first",
        frame.image
    )))
}

/// Refuses a pose that is not finite: JSON could not hold it.
pub(super) fn finite(frame: &Frame) -> Result<(), FormatError> {
    if frame.c2w.is_finite() {
        return Ok(());
    }
    Err(FormatError::Malformed(format!(
        "the pose of {} is not finite",
        frame.image
    )))
}

/// `top` and a list `frames`, one entry a line.
pub(super) fn lines(top: &Object, frames: &[Value]) -> Vec<u8> {
    let mut text = String::from("{\n");
    for (key, value) in top {
        text += &format!("  {}: {value},\n", Value::from(key.as_str()));
    }
    text += "  \"frames\": ";
    text += &list(frames, "  ");
    text += "\n}\n";
    text.into_bytes()
}

/// A list, one entry a line.
pub(super) fn list(entries: &[Value], indent: &str) -> String {
    let rows: Vec<String> = entries.iter().map(|it| format!("{indent}  {it}")).collect();
    format!("[\n{}\n{indent}]", rows.join(",\n"))
}
