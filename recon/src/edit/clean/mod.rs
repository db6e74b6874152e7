//! Clean-up: finds the splats that do not belong to a scene, so that they can be looked at before
//! they go.
//!
//! ```text
//! Edited ─► Subject ─► Measured   once: neighbours, cameras, what the photos see of each splat
//!                        └► find(CleanConfig) ─► (Rule, Bits)…   whenever a slider moves
//!                                                  └► removals() ─► EditOp::Remove…
//! ```
//!
//! Everything is measured in units of the scene itself (its typical spacing and size, as seen from
//! the nearest camera where cameras are known), so that the same numbers hold for a toy and a
//! street. What is deliberately absent: nothing here changes a splat.

mod config;
mod isolation;
mod measured;
mod photos;
mod rules;
mod subject;
#[cfg(test)]
mod tests;
mod views;

pub use config::{CleanConfig, Fog, NearCamera, Spikes};
pub use measured::{MeasureError, Measured};
pub use photos::measure;
pub use rules::{Rule, find, removals, union};
pub use subject::Subject;
