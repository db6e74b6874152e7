//! What the user wants of the next optimisation or reconstruction.

use std::path::PathBuf;
use std::sync::Arc;

use recon::dataset::Dataset;
use recon::io::SplatFile;
use recon::optim::{OptimiseConfig, Part, Preset};
use recon::worker::{OptimiseJob, Start};

use super::InstantPlan;

/// Longest side of photos where the processor plays the GPU, unless the user asks for more.
const CPU_MAX_SIDE: u32 = 256;

/// Measurements in a run, unless the user asks for others.
const EVALUATIONS: u32 = 10;

/// What the next optimisation begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartChoice {
    /// The points that came with the photos.
    #[default]
    Points,
    /// The splats that are shown.
    ShownSplats,
    /// The checkpoint beside the photos.
    Checkpoint,
}

impl StartChoice {
    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Points => "The photos' points",
            Self::ShownSplats => "The splats shown",
            Self::Checkpoint => "The last checkpoint",
        }
    }
}

/// How splats are made of photos.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Step by step, until they look as the photos do.
    #[default]
    Optimise,
    /// By a network.
    Instant,
    /// By a network, and then step by step.
    InstantThenOptimise,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Optimise, Self::Instant, Self::InstantThenOptimise];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Optimise => "Optimise",
            Self::Instant => "Instant (tttLRM)",
            Self::InstantThenOptimise => "Instant + optimise",
        }
    }
}

/// Settings of the next optimisation or reconstruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How splats are made.
    pub method: Method,
    /// How by the network.
    pub instant: InstantPlan,
    /// How.
    pub config: OptimiseConfig,
    /// What it begins with.
    pub start: StartChoice,
    /// A checkpoint that was found beside the photos.
    pub checkpoint: Option<PathBuf>,
    /// What the network knows of the scene, where that was found beside the photos.
    pub memory: Option<PathBuf>,
    /// Where the processor plays the GPU photos are made small.
    is_slow: bool,
}

impl Plan {
    /// The default preset, for a device on which the processor draws or not.
    pub fn new(is_slow: bool) -> Self {
        let mut plan = Self {
            method: Method::default(),
            instant: InstantPlan::default(),
            config: OptimiseConfig::default(),
            start: StartChoice::default(),
            checkpoint: None,
            memory: None,
            is_slow,
        };
        plan.choose(Preset::default());
        plan
    }

    /// All settings of a preset; the user's own are gone.
    pub fn choose(&mut self, preset: Preset) {
        self.config = recon::optim::preset(preset);
        if self.is_slow {
            let side = self.config.max_side.unwrap_or(u32::MAX);
            self.config.max_side = Some(side.min(CPU_MAX_SIDE));
        }
        if self.config.evaluate_every == 0 {
            self.config.evaluate_every = (self.config.steps / EVALUATIONS).max(1);
        }
    }

    /// Whether a setting is no longer that of its preset.
    pub fn is_changed(&self) -> bool {
        let mut fresh = self.clone();
        fresh.choose(self.config.preset);
        fresh.config != self.config
    }

    /// What can be begun with.
    pub fn starts(&self, has_splats: bool) -> Vec<StartChoice> {
        let mut starts = vec![StartChoice::Points];
        if has_splats {
            starts.push(StartChoice::ShownSplats);
        }
        if self.checkpoint.is_some() {
            starts.push(StartChoice::Checkpoint);
        }
        starts
    }

    /// The job for the worker. What cannot be begun with gives way to the points.
    pub fn job(
        &self,
        dataset: &Arc<Dataset>,
        shown: Option<Arc<SplatFile>>,
        lpips: Option<PathBuf>,
    ) -> OptimiseJob {
        let start = match (self.start, shown, &self.checkpoint) {
            (StartChoice::ShownSplats, Some(file), _) => Start::Splats(file, Part::default()),
            (StartChoice::Checkpoint, _, Some(path)) => Start::Checkpoint(path.clone()),
            _ => Start::Points,
        };
        OptimiseJob {
            dataset: dataset.clone(),
            start,
            config: self.config.clone(),
            checkpoint: None,
            lpips,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_device_begins_with_small_photos() {
        let plan = Plan::new(true);
        assert_eq!(plan.config.max_side, Some(CPU_MAX_SIDE));
        assert!(0 < plan.config.evaluate_every);
        assert!(!plan.is_changed());
        let fast = Plan::new(false);
        assert!(fast.config.max_side.is_none_or(|it| CPU_MAX_SIDE < it));
    }

    #[test]
    fn a_preset_takes_back_what_was_changed() {
        let mut plan = Plan::new(false);
        plan.config.exposure = !plan.config.exposure;
        assert!(plan.is_changed());
        for preset in Preset::ALL {
            plan.choose(preset);
            assert_eq!(plan.config.preset, preset);
            assert!(!plan.is_changed(), "{preset:?}");
        }
    }

    #[test]
    fn one_begins_with_what_there_is() {
        let mut plan = Plan::new(false);
        assert_eq!(plan.starts(false), [StartChoice::Points]);
        plan.checkpoint = Some("scene.checkpoint".into());
        assert_eq!(
            plan.starts(true),
            [
                StartChoice::Points,
                StartChoice::ShownSplats,
                StartChoice::Checkpoint
            ]
        );
    }
}
