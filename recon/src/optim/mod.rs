//! Per-scene optimisation: splats that are drawn as the photos look, step by step.
//!
//! ```text
//! Dataset ─► Targets (photos on the GPU)  ┐
//! points, a splat file, or Splats ─► pool ┴► trainer: draw, compare, go back, move; densify
//!                                            └► Update after each step; Splats in the end
//! held-out photos ─► evaluate ─► EvalReport  measured, never fitted to
//! ```
//!
//! What is deliberately absent: no thread, no file. Progress and cancelling are one closure.

mod budget;
mod chance;
mod checkpoint;
mod config;
mod corrections;
mod error;
mod evaluate;
mod growing;
mod initial;
mod nearest;
mod part;
mod presets;
mod progress;
mod scatter;
mod schedule;
mod session;
mod sight;
mod targets;
mod trainer;

pub use budget::{default_budget, device_bytes};
pub use checkpoint::Checkpoint;
pub use config::{Background, Densify, OptimiseConfig, Preset, Rates, Strategy};
pub use corrections::CorrectionState;
pub use error::OptimError;
pub use evaluate::{Compared, EvalConfig, EvalStep, HeldOut, evaluate};
pub use initial::most_opaque;
pub(crate) use initial::with_degree;

pub(crate) use nearest::{Tree, spacings};
pub use part::Part;
pub use presets::{polish, preset, sequel};
pub use progress::{Evaluation, TrainProgress, Update};
pub use session::{Begin, Listener, Optimisation};
