//! What is corrected of photos and cameras while splats are fitted to them: exposures, poses.
//! Never those of held-out photos.

use render::gpu::{Gpu, GpuError, Recorder};
use render::training::{Exposure, ExposureState, PoseRates, PoseRefinement, RefinedPose};
use render::{Camera, Gradient, Loss, Rasterizer};
use serde::{Deserialize, Serialize};

use super::OptimiseConfig;

/// Step size of exposures in the first step (3DGS); falls to a tenth.
const EXPOSURE_RATE: f32 = 1e-3;
/// Weight of an exposure's distance from none in the loss: what all photos share is the splats'.
const IDENTITY_WEIGHT: f32 = 1e-3;
/// Step size of poses in the first step: radians, and parts of the extent; falls to a tenth.
const POSE_RATE: f32 = 1e-4;

/// Corrections as they stand, on the host. Both by the dataset's views.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CorrectionState {
    /// Exposures of photos; `None` where they are taken as they are.
    pub exposures: Option<ExposureState>,
    /// Poses of cameras; `None` likewise.
    pub poses: Option<Vec<RefinedPose>>,
}

/// Corrections of all views.
#[derive(Debug, Default)]
pub(super) struct Corrections {
    exposure: Option<Exposure>,
    poses: Option<PoseRefinement>,
}

impl Corrections {
    /// Goes on from `state`, or begins with none; `cameras` are those of all views of the dataset.
    pub(super) fn new(
        gpu: &Gpu,
        config: &OptimiseConfig,
        cameras: &[Camera],
        state: CorrectionState,
    ) -> Result<Self, GpuError> {
        let count = cameras.len();
        let mut corrections = Self::default();
        if config.exposure {
            let state = state.exposures.filter(|it| it.steps.len() == count);
            let state = state.unwrap_or_else(|| ExposureState::identity(count));
            corrections.exposure = Some(Exposure::new(gpu, &state)?);
        }
        if config.refine_poses {
            let state = state.poses.filter(|it| it.len() == count);
            let state = state.unwrap_or_else(|| cameras.iter().map(RefinedPose::of).collect());
            corrections.poses = Some(PoseRefinement::new(gpu, state)?);
        }
        Ok(corrections)
    }

    /// The camera of a view as it is now believed to have stood.
    pub(super) fn camera(&self, view: usize, camera: &Camera) -> Camera {
        let poses = self.poses.as_ref();
        poses.map_or(*camera, |it| it.refined(view, camera))
    }

    /// Makes ready to expose the frame that was drawn last as the photo of `view` was, after
    /// [`Loss::prepare`].
    pub(super) fn prepare(
        &mut self,
        gpu: &Gpu,
        (rasterizer, loss): (&Rasterizer, &Loss),
        view: usize,
        done: f32,
    ) -> Result<(), GpuError> {
        let (Some(exposure), Some(d_image)) = (&mut self.exposure, loss.d_image()) else {
            return Ok(());
        };
        let rate = falling(EXPOSURE_RATE, done);
        exposure.prepare(gpu, (rasterizer, d_image), view, (rate, IDENTITY_WEIGHT))
    }

    /// Records what belongs before the loss.
    pub(super) fn record_before(&self, recorder: &mut Recorder<'_>) {
        if let Some(exposure) = &self.exposure {
            exposure.record_apply(recorder);
        }
    }

    /// Records what belongs after the loss and before the gradient.
    pub(super) fn record_after(&self, recorder: &mut Recorder<'_>) {
        if let Some(exposure) = &self.exposure {
            exposure.record_backward(recorder);
        }
    }

    /// Records what belongs after the gradient; [`Self::request`] follows the submission.
    pub(super) fn record_pose(
        &mut self,
        recorder: &mut Recorder<'_>,
        gradient: &Gradient,
        (view, drawn): (usize, &Camera),
    ) {
        if let Some(poses) = &mut self.poses {
            poses.record(recorder, gradient, (view, drawn));
        }
    }

    /// Asks for the gradients of poses that were just submitted.
    pub(super) fn request(&mut self) {
        if let Some(poses) = &mut self.poses {
            poses.request();
        }
    }

    /// Moves cameras along the gradients that have come: one or two steps late, without waiting.
    pub(super) fn descend(&mut self, extent: f32, done: f32) {
        if let Some(poses) = &mut self.poses {
            let rate = falling(POSE_RATE, done);
            poses.descend(PoseRates {
                translation: rate * extent,
                rotation: rate,
            });
        }
    }

    /// As they stand.
    pub(super) fn read(&self, gpu: &Gpu) -> Result<CorrectionState, GpuError> {
        let exposures = self.exposure.as_ref().map(|it| it.read(gpu));
        Ok(CorrectionState {
            exposures: exposures.transpose()?,
            poses: self.poses.as_ref().map(|it| it.poses().to_vec()),
        })
    }
}

/// From `rate` log-linearly to a tenth of it.
fn falling(rate: f32, done: f32) -> f32 {
    rate * 0.1_f32.powf(done)
}
