//! Photos without poses: the folder that holds the most of them.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::dataset::{ImageFile, ImageProblem, ImportReport, Orientation};
use crate::poses::Photos;

use super::photo::{Header, header_of};
use super::photo_names::{extension, is_photo, slashed};
use super::{Folder, FormatError, IoError};

/// The photos at `path` alone, whatever poses lie beside them: a folder, a zip, or the folder
/// around a pose file.
///
/// # Errors
/// Where there are none, or none can be used.
pub fn open_plain_photos(path: &Path) -> Result<Photos, IoError> {
    let is_file = path.is_file() && extension(path) != "zip";
    let path = match path.parent() {
        Some(parent) if is_file => parent,
        _ => path,
    };
    let folder = Folder::open(path)?;
    open_photos(&folder, path)?.ok_or_else(|| {
        let cause = "there are no photos in it".to_owned();
        IoError::format(path, FormatError::Unsupported(cause))
    })
}

/// The photos of the folder that holds the most, in natural order of their names; `None` where
/// there is no photo at all.
///
/// # Errors
/// Where there are photos and none of them can be used.
pub(super) fn open_photos(folder: &Folder, dropped: &Path) -> Result<Option<Photos>, IoError> {
    let mut by_folder: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for path in folder.files().filter(|it| is_photo(it)) {
        let place = path.parent().unwrap_or(Path::new(""));
        by_folder.entry(place).or_default().push(path);
    }
    // Of two with as many the upper one: a copy is rather made below.
    let most = by_folder
        .iter()
        .max_by_key(|(place, paths)| (paths.len(), std::cmp::Reverse(place.components().count())));
    let Some((&place, paths)) = most else {
        return Ok(None);
    };
    let mut report = ImportReport {
        path: dropped.to_owned(),
        listed: paths.len(),
        ..ImportReport::default()
    };
    for (other, paths) in by_folder.iter().filter(|(it, _)| **it != place) {
        report.not_taken.push(format!(
            "{} photos in {}: fewer than in {}",
            paths.len(),
            name_of(other),
            name_of(place)
        ));
    }
    let mut images = Vec::new();
    let mut broken = Vec::new();
    for (path, header) in paths.iter().zip(read_headers(folder, paths)) {
        match header {
            Ok(header) => images.push(image_file(path, &header, true)),
            Err(reason) => broken.push(ImageProblem {
                name: slashed(path),
                reason,
            }),
        }
    }
    if images.is_empty() {
        return Err(none_usable(dropped, &broken));
    }
    report.used = images.len();
    report.broken.clone_from(&broken);
    report.with_alpha = images.iter().filter(|it| it.has_alpha).count();
    report.sizes = sizes(images.iter().map(|it| (it.width, it.height)));
    let turned = images
        .iter()
        .filter(|it| it.orientation != Orientation::Stored);
    report.turned = turned
        .map(|it| (slashed(&it.path), it.orientation))
        .collect();
    Ok(Some(Photos {
        folder: folder.clone(),
        images,
        broken,
        report,
    }))
}

/// The headers of all `paths`, read on all threads; where one cannot be read, why and what to do.
pub(super) fn read_headers(folder: &Folder, paths: &[&Path]) -> Vec<Result<Header, String>> {
    let reason = |it: IoError| match it {
        IoError::System { source, .. } => format!("cannot be read: {source}"),
        IoError::Format { source, .. } => source.to_string(),
    };
    let headers = paths.par_iter().map(|it| header_of(folder, it));
    headers.map(|it| it.map_err(reason)).collect()
}

/// A photo's file, turned as EXIF asks where `turned`.
pub(super) fn image_file(path: &Path, header: &Header, turned: bool) -> ImageFile {
    let (orientation, (width, height)) = if turned {
        (header.orientation, header.upright_size())
    } else {
        (Orientation::Stored, (header.width, header.height))
    };
    ImageFile {
        path: path.to_owned(),
        width,
        height,
        orientation,
        has_alpha: header.has_alpha,
        bits: header.bits,
    }
}

/// Different sizes, the most frequent first.
pub(super) fn sizes(all: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut counts: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for size in all {
        *counts.entry(size).or_default() += 1;
    }
    let mut sizes: Vec<_> = counts.into_iter().collect();
    sizes.sort_by_key(|it| std::cmp::Reverse(it.1));
    sizes.into_iter().map(|it| it.0).collect()
}

fn none_usable(dropped: &Path, broken: &[ImageProblem]) -> IoError {
    let first = broken.first();
    let example = first.map(|it| format!(", as {}: {}", it.name, it.reason));
    let cause = format!(
        "{} photos, none of which can be used{}",
        broken.len(),
        example.unwrap_or_default()
    );
    IoError::format(dropped, FormatError::Unsupported(cause))
}

fn name_of(place: &Path) -> String {
    if place.as_os_str().is_empty() {
        "the folder itself".to_owned()
    } else {
        slashed(place)
    }
}
