//! The stages of the built-in engine, one by one.
//!
//! ```text
//! photos ─► features ─► pairs ─► matches ─► focal lengths ─► two-view geometry
//!        ─► rotations ─► tracks ─► positions ─► bundle adjustment ─► points anew ─► refinement
//!        ─► photos left over, one by one ─► PoseFile
//! ```
//!
//! Everything happens at the size at which features were looked for, so that thresholds in pixels
//! mean the same for every photo; the result is scaled to the upright photos at the end.

mod cameras;
mod descriptors;
mod features;
mod focal;
mod geometry;
mod mapper;
mod model;
mod pairs;
mod partial;
mod progress;
mod reasons;
mod register;

use std::ops::ControlFlow;
use std::path::Path;

use super::super::{Photos, PoseConfig, PoseError, PoseUpdate};
use crate::dataset::PoseFile;

pub(in crate::poses) use descriptors::matches as match_descriptors;
pub(in crate::poses) use features::{Features, look};
pub(in crate::poses) use progress::Reporter;

/// Runs all stages.
pub(super) fn run(
    photos: &Photos,
    config: &PoseConfig,
    partial: Option<&Path>,
    report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
) -> Result<PoseFile, PoseError> {
    let report = &mut Reporter::new(report);
    if photos.images.len() < 2 {
        return Err(PoseError::Failed(format!(
            "{} of the folder's photos can be used, and poses need at least two, better twenty, \
             that show the same things from different places",
            photos.images.len()
        )));
    }
    let mut kept = partial::Partial::open(partial, photos, config);
    let features = features::look_at_all(photos, config, &mut kept, report)?;
    let lenses = cameras::group(photos, config, report)?;
    let pairs = pairs::choose(&features, config, report)?;
    let matches = geometry::match_all(&features, &pairs, &mut kept, report)?;
    let cameras = lenses
        .iter()
        .zip(1..)
        .map(|(it, id)| it.camera(id))
        .collect();
    let camera_of = cameras::camera_of(&lenses, photos.images.len());
    let store = geometry::store(cameras, &camera_of, &features)?;
    focal::calibrate(&store, &matches, &lenses, config.seed, report)?;
    geometry::verify_all(&store, &matches, config.seed, report)?;
    let built = mapper::build(&store, &features, config.seed, report)?;
    let mut poses = model::to_pose_file(&built.model, photos, &features, &lenses);
    poses.warnings.extend(built.trouble);
    reasons::explain(&mut poses, photos, &features, &store);
    kept.clear();
    Ok(poses)
}

/// See [`super::BuiltinEngine::register_images`].
pub(super) fn register(
    known: &PoseFile,
    photos: &Photos,
    config: &PoseConfig,
    report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
) -> Result<PoseFile, PoseError> {
    register::run(known, photos, config, &mut Reporter::new(report))
}
