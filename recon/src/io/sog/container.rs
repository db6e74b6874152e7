//! Where the files of a SOG lie: in a zip or in a folder. Only plain names are followed.

use std::fs::File;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::io::FormatError;
use crate::io::bounded::read_at_most;

/// The files of one SOG.
pub(super) enum Container<'a> {
    /// An archive in memory, and its size.
    Zip {
        archive: Box<ZipArchive<Cursor<&'a [u8]>>>,
        bytes: u64,
    },
    /// A folder on the disk.
    Folder(PathBuf),
}

impl<'a> Container<'a> {
    /// Opens an archive. One whose entries would lie outside the folder that it is unpacked to is
    /// refused, although nothing is unpacked here.
    pub(super) fn open_zip(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|it| broken_zip(&it))?;
        for name in archive.file_names() {
            let name = name.map_err(|it| broken_zip(&it))?;
            if !stays_inside(&name) {
                return Err(FormatError::Malformed(format!(
                    "the archive has an entry {name:?} that leaves its folder. It is not to be \
                     trusted"
                )));
            }
        }
        Ok(Self::Zip {
            archive: Box::new(archive),
            bytes: bytes.len() as u64,
        })
    }

    /// The contents of file `name`, an error beyond `limit` bytes.
    pub(super) fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, FormatError> {
        if !is_plain(name) {
            return Err(FormatError::Malformed(format!(
                "meta.json names a file {name:?}, which is not a plain file name"
            )));
        }
        match self {
            Self::Zip { archive, .. } => match archive.by_name(name) {
                Ok(entry) => read_at_most(entry, limit, name),
                Err(ZipError::FileNotFound) => Err(not_there(name)),
                Err(error) => Err(FormatError::Malformed(format!("{name}: {error}"))),
            },
            Self::Folder(folder) => match File::open(folder.join(name)) {
                Ok(file) => read_at_most(file, limit, name),
                Err(error) if error.kind() == ErrorKind::NotFound => Err(not_there(name)),
                Err(error) => Err(FormatError::Malformed(format!("{name}: {error}"))),
            },
        }
    }

    /// Bytes that the files of these names take at most. Of an archive, all that there are: what
    /// it says of its entries is only a claim.
    pub(super) fn stored_bytes<'b>(&self, names: impl Iterator<Item = &'b String>) -> u64 {
        match self {
            Self::Zip { bytes, .. } => *bytes,
            Self::Folder(folder) => names
                .filter(|it| is_plain(it))
                .map(|it| folder.join(it).metadata().map_or(0, |it| it.len()))
                .sum(),
        }
    }
}

/// Whether unpacking an entry of this name would write below the folder that is unpacked to.
fn stays_inside(name: &str) -> bool {
    let is_absolute = name.starts_with(['/', '\\']) || name.contains(':');
    !is_absolute && !name.split(['/', '\\']).any(|it| it == "..") && !name.contains('\0')
}

/// Whether a name is that of a file in the very folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let is_one = matches!(parts.next(), Some(std::path::Component::Normal(it)) if it == name);
    is_one && parts.next().is_none() && stays_inside(name) && !name.contains(['/', '\\'])
}

fn not_there(name: &str) -> FormatError {
    FormatError::Malformed(format!(
        "{name} is missing. A SOG is meta.json and the images that it names, side by side"
    ))
}

fn broken_zip(error: &ZipError) -> FormatError {
    FormatError::Malformed(format!(
        "not a readable zip archive ({error}). Copy or export it again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_followed() {
        for name in ["means_l.webp", "meta.json", "a..b", "ä.webp"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "", ".", "..", "../a", "a/b", "/a", "a\\b", "C:a", "a/", "./a", "..\\a", "a\0",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
    }

    #[test]
    fn entries_may_lie_below_but_not_outside() {
        assert!(stays_inside("a/b.webp"));
        assert!(stays_inside("a/..b"));
        for name in [
            "../a",
            "a/../../b",
            "/etc/passwd",
            "\\a",
            "C:\\a",
            "a\\..\\b",
        ] {
            assert!(!stays_inside(name), "{name}");
        }
    }
}
