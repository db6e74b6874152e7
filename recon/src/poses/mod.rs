//! Camera poses from plain photos.
//!
//! ```text
//! Photos ──► PoseEngine ──► PoseFile ──► quality gate ──► .accrete/ beside the photos
//! ```
//!
//! An engine's word that a photo is registered counts for nothing here: the gate looks at what
//! each photo contributes. What is deliberately absent: no thread; an engine runs where it is
//! called and asks `report` whether to go on.

mod builtin;
mod colmap;
mod engine;
mod initial_points;
mod judge;
#[cfg(feature = "sfm")]
mod photo;
mod program;
mod quality;
pub mod results;
pub mod video;
mod workplace;

pub use builtin::BuiltinEngine;
pub use colmap::{COLMAP_VARIABLE, ColmapEngine, Mapper};
pub use engine::{LivePoses, Photos, PoseConfig, PoseEngine, PoseError, PoseUpdate};
pub use initial_points::{InitialPointsConfig, PointSource, initial_points};
#[cfg(feature = "sfm")]
use judge::frames_of;
pub use judge::judge;
pub use quality::{
    GOOD_OBSERVATIONS, GateReport, PhotoQuality, STOP_RATE, Standing, Verdict, WARN_RATE,
};
pub(crate) use workplace::remove_empty;
