//! Training networks of the tttLRM kind on generated scenes: ours ship with the program, and
//! anybody can train others.
//!
//! ```text
//! seed ─► Example ─► Network (tracked) ─► Gaussians ─► Drawing ─► pictures' loss ─┐
//!                        ▲                    └─► distances, opacities ───────────┤
//!                      Adam ◄──────────────── gradients ◄─────────────────────────┘
//! ```
//! The objective is the paper's (arXiv 2026, section on training), with the scenes' own distances
//! instead of a monocular network's. Pictures are drawn and differentiated by the program's own
//! rasteriser, one view at a time; where there is no GPU, by its twin on the processor, and the
//! scenes of a step run side by side. What is deliberately absent: no thread of its own, no window;
//! whoever runs it asks for step after step.

mod adam;
mod checkpoint;
mod config;
mod drawing;
mod error;
mod evaluate;
mod example;
mod lanes;
mod pass;
mod perceptual;
mod picture;
mod training;

pub use adam::{Adam, Stepped};
pub use config::{Descent, Economy, Objective, Scenes, Stage, TrainConfig};
pub use drawing::{Aim, Drawing, GpuDrawing};
pub use error::TrainError;
pub use evaluate::{Evaluation, EvaluationRow};
pub use example::{Example, ExampleView, HELD_OUT, Shape};
pub use pass::{Losses, Tracked, learn, look, sized, tracked};
pub use perceptual::Perceptual;
pub use picture::{PictureLoss, Wanted, compare};
pub use training::{Counts, StepReport, Training};
