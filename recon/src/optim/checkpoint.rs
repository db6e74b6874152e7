//! An optimisation's whole state between two steps, on the host.

use std::borrow::Cow;

use render::training::PoolState;

use super::{CorrectionState, Evaluation, OptimiseConfig};
use crate::edit::Region;

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
    /// Measurements on held-out photos so far, oldest first.
    pub evaluations: Vec<Evaluation>,
    /// Exposures and poses.
    pub corrections: CorrectionState,
    /// Where splats are optimised; `None` for everywhere.
    pub region: Option<Region>,
    /// Splats and moments, and how many are frozen.
    pub pool: PoolState,
}

impl Checkpoint {
    /// The pool with all that these settings need, where they are not those it ran with: statistics
    /// that were not counted are 0, filters that were not measured are told to be nothing until they
    /// are.
    pub(super) fn fitted(&self, config: &OptimiseConfig) -> Cow<'_, PoolState> {
        let statistics = config.densify.strategy.statistics();
        let is_filtered = self.pool.filter.is_some();
        if self.pool.statistics.len() == statistics && is_filtered == config.filter_3d {
            return Cow::Borrowed(&self.pool);
        }
        let zeros = vec![0.0; self.pool.splats.len()];
        let mut pool = self.pool.clone();
        pool.statistics.resize(statistics, zeros.clone());
        pool.filter = match pool.filter {
            _ if !config.filter_3d => None,
            None => Some(zeros),
            sizes => sizes,
        };
        Cow::Owned(pool)
    }
}
