//! An optimisation's whole state between two steps, on the host.

use render::training::PoolState;

use super::{CorrectionState, OptimiseConfig};

/// All that is needed to go on as if it had never stopped: chance is a function of seed and step.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The settings it ran with.
    pub config: OptimiseConfig,
    /// Steps done.
    pub step: u32,
    /// Seconds spent on them.
    pub elapsed_secs: f32,
    /// The scene's size, by which steps of means are measured, world units.
    pub extent: f32,
    /// Exposures and poses.
    pub corrections: CorrectionState,
    /// Splats and moments.
    pub pool: PoolState,
}
