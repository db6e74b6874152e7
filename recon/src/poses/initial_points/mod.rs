//! Points to begin with, for posed photos that came without any.
//!
//! ```text
//! the dataset's own points ─► else triangulated under its poses ─► else random in its view
//! ```
//!
//! Only views that the methods may see take part: points of a held-out photo would give it away.

mod random;
#[cfg(feature = "sfm")]
mod tracks;
#[cfg(feature = "sfm")]
mod triangulate;

use std::ops::ControlFlow;

use super::{PoseError, PoseUpdate};
use crate::dataset::{Dataset, Points, Split};

/// Fewer points than this say too little of a scene.
const MIN_POINTS: usize = 200;

/// How points are looked for where the dataset has none.
#[derive(Clone, Debug, PartialEq)]
pub struct InitialPointsConfig {
    /// Longer side in pixels that features are looked for at.
    pub max_side: u32,
    /// Features per photo.
    pub max_features: usize,
    /// Views that each view is compared with.
    pub neighbours: usize,
    /// Random points, where nothing else is found.
    pub random_points: usize,
    /// Seed of the random points.
    pub seed: u64,
}

impl Default for InitialPointsConfig {
    fn default() -> Self {
        Self {
            max_side: 960,
            max_features: 2048,
            neighbours: 8,
            random_points: 10_000,
            seed: 0,
        }
    }
}

/// Where initial points come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointSource {
    /// They came with the dataset.
    Dataset,
    /// From features that neighbouring views share, under the given poses.
    Triangulated,
    /// Random where the cameras look.
    Random,
}

/// Points to begin with: the dataset's own, else triangulated from features of neighbouring views
/// under its poses, else random in the space that the cameras see. Observations refer to the
/// dataset's views. `report` hears how far it is; the same dataset and settings give the same
/// points.
///
/// # Errors
/// [`PoseError::Cancelled`] when `report` breaks; [`PoseError::Failed`] where no view can be used.
pub fn initial_points(
    dataset: &Dataset,
    config: &InitialPointsConfig,
    report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
) -> Result<(Points, PointSource), PoseError> {
    if MIN_POINTS <= dataset.points.len() {
        return Ok((dataset.points.clone(), PointSource::Dataset));
    }
    let usable = |it: &usize| {
        let view = &dataset.views[*it];
        let is_seen = view.split == Split::Train && !view.ignored;
        is_seen && view.c2w.is_finite() && view.lens < dataset.lenses.len()
    };
    let views: Vec<usize> = (0..dataset.views.len()).filter(usable).collect();
    if views.is_empty() {
        let cause = "the dataset has no view to begin with: all are held out or left out";
        return Err(PoseError::Failed(cause.to_owned()));
    }
    #[cfg(feature = "sfm")]
    {
        let report = &mut super::builtin::sfm::Reporter::new(report);
        let found = triangulate::from_views(dataset, &views, config, report)?;
        if MIN_POINTS <= found.len() {
            return Ok((found, PointSource::Triangulated));
        }
    }
    let _ = report(PoseUpdate::Warned(
        "the views share too few features to begin with: random points are taken".to_owned(),
    ));
    let points = random::in_view(dataset, &views, config.random_points, config.seed);
    Ok((points, PointSource::Random))
}
