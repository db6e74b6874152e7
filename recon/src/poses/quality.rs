//! The quality gate: what each photo contributes decides, never the engine's word.

use serde::{Deserialize, Serialize};

/// A photo with at least so many triangulated observations stands firmly.
pub const GOOD_OBSERVATIONS: usize = 30;

/// Below this part of the photos the result is refused.
pub const STOP_RATE: f64 = 0.5;

/// Below this part of the photos the result is taken with a warning.
pub const WARN_RATE: f64 = 0.8;

/// What the gate found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// Which engine it was.
    pub engine: String,
    /// What is to be done with the result.
    pub verdict: Verdict,
    /// Photos that were given to the engine.
    pub photos: usize,
    /// Photos with a pose and at least [`GOOD_OBSERVATIONS`].
    pub good: usize,
    /// Photos with a pose and fewer.
    pub weak: usize,
    /// Every photo, in the order given.
    pub per_photo: Vec<PhotoQuality>,
    /// Points in the model.
    pub points: usize,
    /// Median of the observations per registered photo.
    pub median_observations: usize,
    /// Points per registered photo.
    pub points_per_photo: f64,
    /// Mean reprojection error in pixels, over all observations.
    pub mean_error_px: f64,
    /// What to do about it, in words for a person; the loudest first.
    pub advice: Vec<String>,
}

/// What is to be done with a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Take it.
    Good,
    /// Take it and say what is doubtful.
    Doubtful,
    /// Do not take it.
    Refused,
}

/// One photo's part in the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhotoQuality {
    /// Its path in the folder.
    pub name: String,
    /// Triangulated points it sees.
    pub observations: usize,
    /// How firmly it stands.
    pub standing: Standing,
    /// Why it stands badly, in words for a person.
    pub reason: Option<String>,
}

/// How firmly a photo stands in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// At least [`GOOD_OBSERVATIONS`].
    Good,
    /// It has a pose with little evidence.
    Weak,
    /// It has no pose.
    Unregistered,
}
