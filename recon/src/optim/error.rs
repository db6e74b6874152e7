//! Why an optimisation or a measurement cannot go on.

use std::sync::Arc;

use render::gpu::GpuError;

use crate::io::IoError;

/// Why an optimisation or a measurement cannot go on. Being told to stop is none: whatever can be
/// stopped returns `None` then.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OptimError {
    /// The device refused.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A file that cannot be done without could not be read or written.
    #[error(transparent)]
    Io(#[from] Arc<IoError>),
    /// There is no photo to work with: why, and what to do.
    #[error("{0}")]
    NoViews(String),
}

impl From<IoError> for OptimError {
    fn from(err: IoError) -> Self {
        Self::Io(Arc::new(err))
    }
}
