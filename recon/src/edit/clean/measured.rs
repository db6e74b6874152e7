//! What the rules of clean-up look at: measured once, however often a limit moves.

use glam::Vec3;
use rayon::prelude::*;
use render::gpu::GpuError;
use render::{Camera, Splats};

use super::isolation::{median, steps_to_a_group};
use super::views::{Sight, sights};

/// Contributions are told in photos of so many pixels, whatever the size they were measured at.
pub(super) const MEGAPIXEL: f32 = 1e6;

/// What stands in fewer photos than this, by weight, may have been fitted to just one.
const FEW_VIEWS: f32 = 1.5;

/// Why contributions could not be measured.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MeasureError {
    /// The GPU refused.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// There is no photo to learn from.
    #[error("no view of the dataset is used for training: all are held out or left out")]
    NoViews,
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
}

/// What the rules look at, an entry a splat each.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The longest step on the way to a group of splats, in typical spacings.
    pub(super) steps: Vec<f32>,
    /// The largest scale in typical ones, both as seen from the nearest camera.
    pub(super) sizes: Vec<f32>,
    /// The largest scale by the middle one.
    pub(super) ratios: Vec<f32>,
    /// 0 to 1.
    pub(super) opacities: Vec<f32>,
    /// What the photos say; `None` without a dataset.
    pub(super) seen: Option<Seen>,
}

/// What the photos say about splats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) sights: Vec<Sight>,
    /// Σ α·T over the pixels of all views, in photos of a megapixel; empty where that was not
    /// measured.
    pub(super) contributions: Vec<f32>,
    /// The same in the view that has most of it.
    pub(super) most: Vec<f32>,
    /// By how much the photos would be met better without it: the squared errors that would go, in
    /// a splat's fair share of them all. Below zero where they would grow. Empty where that was
    /// not measured.
    pub(super) spoils: Vec<f32>,
    /// Pixels that count in all views, in photos of a megapixel.
    pub(super) pixels: f32,
    /// How many views there are.
    pub(super) views: usize,
}

impl Measured {
    /// From the splats alone.
    pub fn of(splats: &Splats) -> Self {
        Self::new(splats, None)
    }

    /// From the splats, and the cameras that took the photos. The rule about what the photos see
    /// needs [`measure`].
    pub fn with_cameras(splats: &Splats, cameras: &[Camera]) -> Self {
        let seen = Seen {
            sights: sights(splats, cameras),
            contributions: Vec::new(),
            most: Vec::new(),
            spoils: Vec::new(),
            pixels: MEGAPIXEL * cameras.len() as f32,
            views: cameras.len(),
        };
        Self::new(splats, (!cameras.is_empty()).then_some(seen))
    }

    fn new(splats: &Splats, seen: Option<Seen>) -> Self {
        let count = splats.len();
        let depth = |i: usize| match &seen {
            Some(it) => it.sights[i].depth.clamp(1e-6, 1e6),
            None => 1.0,
        };
        let scales: Vec<Vec3> = (0..count)
            .into_par_iter()
            .map(|i| sorted(splats.scales(i)))
            .collect();
        let whole = |i: &usize| splats.means[*i].is_finite() && scales[*i].is_finite();
        let finite: Vec<usize> = (0..count).filter(whole).collect();
        let points: Vec<Vec3> = finite.iter().map(|i| splats.means[*i]).collect();
        // The middle scale: needles do not hold a scene together.
        let reach: Vec<f32> = finite.iter().map(|i| scales[*i].y).collect();
        let depths: Vec<f32> = finite.iter().map(|i| depth(*i)).collect();
        // What has no place hangs on nothing.
        let mut steps = vec![f32::INFINITY; count];
        for (i, step) in finite
            .iter()
            .zip(steps_to_a_group(&points, &reach, &depths))
        {
            steps[*i] = step;
        }
        let angle = |i: usize| scales[i].z / depth(i);
        let typical = median((0..count).map(angle).collect());
        Self {
            steps,
            sizes: (0..count).map(|i| angle(i) / typical).collect(),
            ratios: scales.iter().map(|it| it.z / it.y.max(1e-30)).collect(),
            opacities: (0..count).map(|i| splats.opacity(i)).collect(),
            seen,
        }
    }

    /// Of how many splats.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How much of the photos each splat makes: Σ α·T over the pixels of all views, in photos of a
    /// megapixel. `None` where that was not measured.
    pub fn contributions(&self) -> Option<&[f32]> {
        let seen = self.seen.as_ref()?;
        (!seen.contributions.is_empty()).then_some(&seen.contributions)
    }

    /// Whether the photos need splat `k`: it makes more of them than `times` what a splat makes on
    /// average, and not just of one, and they would be met worse without it. What was fitted to a
    /// single photo is not needed.
    pub(super) fn is_essential(&self, k: usize, times: f32) -> bool {
        let Some(seen) = self.seen.as_ref().filter(|it| !it.contributions.is_empty()) else {
            return false;
        };
        let (sum, most) = (seen.contributions[k], seen.most[k]);
        let helps = seen.spoils.get(k).is_none_or(|it| *it < 0.0);
        helps && times * seen.pixels / self.len() as f32 <= sum && FEW_VIEWS * most < sum
    }

    /// By how much splat `k` spoils the photos, in fair shares of their errors. `None` where that was
    /// not measured.
    pub(super) fn spoils(&self, k: usize) -> Option<f32> {
        self.seen.as_ref()?.spoils.get(k).copied()
    }

    /// Whether it was measured how much splats spoil the photos.
    pub(super) fn knows_spoils(&self) -> bool {
        self.seen.as_ref().is_some_and(|it| !it.spoils.is_empty())
    }

    /// In how many photos.
    pub fn views(&self) -> usize {
        self.seen.as_ref().map_or(0, |it| it.views)
    }
}

/// The smallest first.
fn sorted(scales: Vec3) -> Vec3 {
    let (low, high) = (scales.min_element(), scales.max_element());
    Vec3::new(low, (scales.element_sum() - low - high).max(low), high)
}
