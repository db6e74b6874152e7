//! Splat files: which format a path holds, reading it, writing it.
//!
//! In memory every scene has the axes of a 3DGS `.ply` (the camera convention of COLMAP: x right,
//! y down, z forward); a format with other axes converts when it is read and written.

mod camera_path;
mod error;
mod format;

pub use camera_path::{
    camera_path_from_json, camera_path_to_json, read_camera_path, write_camera_path,
};
pub use error::{FormatError, IoError};
pub use format::{SplatFile, SplatFormat};
