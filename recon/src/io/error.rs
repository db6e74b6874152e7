//! What can be wrong with a file, in words a person can act on.

use std::path::{Path, PathBuf};

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IoError {
    /// The operating system refused.
    #[error("{path}: {source}")]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file was read, and its contents cannot be used.
    #[error("{path}: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FormatError,
    },
}

impl IoError {
    /// Names the file that the system complained about.
    pub fn system(path: &Path, source: std::io::Error) -> Self {
        Self::System {
            path: path.to_owned(),
            source,
        }
    }

    /// Names the file whose contents cannot be used.
    pub fn format(path: &Path, source: FormatError) -> Self {
        Self::Format {
            path: path.to_owned(),
            source,
        }
    }
}

/// The contents of a file cannot be used. Says what is wrong, where, and what to do, but not in
/// which file: [`IoError`] adds that.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file ends too early.
    #[error(
        "truncated: {what} needs {needed} bytes, the file has {found}. Copy or export it again"
    )]
    Truncated {
        /// What was being read.
        what: String,
        /// Bytes it takes.
        needed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Something contradicts the format.
    #[error("{0}")]
    Malformed(String),
    /// A valid file of a kind that is not splats, or of a version that is not known.
    #[error("{0}")]
    Unsupported(String),
}
