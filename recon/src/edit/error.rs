//! Why an edit cannot be done.

/// Why an edit cannot be done. The scene stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A selection was made of another number of splats.
    #[error("the selection is of {found} splats and the scene has {expected}")]
    Length {
        /// How many splats there are.
        expected: usize,
        /// How many the selection knows.
        found: usize,
    },
    /// There is no selection of this name.
    #[error("there is no saved selection \"{0}\"")]
    NoSelection(String),
    /// Splats that were merged are not there.
    #[error("the merged splats \"{0}\" are missing")]
    NoPart(String),
    /// A number is not one, or out of range.
    #[error("{0}")]
    Number(&'static str),
    /// An optimisation would have nothing to begin with.
    #[error("every splat is deleted or cropped away")]
    Nothing,
}
