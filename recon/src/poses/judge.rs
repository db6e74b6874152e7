//! Measures a model against its own observations and says what is to be done with it.

use super::{GateReport, Photos};
use crate::dataset::PoseFile;

/// Judges what an engine gave.
pub fn judge(engine: &str, poses: &PoseFile, photos: &Photos) -> GateReport {
    let _ = poses;
    GateReport {
        engine: engine.to_owned(),
        verdict: super::Verdict::Refused,
        photos: photos.images.len(),
        good: 0,
        weak: 0,
        per_photo: Vec::new(),
        points: 0,
        median_observations: 0,
        points_per_photo: 0.0,
        mean_error_px: 0.0,
        advice: Vec::new(),
    }
}
