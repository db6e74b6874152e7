//! A folder that takes its name only when it is complete.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::io::{FormatError, IoError};

/// A hidden folder beside the one to be. Dropped before [`Self::finish`], it is removed.
#[derive(Debug)]
pub(in crate::io) struct Staging(PathBuf);

impl Staging {
    /// Beside `out`, which must be new or an empty folder.
    pub(in crate::io) fn beside(out: &Path) -> Result<Self, IoError> {
        check_free(out)?;
        let system = |it| IoError::system(out, it);
        let absolute = std::path::absolute(out).map_err(system)?;
        let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            let cause = "not the name of a folder that can be made".to_owned();
            return Err(IoError::format(out, FormatError::Unsupported(cause)));
        };
        fs::create_dir_all(folder).map_err(system)?;
        let mut number = 0;
        loop {
            let mut part = std::ffi::OsString::from(".");
            part.push(name);
            part.push(format!(".{}-{number}.part", std::process::id()));
            let part = folder.join(part);
            match fs::create_dir(&part) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(system(error)),
                Ok(()) => return Ok(Self(part)),
            }
        }
    }

    pub(in crate::io) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives it the name.
    pub(in crate::io) fn finish(mut self, out: &Path) -> Result<(), IoError> {
        let system = |it| IoError::system(out, it);
        // Only an empty folder goes: whatever came into it meanwhile stays.
        match fs::remove_dir(out) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(system(error)),
            _ => {}
        }
        fs::rename(&self.0, out).map_err(system)?;
        self.0 = PathBuf::new();
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // Nobody is left to be told.
            fs::remove_dir_all(&self.0).ok();
        }
    }
}

fn check_free(out: &Path) -> Result<(), IoError> {
    let taken = |cause: &str| {
        let cause = format!("{cause}, and nothing is overwritten. Name a new folder");
        Err(IoError::format(out, FormatError::Unsupported(cause)))
    };
    match fs::read_dir(out) {
        Ok(mut entries) => match entries.next() {
            Some(_) => taken("the folder is not empty"),
            None => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => taken("there is a file"),
        Err(error) => Err(IoError::system(out, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_comes_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("new/out");
        let staging = Staging::beside(&out).unwrap();
        fs::write(staging.path().join("a"), b"x").unwrap();
        assert!(!out.exists());
        drop(staging);
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 0);

        fs::create_dir(&out).unwrap();
        let staging = Staging::beside(&out).unwrap();
        fs::write(staging.path().join("a"), b"x").unwrap();
        staging.finish(&out).unwrap();
        assert_eq!(fs::read(out.join("a")).unwrap(), b"x");
        for taken in [out.as_path(), &out.join("a")] {
            let error = Staging::beside(taken).unwrap_err().to_string();
            assert!(error.contains("nothing is overwritten"), "{error}");
        }
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 1);
    }
}
