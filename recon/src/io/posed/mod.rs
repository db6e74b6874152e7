//! Photos with poses: the pose file that counts, the photos it means, the dataset they make.
//!
//! Of several pose files and models in a folder these come first, in this order:
//! 1. those whose photos lie highest: a dataset inside the folder counts only where the folder has
//!    none itself; the `cameras.json` of a finished 3DGS scene comes after everything;
//! 2. what the folder came with, before what this program found earlier (`.accrete/`);
//! 3. COLMAP, `transforms.json`, other files of that format, Blender, `opencv_cameras.json`,
//!    Metashape, RealityCapture, LLFF, `cameras.json`;
//! 4. of COLMAP models the one with the most photos, then one with points, then the binary one.
//!
//! What cannot be read or finds none of its photos makes room for the next.

mod assemble;
mod candidates;
mod fit;
mod locate;
mod masks;
mod points;
mod read;

use std::path::{Component, Path, PathBuf};

use glam::DAffine3;

use crate::dataset::{Dataset, HoldOut, Split, outliers, reprojection};

use super::{Folder, FormatError, IoError, OpenOptions};
use assemble::{Origin, assemble};
use candidates::{Candidate, reason};

/// More that fail are not tried.
const MAX_TRIES: usize = 16;

/// What looking for poses came to.
#[derive(Debug)]
pub(super) struct Search {
    /// Photos with poses, where there are any.
    pub(super) dataset: Option<Dataset>,
    /// Pose files that were there and not taken, where there are none.
    pub(super) not_taken: Vec<String>,
}

/// Looks for posed photos in a folder or zip.
///
/// # Errors
/// Where the folder has pose files of its own, and none can be used: why the first cannot.
pub(super) fn find_posed(
    folder: &Folder,
    dropped: &Path,
    options: &OpenOptions,
) -> Result<Search, IoError> {
    let candidates = candidates::find(folder);
    let mut not_taken: Vec<String> = Vec::new();
    let mut first_error = None;
    for (index, candidate) in candidates.iter().enumerate().take(MAX_TRIES) {
        match dataset(folder, dropped, candidate, options) {
            Ok(mut dataset) => {
                let others = candidates[index + 1..].iter();
                let failures = not_taken.clone();
                not_taken.extend(others.map(|it| reason(candidate, it)));
                dataset.report.warnings.splice(0..0, failures);
                dataset.report.not_taken = not_taken;
                return Ok(Search {
                    dataset: Some(dataset),
                    not_taken: Vec::new(),
                });
            }
            Err(error) => {
                not_taken.push(format!("{} cannot be used: {error}", candidate.format));
                if candidate.is_the_folders_own() {
                    first_error.get_or_insert(error);
                }
            }
        }
    }
    match first_error {
        Some(error) => Err(error),
        None => Ok(Search {
            dataset: None,
            not_taken,
        }),
    }
}

/// Opens the folder of a pose file or of one file of a COLMAP model, with that very file.
///
/// # Errors
/// Where it cannot be read, or finds none of its photos.
pub(super) fn open_pose_file(path: &Path, options: &OpenOptions) -> Result<Dataset, IoError> {
    let absolute = std::path::absolute(path).map_err(|it| IoError::system(path, it))?;
    let mut root = absolute.parent().unwrap_or(Path::new("/"));
    if is_file_of_a_model(path) {
        // The photos of `sparse/0` lie two folders higher.
        while let (Some(Component::Normal(name)), Some(upper)) =
            (root.components().next_back(), root.parent())
        {
            if !candidates::is_part_of_model_path(&name.to_string_lossy()) {
                break;
            }
            root = upper;
        }
    }
    let folder = Folder::open(root)?;
    let relative = absolute.strip_prefix(root).unwrap_or(&absolute);
    let candidate = candidates::chosen(&folder, relative).ok_or_else(|| {
        let cause =
            "no complete pose file: of a COLMAP model both `cameras` and `images` are needed";
        IoError::format(path, FormatError::Unsupported(cause.to_owned()))
    })?;
    let mut dataset = dataset(&folder, path, &candidate, options)?;
    let others = candidates::find(&folder).into_iter();
    let others = others.filter(|it| it.files.iter().all(|it| !candidate.files.contains(it)));
    let chosen = |it: Candidate| format!("{}: another was chosen", it.told());
    dataset.report.not_taken = others.map(chosen).collect();
    Ok(dataset)
}

/// Whether the name is that of a part of a COLMAP model.
pub(super) fn is_file_of_a_model(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let (stem, ending) = name.rsplit_once('.').unwrap_or_default();
    ["cameras", "images", "points3d"].contains(&stem) && ["bin", "txt"].contains(&ending)
}

fn dataset(
    root: &Folder,
    dropped: &Path,
    candidate: &Candidate,
    options: &OpenOptions,
) -> Result<Dataset, IoError> {
    let mut poses = read::read(root, candidate)?;
    let folder = root.below(&candidate.home);
    read::name_rows(&mut poses, &folder);
    let place = candidate.place();
    // Names in a COLMAP model do not count from its own folder.
    let beside = if candidate.is_colmap() {
        Path::new("")
    } else {
        let beside = &candidate.beside;
        beside.strip_prefix(&candidate.home).unwrap_or(beside)
    };
    let origin = Origin {
        dropped,
        pose_file: &place,
        beside,
    };
    let wrong = |it| IoError::format(&root.path().join(&place), it);
    let mut dataset = assemble(&folder, origin, poses).map_err(wrong)?;
    if dataset.name.is_empty() {
        dataset.name = name_of(root, &candidate.home);
    }
    let cameras = dataset.views.iter().map(|it| (it.lens, it.c2w));
    let cameras: Vec<(usize, DAffine3)> = cameras.collect();
    dataset.report.reprojection = reprojection(&dataset.lenses, &cameras, &dataset.points);
    let positions = dataset.views.iter().map(|it| it.c2w.translation);
    let far = outliers(&positions.collect::<Vec<_>>());
    let far = far.into_iter().map(|it| dataset.views[it].name.clone());
    dataset.report.outliers = far.collect();
    split(&mut dataset, options);
    Ok(dataset)
}

/// What a person calls the folder.
fn name_of(root: &Folder, home: &Path) -> String {
    let dropped = root.path();
    let absolute = std::path::absolute(dropped).unwrap_or_else(|_| dropped.to_owned());
    let named: PathBuf = absolute.join(home);
    let name = if home.as_os_str().is_empty() && dropped.is_file() {
        named.file_stem()
    } else {
        named.file_name()
    };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// What the file itself splits stays so, unless something else was asked for.
fn split(dataset: &mut Dataset, options: &OpenOptions) {
    let by_file = dataset.views.iter().any(|it| it.split == Split::HeldOut);
    match &options.hold_out {
        Some(hold_out) => hold_out.apply(dataset),
        None if by_file => {
            "as published with the scene".clone_into(&mut dataset.report.split);
            dataset.count_splits();
        }
        None => HoldOut::default().apply(dataset),
    }
}
