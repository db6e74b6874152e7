//! Splat files: which format a path holds, reading it, writing it.
//!
//! In memory every scene has the axes of a 3DGS `.ply` (the camera convention of COLMAP: x right,
//! y down, z forward); a format with other axes converts when it is read and written.

mod bounded;
mod error;
mod format;
mod morton;
mod quantised;
pub mod sog;
pub mod spz;

pub use error::{FormatError, IoError};
pub use format::{SplatFile, SplatFormat};
