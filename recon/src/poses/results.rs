//! Poses kept beside the photos, in `.accrete/`, as a COLMAP model that other programs can read.
//!
//! ```text
//! .accrete/sparse/0/{cameras,images,points3D}.bin   the model
//! .accrete/poses.json                               engine, settings, gate, which photos
//! .accrete/partial/                                 of a run that was interrupted
//! ```
//!
//! A save goes into a new folder that takes its name when it is complete: an interrupted one
//! leaves what was there before. Nothing outside of `.accrete/` is ever written.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::{GateReport, PoseConfig, PoseError};
use crate::dataset::PoseFile;
use crate::io::{Folder, IoError, RESULTS_FOLDER, colmap};

/// Names of the model's files, below [`place`].
const MODEL: &str = "sparse/0";

/// Grows when older files can no longer be read.
const VERSION: u32 = 1;

/// What was kept, and whether the photos are still the same.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The poses. Their warnings say where photos have changed since.
    pub poses: PoseFile,
    /// What the gate said.
    pub gate: GateReport,
    /// How they were found.
    pub config: Option<PoseConfig>,
    /// Photos that are in the folder now and were not then: see
    /// [`super::BuiltinEngine::register_images`].
    pub added: Vec<String>,
    /// Photos that were there then and are gone.
    pub removed: Vec<String>,
    /// Photos whose size or time has changed.
    pub changed: Vec<String>,
}

/// `poses.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    version: u32,
    engine: String,
    config: Option<PoseConfig>,
    gate: GateReport,
    photos: Vec<Stamp>,
    /// Names of photos without a pose and what was odd: COLMAP's files have no room for it.
    unregistered: Vec<String>,
    warnings: Vec<String>,
}

/// What tells whether a photo is still the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    name: String,
    /// Size in bytes; absent inside a zip.
    bytes: Option<u64>,
    /// Nanoseconds since 1970.
    modified: Option<u64>,
}

/// The photos as they are now.
pub(super) fn stamps<'a>(folder: &Folder, names: impl Iterator<Item = &'a Path>) -> Vec<Stamp> {
    let stamp = |path: &'a Path| {
        let metadata = folder.on_disk(path).and_then(|it| fs::metadata(it).ok());
        let modified = metadata.as_ref().and_then(|it| it.modified().ok());
        let since = modified.and_then(|it| it.duration_since(UNIX_EPOCH).ok());
        Stamp {
            name: path.to_string_lossy().into_owned(),
            bytes: metadata.map(|it| it.len()),
            modified: since.map(|it| it.as_nanos() as u64),
        }
    };
    names.map(stamp).collect()
}

/// Where the results of `folder` belong: `.accrete` inside of it, or inside `elsewhere`.
///
/// # Errors
/// For a zip without `elsewhere`: nothing can be put beside its photos.
pub fn place(folder: &Folder, elsewhere: Option<&Path>) -> Result<PathBuf, PoseError> {
    let inside = folder.on_disk(Path::new(RESULTS_FOLDER));
    let place = elsewhere.map(|it| it.join(RESULTS_FOLDER)).or(inside);
    place.ok_or_else(|| {
        PoseError::Failed(format!(
            "{}: poses cannot be kept inside a zip. Unpack it, or choose another folder with \
             `--out`",
            folder.path().display()
        ))
    })
}

/// Where an interrupted run keeps what it has, below [`place`].
pub fn partial(place: &Path) -> PathBuf {
    place.join("partial")
}

/// Keeps the poses beside the photos, in one step. Returns where.
///
/// # Errors
/// Where the folder is a zip or cannot be written to; the photos are never touched.
pub fn save(folder: &Folder, poses: &PoseFile, gate: &GateReport) -> Result<PathBuf, PoseError> {
    let place = place(folder, None)?;
    save_at(&place, folder, poses, gate, None)?;
    Ok(place)
}

/// Keeps the poses at `place`, in one step; `folder` is where the photos are.
///
/// # Errors
/// Where `place` cannot be written to; the photos are never touched.
pub fn save_at(
    place: &Path,
    folder: &Folder,
    poses: &PoseFile,
    gate: &GateReport,
    config: Option<&PoseConfig>,
) -> Result<(), PoseError> {
    let files = colmap::write_binary(poses).map_err(|it| IoError::format(place, it))?;
    let record = Record {
        version: VERSION,
        engine: gate.engine.clone(),
        config: config.cloned(),
        gate: gate.clone(),
        photos: stamps(folder, gate.per_photo.iter().map(|it| Path::new(&it.name))),
        unregistered: poses.unregistered.clone(),
        warnings: poses.warnings.clone(),
    };
    let record = serde_json::to_vec_pretty(&record)
        .map_err(|it| PoseError::Failed(format!("poses.json cannot be written: {it}")))?;
    write(place, &files, &record).map_err(|source| {
        let denied = [
            std::io::ErrorKind::PermissionDenied,
            std::io::ErrorKind::ReadOnlyFilesystem,
        ];
        if denied.contains(&source.kind()) {
            return PoseError::Failed(format!(
                "{}: the folder cannot be written to. Choose another one for the results with \
                 `--out`",
                place.display()
            ));
        }
        IoError::system(place, source).into()
    })
}

/// Writes the model into a new folder, then swaps it in. The record goes first and comes last:
/// without it a half-swapped model counts for nothing.
fn write(place: &Path, files: &[(&str, Vec<u8>)], record: &[u8]) -> std::io::Result<()> {
    let model = place.join(MODEL);
    let fresh = place.join(format!(".new-{}", std::process::id()));
    fs::create_dir_all(&fresh)?;
    let written = files
        .iter()
        .try_for_each(|(name, bytes)| crate::io::replace(&fresh.join(name), bytes));
    let swapped = written.and_then(|()| {
        remove(|| fs::remove_file(place.join("poses.json")))?;
        remove(|| fs::remove_dir_all(&model))?;
        if let Some(parent) = model.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(&fresh, &model)?;
        crate::io::replace(&place.join("poses.json"), record)
    });
    if swapped.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&fresh);
    }
    swapped
}

/// What is not there need not be removed.
fn remove(remove: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<()> {
    match remove() {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What was kept beside the photos; also inside a zip that was packed with its results.
pub fn load(folder: &Folder) -> Option<(PoseFile, GateReport)> {
    let read = |name: &str| folder.read(&Path::new(RESULTS_FOLDER).join(name)).ok();
    let kept = read_kept(read, folder)?;
    Some((kept.poses, kept.gate))
}

/// What was kept at `place` for the photos of `folder`; `None` where nothing is, or where it is
/// damaged: then the poses are to be found again.
pub fn load_at(place: &Path, folder: &Folder) -> Option<Kept> {
    read_kept(|name| fs::read(place.join(name)).ok(), folder)
}

fn read_kept(read: impl Fn(&str) -> Option<Vec<u8>>, folder: &Folder) -> Option<Kept> {
    let record: Record = serde_json::from_slice(&read("poses.json")?).ok()?;
    if record.version != VERSION {
        return None;
    }
    let file = |name: &str| read(&format!("{MODEL}/{name}"));
    let points = file("points3D.bin");
    let mut poses = colmap::read_binary(
        &file("cameras.bin")?,
        &file("images.bin")?,
        points.as_deref(),
    )
    .ok()?;
    poses.unregistered = record.unregistered;
    poses.warnings.extend(record.warnings);
    let mut kept = Kept {
        poses,
        gate: record.gate,
        config: record.config,
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
    };
    compare(&mut kept, &record.photos, folder);
    Some(kept)
}

/// Notes which photos are not what they were.
fn compare(kept: &mut Kept, then: &[Stamp], folder: &Folder) {
    let now = stamps(folder, then.iter().map(|it| Path::new(&it.name)));
    for (then, now) in then.iter().zip(now) {
        if folder.find(&then.name).is_none() {
            kept.removed.push(then.name.clone());
        } else if now.bytes.is_some() && then.bytes.is_some() && *then != now {
            kept.changed.push(then.name.clone());
        }
    }
    // Photos lie where the others lie and end as they do; anything else is no photo of this set.
    let ending = |it: &Path| {
        let extension = it.extension().map(|it| it.to_string_lossy().to_lowercase());
        (it.parent().map(Path::to_owned), extension)
    };
    let endings: std::collections::HashSet<_> =
        then.iter().map(|it| ending(Path::new(&it.name))).collect();
    let known: std::collections::HashSet<&str> = then.iter().map(|it| it.name.as_str()).collect();
    let added = folder.files().filter(|it| endings.contains(&ending(it)));
    let names = added.map(|it| it.to_string_lossy().into_owned());
    kept.added = names.filter(|it| !known.contains(it.as_str())).collect();
    for (names, what) in [
        (
            &kept.added,
            "are new since the poses were found; they can be added to the model",
        ),
        (
            &kept.removed,
            "were there when the poses were found and are gone",
        ),
        (
            &kept.changed,
            "have changed since the poses were found; find them again",
        ),
    ] {
        if let Some(first) = names.first() {
            let text = format!("{} photos {what} (first: {first})", names.len());
            kept.poses.warnings.push(text);
        }
    }
}
