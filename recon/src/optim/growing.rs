//! How splats become more and fewer while they are optimised, by the strategy of the settings.

use render::gpu::{Gpu, GpuError};
use render::training::{Densifier, Growth, Rule, Scores, SplatPool};
use render::{Gradient, Rasterizer};

use super::targets::Target;
use super::{OptimiseConfig, Strategy};

/// Splats larger than this part of the extent are given up (3DGS).
const LARGEST_PART: f32 = 0.1;

/// What a densification is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occasion<'a> {
    pub(super) config: &'a OptimiseConfig,
    /// Steps done.
    pub(super) step: u32,
    pub(super) seed: u32,
    /// Size of the scene, world units.
    pub(super) extent: f32,
    /// Splats there may be.
    pub(super) budget: usize,
    /// Pixels of a photo.
    pub(super) pixels: usize,
}

/// Changes the number of splats.
#[derive(Debug)]
pub(super) struct Growing {
    densifier: Densifier,
    /// Made when a view is asked for the first time.
    scores: Option<Scores>,
}

impl Growing {
    pub(super) fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            densifier: Densifier::new(gpu)?,
            scores: None,
        })
    }

    /// Size of the arrays on the device.
    pub(super) fn bytes(&self) -> u64 {
        self.densifier.bytes()
    }

    /// Adds what the frame that was drawn last says of its splats, beside its photo in front of
    /// black.
    pub(super) fn ask(
        &mut self,
        gpu: &Gpu,
        parts: (&Rasterizer, &mut Gradient),
        pool: &SplatPool,
        target: &Target,
    ) -> Result<(), GpuError> {
        let scores = match self.scores.take() {
            Some(it) => it,
            None => Scores::new(gpu)?,
        };
        let scores = self.scores.insert(scores);
        let photo = (&target.photo, [0.0; 3], target.alpha_use);
        scores.score_view(gpu, parts, pool, photo)
    }

    /// Some become more, some are given up, all become a little fainter.
    pub(super) fn grow(
        &mut self,
        gpu: &Gpu,
        pool: &mut SplatPool,
        occasion: &Occasion<'_>,
    ) -> Result<(), GpuError> {
        let config = occasion.config;
        if let Some(rule) = rule(gpu, pool, occasion)? {
            self.densifier.densify(gpu, pool, &rule)?;
        }
        let decay = config.opacity_decay * (1.0 - config.done(occasion.step));
        if 0.0 < decay {
            self.densifier.decay(gpu, pool, decay)?;
        }
        let every = config.reorder_every;
        if 0 < every && occasion.step.is_multiple_of(every) {
            self.densifier.reorder(gpu, pool)?;
        }
        Ok(())
    }
}

/// The rule, and room for what it may make.
fn rule(
    gpu: &Gpu,
    pool: &mut SplatPool,
    occasion: &Occasion<'_>,
) -> Result<Option<Rule>, GpuError> {
    let densify = &occasion.config.densify;
    let len = pool.len();
    // What is frozen does not grow.
    let free = len - pool.frozen();
    let grown = (densify.growth * free as f32).ceil() as usize;
    let grown = grown.saturating_add(pool.frozen());
    let wanted = match densify.strategy {
        Strategy::Fixed => return Ok(None),
        Strategy::Mcmc | Strategy::Gated => grown,
        // As a rule far fewer want to.
        Strategy::Adaptive | Strategy::MultiView => len + free / 2,
    };
    let wanted = wanted.min(occasion.budget).max(len);
    if pool.room() < wanted {
        // Rare: rooms are made for what is to be expected. Moments travel by way of the host.
        let room = (wanted + (wanted - pool.frozen()) / 2)
            .min(occasion.budget)
            .max(wanted);
        *pool = SplatPool::from_state(gpu, &pool.read(gpu)?, room)?;
    }
    let growth = Growth {
        gradient_threshold: densify.gradient_threshold,
        split_scale: densify.split_scale * occasion.extent,
        least_opacity: densify.least_opacity,
        largest_scale: LARGEST_PART * occasion.extent,
        budget: occasion.budget.min(pool.room()),
        seed: occasion.seed,
    };
    Ok(match densify.strategy {
        Strategy::Fixed => None,
        Strategy::Mcmc | Strategy::Gated => Some(Rule::Mcmc {
            least_opacity: densify.least_opacity,
            target_len: wanted,
            seed: occasion.seed,
            by_importance: densify.strategy == Strategy::Gated,
        }),
        Strategy::Adaptive => Some(Rule::Adaptive(growth)),
        Strategy::MultiView => Some(Rule::MultiView {
            growth,
            least_importance: densify.least_importance * 1e-6 * occasion.pixels as f32,
            views: densify.asked_views,
        }),
    })
}
