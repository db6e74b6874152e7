//! What is corrected of photos and cameras while splats are fitted to them: exposures, poses.
//!
//! Held-out photos are measured as they are: nothing is fitted to them, neither their exposure nor
//! their pose, and each is drawn from the pose that the dataset has. What is corrected of the others
//! therefore counts for the better only where it makes the splats themselves better: colours that
//! are the photos' on average, edges where the poses are right on average. Two weaknesses follow.
//! Where held-out photos have exposures or poses that are off as much as the others', figures stay
//! lower than the splats deserve. And what all poses share is not determined by the photos: were
//! they all to move together, held-out views would be drawn beside the scene; small steps from where
//! they stood are what keeps them.

use render::gpu::{Gpu, GpuError, Recorder};
use render::training::{Exposure, ExposureState, PoseRates, PoseRefinement, RefinedPose};
use render::{Camera, Gradient, Loss, Rasterizer};
use serde::{Deserialize, Serialize};

use super::OptimiseConfig;

/// How far an exposure's numbers can go in all steps together if all go the same way at the size of
/// the first: each photo has its turn only once in a round, so that step sizes follow from the
/// number of turns. Sizes fall to a tenth, which leaves 0.4 of this.
const EXPOSURE_REACH: f32 = 1.0;
/// Step sizes of exposures lie between these; the lower one is 3DGS's last.
const EXPOSURE_RATES: (f32, f32) = (1e-3, 0.05);
/// Weight of an exposure's distance from none in the loss: what all photos share is the splats'.
const IDENTITY_WEIGHT: f32 = 1e-3;
/// The same reach for poses: radians, and parts of the extent.
const POSE_REACH: f32 = 0.03;
/// Step sizes of poses lie between these.
const POSE_RATES: (f32, f32) = (1e-5, 2e-3);

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
    /// Photos that have their turns.
    photos: usize,
}

impl Corrections {
    /// Goes on from `state`, or begins with none; `cameras` are those of all views of the dataset,
    /// `photos` is how many of them are fitted.
    pub(super) fn new(
        gpu: &Gpu,
        config: &OptimiseConfig,
        (cameras, photos): (&[Camera], usize),
        state: CorrectionState,
    ) -> Result<Self, GpuError> {
        let count = cameras.len();
        let mut corrections = Self {
            photos,
            ..Self::default()
        };
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
        (config, step): (&OptimiseConfig, u32),
    ) -> Result<(), GpuError> {
        let (Some(exposure), Some(d_image)) = (&mut self.exposure, loss.d_image()) else {
            return Ok(());
        };
        let rate = rate(config, self.photos, EXPOSURE_REACH, EXPOSURE_RATES);
        let rate = falling(rate, config.done(step));
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
    pub(super) fn descend(&mut self, extent: f32, (config, step): (&OptimiseConfig, u32)) {
        if let Some(poses) = &mut self.poses {
            let rate = rate(config, self.photos, POSE_REACH, POSE_RATES);
            let rate = falling(rate, config.done(step));
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

/// The step size of the first step, with which all turns of a photo together reach so far.
fn rate(config: &OptimiseConfig, photos: usize, reach: f32, (least, most): (f32, f32)) -> f32 {
    let turns = config.steps as f32 / photos.max(1) as f32;
    (reach / turns.max(1.0)).clamp(least, most)
}

/// From `rate` log-linearly to a tenth of it.
fn falling(rate: f32, done: f32) -> f32 {
    rate * 0.1_f32.powf(done)
}
