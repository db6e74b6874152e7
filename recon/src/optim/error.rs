//! What can go wrong in an optimisation.

use render::gpu::GpuError;

use crate::io::IoError;

/// Why an optimisation or a measurement ended early.
#[derive(Debug, thiserror::Error)]
pub enum OptimError {
    /// The GPU refused.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// There is no photo to fit to.
    #[error(
        "no photo is left to fit to: all are held out, left out or unreadable. Hold out fewer, or \
         look at the warnings"
    )]
    NoPhotos,
    /// There is nothing to begin with.
    #[error(
        "the dataset has no points, and its photos agree on none: do the poses belong to these \
         photos? Find poses anew with `accrete poses`, or begin with a splat file"
    )]
    NoPoints,
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
}
