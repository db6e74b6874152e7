//! The files of splats in a project: named after their content, never changed, never written twice.

use std::fs;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::io::{FormatError, IoError, SplatFile, ply, replace};

/// Bytes that one thread hashes at a time.
const CHUNK: usize = 1 << 20;

/// A file of splats, as `project.json` names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Its name in the folder.
    pub(super) file: String,
    /// How many splats it holds.
    pub(super) count: usize,
    /// Of its bytes, in hexadecimal.
    pub(super) hash: String,
}

/// Writes splats into the folder unless they lie there already, and adds the file's name to `files`.
pub(super) fn keep(
    folder: &Path,
    what: &str,
    file: &SplatFile,
    files: &mut Vec<String>,
) -> Result<Kept, IoError> {
    let bytes = ply::write(file).map_err(|it| IoError::format(folder, it))?;
    let hash = hash(&bytes);
    let name = format!("{what}-{hash}.ply");
    let path = folder.join(&name);
    let is_there = fs::metadata(&path).is_ok_and(|it| it.len() == bytes.len() as u64);
    if !is_there {
        replace(&path, &bytes).map_err(|it| IoError::system(&path, it))?;
    }
    files.push(name.clone());
    Ok(Kept {
        file: name,
        count: file.splats.len(),
        hash,
    })
}

/// Reads what was kept, to the bit.
pub(super) fn read(
    folder: &Path,
    kept: &Kept,
    warnings: &mut Vec<String>,
) -> Result<SplatFile, IoError> {
    if kept.file.contains(['/', '\\']) || kept.file.starts_with("..") {
        let cause = "names splats outside of its folder. Use a project that this program made";
        let cause = FormatError::Malformed(cause.to_owned());
        return Err(IoError::format(&folder.join(super::NAME), cause));
    }
    let path = folder.join(&kept.file);
    let bytes = fs::read(&path).map_err(|it| IoError::system(&path, it))?;
    let file = ply::read_exact(&bytes).map_err(|it| IoError::format(&path, it))?;
    if file.splats.len() != kept.count {
        return Err(IoError::format(
            &path,
            FormatError::Malformed(format!(
                "holds {} splats, and the project was saved with {}. Put the right file back",
                file.splats.len(),
                kept.count
            )),
        ));
    }
    if hash(&bytes) != kept.hash {
        warnings.push(format!(
            "{} was changed since the project was saved: edits may not fit it",
            kept.file
        ));
    }
    Ok(file)
}

/// Removes files of splats that belong to an older save. What cannot be removed stays.
pub(super) fn remove_others(folder: &Path, files: &[String]) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_ours = ["splats-", "part-"].iter().any(|it| {
            let hash = name.strip_prefix(it).and_then(|it| it.strip_suffix(".ply"));
            hash.is_some_and(|it| it.len() == 16 && it.bytes().all(|it| it.is_ascii_hexdigit()))
        });
        if is_ours && !files.iter().any(|it| it == name) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The hash of all pieces' hashes, in hexadecimal. It tells states of a scene apart and keeps no
/// secret.
fn hash(bytes: &[u8]) -> String {
    let pieces: Vec<u8> = bytes
        .par_chunks(CHUNK)
        .map(|it| mix(it).to_le_bytes())
        .flatten_iter()
        .collect();
    format!("{:016x}", mix(&pieces) ^ bytes.len() as u64)
}

/// Words of eight bytes, turned and multiplied one after the other (as FxHash does), and stirred in
/// the end (as MurmurHash3 does).
fn mix(bytes: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x517c_c1b7_2722_0a95;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = words
        .iter()
        .chain([&last])
        .map(|it| u64::from_le_bytes(*it));
    let hash = words.fold(0_u64, |hash, word| {
        (hash.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}
