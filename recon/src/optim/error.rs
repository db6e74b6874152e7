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
    /// Marks are not those of the splats.
    #[error(
        "{marks} marks say which of {splats} splats stay as they are: were some added or deleted \
         meanwhile? Begin the optimisation anew"
    )]
    OtherMarks {
        /// How many marks there are.
        marks: usize,
        /// How many splats.
        splats: usize,
    },
    /// A region without inside.
    #[error("the region of the optimisation has no size, or numbers that are none: give it one")]
    NoRegion,
    /// There is nothing to optimise in the region.
    #[error(
        "no splat lies in the region, so there is none to optimise: move it or make it larger \
         (`accrete info` tells where a scene lies)"
    )]
    EmptyRegion,
    /// There is nothing to optimise.
    #[error("all splats are to stay as they are, so there is none to optimise: free some")]
    AllFrozen,
    /// What stays as it is leaves no room.
    #[error(
        "{frozen} splats are to stay as they are, and there may be {budget} in all: allow more \
         (--splat-budget), or delete some first"
    )]
    FrozenOverBudget {
        /// How many are frozen.
        frozen: usize,
        /// How many there may be.
        budget: usize,
    },
    /// No photo looks at the region.
    #[error("no photo that is fitted shows the region: move it, or make it larger")]
    UnseenRegion,
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
}
