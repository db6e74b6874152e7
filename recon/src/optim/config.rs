//! Settings of an optimisation. One set of settings serves all scenes.

use render::LossConfig;
use serde::{Deserialize, Serialize};

/// A set of settings for a purpose; `presets` says where each number comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The best picture within about 2,000 steps.
    Fast,
    /// 7,000 steps.
    #[default]
    Balanced,
    /// 30,000 steps.
    Quality,
    /// Few splats for a small file.
    Compact,
}

impl Preset {
    /// All of them, quickest first.
    pub const ALL: [Self; 4] = [Self::Fast, Self::Balanced, Self::Quality, Self::Compact];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fast => "Fast",
            Self::Balanced => "Balanced",
            Self::Quality => "Quality",
            Self::Compact => "Compact",
        }
    }
}

/// How the number of splats grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// As it is.
    Fixed,
    /// 3DGS-MCMC: invisible splats move to visible ones, up to the budget.
    #[default]
    Mcmc,
    /// As [`Strategy::Mcmc`], and splats are drawn the more often, the more of what several views
    /// agree to be wrong they cover (their importance in FastGS).
    Gated,
    /// 3DGS: splats whose place in the image wants to move are cloned or split.
    Adaptive,
    /// As [`Strategy::Adaptive`], where several views agree that the picture is wrong there
    /// (after FastGS).
    MultiView,
}

/// What shows through where splats are transparent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    /// This display RGB, 0 to 1.
    Known([f32; 3]),
    /// Another colour in each step behind photos with transparency, so that nothing is painted to
    /// look like a background; black behind others, and when it is measured.
    Random,
}

/// Step sizes of Adam. Means move in units of the scene's extent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rates {
    /// Of the means in the first step, per extent.
    pub means_first: f32,
    /// Of the means in the last step, per extent; in between log-linear.
    pub means_last: f32,
    /// Of the quaternions.
    pub quats: f32,
    /// Of the logarithms of the scales.
    pub log_scales: f32,
    /// Of the opacity logits.
    pub opacity_logits: f32,
    /// Of the harmonics of degree 0.
    pub sh_base: f32,
    /// Of the other harmonics.
    pub sh_rest: f32,
    /// What is left of all but the means' in the last step; in between log-linear.
    pub left_in_the_end: f32,
}

impl Rates {
    /// Multiplies all of them.
    pub(super) fn scale(&mut self, factor: f32) {
        for rate in [
            &mut self.means_first,
            &mut self.means_last,
            &mut self.quats,
            &mut self.log_scales,
            &mut self.opacity_logits,
            &mut self.sh_base,
            &mut self.sh_rest,
        ] {
            *rate *= factor;
        }
    }
}

impl Default for Rates {
    /// 3DGS's.
    fn default() -> Self {
        Self {
            means_first: 1.6e-4,
            means_last: 1.6e-6,
            quats: 1e-3,
            log_scales: 5e-3,
            opacity_logits: 0.05,
            sh_base: 2.5e-3,
            sh_rest: 2.5e-3 / 20.0,
            left_in_the_end: 1.0,
        }
    }
}

/// When and how the number of splats changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Densify {
    /// By which rule.
    pub strategy: Strategy,
    /// First step after which it happens.
    pub from: u32,
    /// Last step after which it happens.
    pub until: u32,
    /// Steps from one to the next.
    pub every: u32,
    /// Growth at a time, as a factor on the number of splats (MCMC, gated).
    pub growth: f32,
    /// Splats fainter than this are given up.
    pub least_opacity: f32,
    /// Where a splat covers more clearly wrong pixels than this in the mean view, per million
    /// pixels of a photo, it may grow (multi-view).
    pub least_importance: f32,
    /// Views that are asked where the picture is wrong (gated, multi-view).
    pub asked_views: u32,
    /// Mean length of the gradient in the image, in units of half its size, above which a splat is
    /// cloned or split (adaptive, multi-view).
    pub gradient_threshold: f32,
    /// Splats larger than this part of the extent are split, smaller ones cloned.
    pub split_scale: f32,
    /// What noise of means is multiplied by, in units of their step (MCMC).
    pub noise: f32,
}

impl Strategy {
    /// Whether splats are drawn by chance, move by noise, and are pulled to be faint and small.
    pub(super) fn is_mcmc(self) -> bool {
        matches!(self, Self::Mcmc | Self::Gated)
    }

    /// Whether several views are asked where the picture is wrong.
    pub(super) fn asks_views(self) -> bool {
        matches!(self, Self::Gated | Self::MultiView)
    }

    /// Planes of statistics that it needs.
    pub(super) fn statistics(self) -> usize {
        match self {
            Self::Fixed | Self::Mcmc => 0,
            Self::Adaptive => 2,
            Self::Gated | Self::MultiView => 4,
        }
    }
}

impl OptimiseConfig {
    /// How many splats there will be at most, with `first` that are not frozen after step `step`, as
    /// far as that can be told; frozen ones not counted.
    pub(super) fn expected_splats(&self, first: usize, step: u32) -> usize {
        let densify = &self.densify;
        let until = self.densifies_until();
        let steps = until
            .saturating_add(1)
            .saturating_sub(densify.from.max(step));
        let times = steps / densify.every.max(1) + 1;
        match densify.strategy {
            Strategy::Fixed => first,
            Strategy::Mcmc | Strategy::Gated => {
                let grown = first as f64 * f64::from(densify.growth).powi(times as i32);
                grown.min(1e9).ceil() as usize + times as usize
            }
            Strategy::Adaptive | Strategy::MultiView => 4 * first,
        }
    }
}

impl Default for Densify {
    /// 3DGS-MCMC's, and 3DGS's for what only it has.
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            from: 500,
            until: 25_000,
            every: 100,
            growth: 1.05,
            least_opacity: 0.005,
            least_importance: 5.0,
            asked_views: 10,
            gradient_threshold: 2e-4,
            split_scale: 0.01,
            noise: 5e5,
        }
    }
}

/// All settings of an optimisation.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own that a person sets"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptimiseConfig {
    /// Where the settings came from.
    pub preset: Preset,
    /// Steps in all; schedules stretch with them.
    pub steps: u32,
    /// The longer side of the photos that are compared, in pixels; `None` for full size.
    pub max_side: Option<u32>,
    /// Of all chance.
    pub seed: u64,
    /// Degree of the harmonics that are stored.
    pub sh_degree: u32,
    /// Steps after which the next degree is used; 0 for all of them from the start.
    pub sh_every: u32,
    /// Step sizes.
    pub rates: Rates,
    /// Weights of L1, SSIM and alpha.
    pub loss: LossConfig,
    /// How splats become more.
    pub densify: Densify,
    /// No more splats than this; `None` for [`super::default_budget`].
    pub splat_budget: Option<usize>,
    /// Opacity of splats that begin as points, 0 to 1.
    pub first_opacity: f32,
    /// Their standard deviation, in units of the distance between them.
    pub first_scale: f32,
    /// What a photo does not show stays as it is, moments too (Taming-3DGS).
    pub only_visible: bool,
    /// Weight of the mean opacity in the loss (MCMC, gated).
    pub opacity_weight: f32,
    /// Weight of the mean scale in the loss (MCMC, gated).
    pub scale_weight: f32,
    /// Part of every opacity that is lost at each densification, falling to 0 at the end.
    pub opacity_decay: f32,
    /// Mip-Splatting's 2D filter: what is small in the image becomes fainter, not larger.
    pub antialiased: bool,
    /// Mip-Splatting's 3D filter: no splat is finer than what the nearest photo resolves.
    pub filter_3d: bool,
    /// Begin with small photos (after DashGaussian).
    pub progressive: bool,
    /// Steps after which splats are laid in an order in which neighbours in memory are neighbours
    /// in space; 0 never.
    pub reorder_every: u32,
    /// What shows through.
    pub background: Background,
    /// Find an exposure for each photo.
    pub exposure: bool,
    /// Move the cameras too.
    pub refine_poses: bool,
    /// Steps between measurements on held-out photos; 0 for one at the end.
    pub evaluate_every: u32,
    /// Minutes between checkpoints; 0 for one at the end.
    pub autosave_minutes: u32,
    /// Steps between checkpoints, beside those by the clock; 0 for none.
    pub autosave_steps: u32,
}

impl Default for OptimiseConfig {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            steps: 7_000,
            max_side: Some(1920),
            seed: 0,
            sh_degree: 3,
            sh_every: 1_000,
            rates: Rates::default(),
            loss: LossConfig::default(),
            densify: Densify::default(),
            splat_budget: None,
            first_opacity: 0.1,
            first_scale: 1.0,
            only_visible: false,
            opacity_weight: 0.01,
            scale_weight: 0.01,
            opacity_decay: 0.0,
            antialiased: false,
            filter_3d: false,
            progressive: false,
            reorder_every: 5_000,
            background: Background::Random,
            exposure: false,
            refine_poses: false,
            evaluate_every: 0,
            autosave_minutes: 5,
            autosave_steps: 0,
        }
    }
}
