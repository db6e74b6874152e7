//! `transforms.json` of nerfstudio and instant-ngp, and the `transforms_{train,val,test}.json` of
//! Blender scenes.
//!
//! Poses are camera to world with axes x right, y up, z back. The world is the file's own, which
//! is also that of the points it names (`ply_file_path`): nerfstudio stores both after its
//! `applied_transform`, so that is not undone, but told.

mod intrinsics;
mod write;

use std::collections::HashMap;

use serde_json::Value;

use crate::dataset::{PoseFile, PoseFormat, Split};

use super::FormatError;
use super::json::{self, Object, numbers, text};
use super::reading::{Reading, Tally, Unposed};
use super::rigid::{Rigid, from_rows, other_axes, rigid};
use intrinsics::{Spread, optics};

pub use write::write;

/// Reads a `transforms.json`.
///
/// # Errors
/// Where it is not one, where a camera's geometry is missing or impossible, or where no photo has
/// a pose. A single photo without one is a warning.
pub fn read(bytes: &[u8]) -> Result<PoseFile, FormatError> {
    let mut reading = Reading::new(PoseFormat::Transforms);
    append(&mut reading, &json::parse(bytes)?, None)?;
    reading.finish()
}

/// Reads the files of a Blender scene, given with their names: photos of a file with `train` in
/// its name are for training, those of `val` and `test` are held out.
///
/// # Errors
/// As [`read`]; the message begins with the file's name.
pub fn read_split(files: &[(&str, &[u8])]) -> Result<PoseFile, FormatError> {
    let mut reading = Reading::new(PoseFormat::Blender);
    let mut counts = Vec::new();
    for (name, bytes) in files {
        let split = split_of(name);
        let before = reading.file.frames.len();
        json::parse(bytes)
            .and_then(|json| append(&mut reading, &json, split))
            .map_err(|err| in_file(name, err))?;
        counts.push((*name, split, reading.file.frames.len() - before));
    }
    let held_out: Vec<String> = counts
        .iter()
        .filter(|(_, split, _)| *split == Some(Split::HeldOut))
        .map(|(name, _, count)| format!("{count} of {name}"))
        .collect();
    if !held_out.is_empty() {
        let held_out = held_out.join(", ");
        let note = format!("held out because the scene says so: {held_out}");
        reading.file.warnings.push(note);
    }
    reading.finish()
}

fn split_of(file_name: &str) -> Option<Split> {
    let (_, stem) = file_name.rsplit_once("transforms_")?;
    let is = |it: &str| stem.starts_with(it);
    if is("train") {
        Some(Split::Train)
    } else if is("val") || is("test") || is("eval") {
        Some(Split::HeldOut)
    } else {
        None
    }
}

fn in_file(name: &str, error: FormatError) -> FormatError {
    match error {
        FormatError::Malformed(why) => FormatError::Malformed(format!("{name}: {why}")),
        FormatError::Unsupported(why) => FormatError::Unsupported(format!("{name}: {why}")),
        other => other,
    }
}

/// Adds the photos of one file.
fn append(reading: &mut Reading, json: &Value, split: Option<Split>) -> Result<(), FormatError> {
    let frames = json.get("frames").and_then(Value::as_array);
    let (Some(top), Some(frames)) = (json.as_object(), frames) else {
        return Err(FormatError::Unsupported(
            "not a transforms.json: expected an object with a list `frames`".to_owned(),
        ));
    };
    let malformed = FormatError::Malformed;
    let splits = Splits::of(top).map_err(malformed)?;
    let mut nameless = Tally::default();
    let mut spread = Tally::default();
    for (index, frame) in frames.iter().enumerate() {
        let wrong = |why: String| FormatError::Malformed(format!("frame {index}: {why}"));
        let frame = json::object(frame).map_err(wrong)?;
        let Some(image) = text(frame, "file_path").map_err(wrong)? else {
            nameless.add(|| format!("frame {index}"));
            continue;
        };
        let (optics, rest) = optics(frame, top).map_err(wrong)?;
        if let Some(Spread { off_px }) = rest {
            spread.add(|| format!("{image} (by up to {off_px:.2} pixels)"));
        }
        let unposed = Unposed {
            image: image.to_owned(),
            mask: text(frame, "mask_path").map_err(wrong)?.map(str::to_owned),
            optics: reading.optics(optics).map_err(wrong)?,
            split: split.or_else(|| splits.of_image(image)),
        };
        reading.photo(unposed, pose(frame));
    }
    notes(reading, top, &splits).map_err(malformed)?;
    let warnings = &mut reading.file.warnings;
    warnings.extend(nameless.sentence("without `file_path`, left out"));
    warnings.extend(
        spread
            .sentence("whose lens has an r⁸ term (`k4`), which is approximated by the lower ones"),
    );
    Ok(())
}

fn pose(frame: &Object) -> Result<Rigid, String> {
    const KEY: &str = "transform_matrix";
    let matrix = frame.get(KEY).ok_or("no `transform_matrix`")?;
    rigid(KEY, other_axes(from_rows(KEY, &numbers(KEY, matrix)?)?))
}

/// What the file says beside its photos.
fn notes(reading: &mut Reading, top: &Object, splits: &Splits) -> Result<(), String> {
    let file = &mut reading.file;
    if let Some(points) = text(top, "ply_file_path")? {
        file.point_file = Some(points.to_owned());
    }
    if let Some(name) = text(top, "scene_name")? {
        file.scene_name = Some(name.to_owned());
    }
    let moved = top.get("applied_transform").is_some_and(is_no_identity);
    let scaled = json::number(top, "applied_scale")?.is_some_and(|it| it != 1.0);
    if moved || scaled {
        file.warnings.push(
            "the scene was moved when it was converted (`applied_transform`, `applied_scale`); \
             its coordinates are kept as the file has them, those of the COLMAP model beside it \
             may differ"
                .to_owned(),
        );
    }
    let listed: Vec<&str> = file.frames.iter().map(|it| it.image.as_str()).collect();
    file.warnings.extend(splits.unknown(&listed));
    Ok(())
}

fn is_no_identity(matrix: &Value) -> bool {
    const IDENTITY: [f64; 16] = [
        1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0,
    ];
    numbers("", matrix).is_ok_and(|it| !IDENTITY.starts_with(&it))
}

/// Lists of photos by what they are for: `train_filenames`, `val_filenames`, `test_filenames`.
struct Splits<'a> {
    by_image: HashMap<&'a str, Split>,
}

impl<'a> Splits<'a> {
    fn of(top: &'a Object) -> Result<Self, String> {
        let mut by_image = HashMap::new();
        for (key, split) in [
            ("train_filenames", Split::Train),
            ("val_filenames", Split::HeldOut),
            ("test_filenames", Split::HeldOut),
        ] {
            let names = match top.get(key) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(names)) => names,
                Some(other) => {
                    return Err(format!("`{key}` is {}, not a list", json::shown(other)));
                }
            };
            for name in names {
                let wrong = || format!("`{key}` holds {}, not a file name", json::shown(name));
                by_image.insert(plain(name.as_str().ok_or_else(wrong)?), split);
            }
        }
        Ok(Self { by_image })
    }

    fn of_image(&self, image: &str) -> Option<Split> {
        self.by_image.get(plain(image)).copied()
    }

    /// Names that no frame has.
    fn unknown(&self, images: &[&str]) -> Option<String> {
        let mut left: Vec<&str> = self.by_image.keys().copied().collect();
        let listed: std::collections::HashSet<&str> = images.iter().map(|it| plain(it)).collect();
        left.retain(|it| !listed.contains(it));
        left.sort_unstable();
        let mut unknown = Tally::default();
        for name in left {
            unknown.add(|| name.to_owned());
        }
        unknown.sentence("named by the split (`train_filenames` …) without a pose")
    }
}

/// `./a.png` and `a.png` are the same.
fn plain(name: &str) -> &str {
    name.trim_start_matches("./")
}

#[cfg(test)]
mod tests;
