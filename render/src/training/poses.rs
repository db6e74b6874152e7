//! Camera poses that descend along the loss.
//!
//! The gradient of a frame's pose is six numbers, and the frame's camera is a uniform that the host
//! writes: so the step is taken on the host, from gradients that come back some frames later and
//! that no frame waits for. A camera is not drawn again before all others were, by when its
//! gradient has come, so that nothing is lost by the delay.

use glam::{Affine3A, Quat, Vec3};
use serde::{Deserialize, Serialize};

use crate::gpu::{Fetch, Gpu, GpuError, Recorder};
use crate::gradient::PoseGradient;
use crate::{Camera, Gradient};

/// Gradients on their way at a time; where there are more, steps are left out.
const ON_THEIR_WAY: usize = 4;
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-15;

/// Step sizes of Adam for poses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoseRates {
    /// Of the translation, world units.
    pub translation: f32,
    /// Of the rotation, radians.
    pub rotation: f32,
}

/// A pose that is being refined, and the optimiser's memory of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefinedPose {
    /// Rotation of w2c as a unit quaternion, `w, x, y, z`.
    pub rotation: [f32; 4],
    /// Translation of w2c, world units.
    pub translation: [f32; 3],
    /// First moments of the twist: translation, then rotation.
    pub first: [f32; 6],
    /// Second moments.
    pub second: [f32; 6],
    /// Steps it has taken.
    pub steps: u32,
}

impl RefinedPose {
    /// The camera's own pose.
    pub fn of(camera: &Camera) -> Self {
        let w2c = camera.w2c();
        let turn = Quat::from_mat3a(&w2c.matrix3).normalize();
        Self {
            rotation: [turn.w, turn.x, turn.y, turn.z],
            translation: w2c.translation.into(),
            first: [0.0; 6],
            second: [0.0; 6],
            steps: 0,
        }
    }

    /// World to camera.
    pub fn w2c(&self) -> Affine3A {
        let [w, x, y, z] = self.rotation;
        Affine3A::from_rotation_translation(Quat::from_xyzw(x, y, z, w), self.translation.into())
    }

    /// A step against the gradient of a small motion in camera space ([`PoseGradient::twist`]).
    /// One that is no number is ignored.
    pub fn descend(&mut self, twist: [f32; 6], rates: PoseRates) {
        if !twist.iter().all(|it| it.abs() < 1e15) {
            return;
        }
        self.steps = self.steps.saturating_add(1);
        let correction = |beta: f64| 1.0 / (1.0 - beta.powf(f64::from(self.steps)));
        let (by_first, by_second) = (correction(BETAS[0]), correction(BETAS[1]));
        let mut step = [0.0_f32; 6];
        for (k, d) in twist.into_iter().map(f64::from).enumerate() {
            let m = BETAS[0] * f64::from(self.first[k]) + (1.0 - BETAS[0]) * d;
            let v = BETAS[1] * f64::from(self.second[k]) + (1.0 - BETAS[1]) * d * d;
            (self.first[k], self.second[k]) = (m as f32, v as f32);
            let rate = if k < 3 {
                rates.translation
            } else {
                rates.rotation
            };
            let unit = m * by_first / ((v * by_second).sqrt() + EPSILON);
            step[k] = -rate * unit as f32;
        }
        let [x, y, z, turn @ ..] = step;
        let turn = Quat::from_scaled_axis(turn.into());
        let w2c = self.w2c();
        let [qw, qx, qy, qz] = self.rotation;
        let turned = (turn * Quat::from_xyzw(qx, qy, qz, qw)).normalize();
        self.rotation = [turned.w, turned.x, turned.y, turned.z];
        self.translation = (turn * Vec3::from(w2c.translation) + Vec3::new(x, y, z)).into();
    }
}

/// The poses of all cameras.
#[derive(Debug)]
pub struct PoseRefinement {
    poses: Vec<RefinedPose>,
    fetches: Vec<OnItsWay>,
}

/// A gradient that is fetched, of which view and of which pose.
#[derive(Debug)]
struct OnItsWay {
    fetch: Fetch<[f32; 4]>,
    of: Option<(usize, Affine3A)>,
    recorded: bool,
}

impl PoseRefinement {
    /// Begins with these poses, one for each view.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, poses: Vec<RefinedPose>) -> Result<Self, GpuError> {
        let fetch = |_| {
            Ok(OnItsWay {
                fetch: Fetch::new(gpu, 3)?,
                of: None,
                recorded: false,
            })
        };
        Ok(Self {
            poses,
            fetches: (0..ON_THEIR_WAY)
                .map(fetch)
                .collect::<Result<_, GpuError>>()?,
        })
    }

    /// The poses as they stand, one for each view.
    pub fn poses(&self) -> &[RefinedPose] {
        &self.poses
    }

    /// `camera` at the refined pose of view number `view`; as it is where there is no such view.
    pub fn refined(&self, view: usize, camera: &Camera) -> Camera {
        let pose = self.poses.get(view);
        pose.map_or(*camera, |it| Camera {
            c2w: it.w2c().inverse(),
            ..*camera
        })
    }

    /// Records that the pose's gradient of a frame of view number `view` is fetched, after the
    /// gradient itself, which must be one with a pose. [`PoseRefinement::request`] belongs after
    /// the submission.
    pub fn record(
        &mut self,
        recorder: &mut Recorder<'_>,
        gradient: &Gradient,
        (view, drawn): (usize, &Camera),
    ) {
        let Some(d_pose) = gradient.d_pose() else {
            return;
        };
        let free = self.fetches.iter_mut().find(|it| it.of.is_none());
        if let Some(it) = free
            && it.fetch.record(recorder, d_pose)
        {
            it.of = Some((view, drawn.w2c()));
            it.recorded = true;
        }
    }

    /// Asks for what was just submitted.
    pub fn request(&mut self) {
        for it in &mut self.fetches {
            if std::mem::take(&mut it.recorded) {
                it.fetch.request();
            }
        }
    }

    /// Takes steps along all gradients that have come since; the device must have been polled.
    /// Tells how many.
    pub fn descend(&mut self, rates: PoseRates) -> usize {
        let mut steps = 0;
        for it in &mut self.fetches {
            let Some((view, w2c)) = it.of else { continue };
            let Some(rows) = it.fetch.take() else {
                // One that failed is free again as well.
                if it.fetch.is_idle() && !it.recorded {
                    it.of = None;
                }
                continue;
            };
            it.of = None;
            if let (Some(pose), &[x, y, z]) = (self.poses.get_mut(view), &rows[..]) {
                let gradient = PoseGradient { w2c: [x, y, z] };
                pose.descend(gradient.twist(&w2c), rates);
                steps += 1;
            }
        }
        steps
    }
}
