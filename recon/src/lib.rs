//! Makes, reads and writes Gaussian splat scenes: files, synthetic scenes, the worker.
//!
//! What is deliberately absent: this crate knows no window and no egui. Only [`io`] touches the
//! disk, and only [`worker`] owns threads and channels.

pub mod camera_path;
pub mod dataset;
pub mod edit;
pub mod film;
pub mod io;
pub mod metrics;
pub mod model;
pub mod optim;
pub mod poses;
pub mod synthetic;
pub mod train;
pub mod worker;

pub use worker::{Command, Event, Worker};
