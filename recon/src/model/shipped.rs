//! The weights that come with the program: a small network of our own, for single objects, made by
//! `accrete train` from generated scenes (`assets/README.md`).

use std::io::Cursor;
use std::path::Path;

use crate::io::FormatError;
use crate::io::weights::WeightsFile;

/// Stands for the weights that come with the program wherever a file with weights is named. A file
/// of this very name is reached by a path with a folder: `./object-small`.
pub const SHIPPED: &str = "object-small";

/// What the shipped network can and cannot do, in a line.
pub const SHIPPED_LIMITS: &str = "object-small is for 2 to 16 photos around one object before a \
     plain white or transparent background; of anything else expect a rough draft that the \
     optimiser has to mend.";

static BYTES: &[u8] = include_bytes!("../../../assets/object-small.safetensors");

/// Whether this is no file but the weights that come with the program.
pub fn is_shipped(path: &Path) -> bool {
    path == Path::new(SHIPPED)
}

/// A file with weights, or those that come with the program.
pub(super) fn open(path: &Path) -> Result<WeightsFile<'static>, crate::io::IoError> {
    if !is_shipped(path) {
        return WeightsFile::open(path);
    }
    let found: Result<WeightsFile<'static>, FormatError> = WeightsFile::new(Cursor::new(BYTES));
    found.map_err(|it| crate::io::IoError::format(path, it))
}
