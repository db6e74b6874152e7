//! What several devices that share a sequence tell each other.

use super::ModelError;
use super::fast_weights::Matrices;

/// Ranks that hold some of the views each. Views meet only in the fast weights' updates, so sums
/// of those are all that travels before the Gaussians do.
pub trait Collective {
    /// The sum of all ranks' matrices, on this rank's device. Every rank asks equally often.
    ///
    /// # Errors
    /// Where a rank is gone.
    fn sum(&self, matrices: Matrices) -> Result<Matrices, ModelError>;
}

/// One device that holds all views.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Collective for Alone {
    fn sum(&self, matrices: Matrices) -> Result<Matrices, ModelError> {
        Ok(matrices)
    }
}
