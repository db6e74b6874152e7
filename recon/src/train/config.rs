//! Settings of a training: the network, the scenes, the objective, the optimiser, the stages.

use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::model::ModelConfig;

/// All settings of a training. Two runs with the same ones see the same scenes in the same order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// The network, as it is used when it is trained.
    pub model: ModelConfig,
    /// Of all chance: first weights, scenes, numbers of views.
    pub seed: u64,
    /// One after the other.
    pub stages: Vec<Stage>,
    /// Which scenes.
    pub scenes: Scenes,
    /// What is made small.
    pub objective: Objective,
    /// How.
    pub descent: Descent,
    /// With how much memory.
    pub economy: Economy,
    /// Steps between measurements on scenes that are never trained on; 0 for one at the end.
    pub evaluate_every: u32,
    /// Scenes of a measurement.
    pub evaluated_scenes: usize,
    /// Steps between checkpoints; 0 for one at the end.
    pub checkpoint_every: u32,
}

/// A part of the training: small pictures first, as the paper has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stage {
    /// How many steps.
    pub steps: u32,
    /// Width and height of all pictures, in pixels: a multiple of the network's patch.
    pub side: usize,
    /// Scenes in a step.
    pub batch: usize,
    /// Fewest and most views that the network sees.
    pub inputs: [usize; 2],
    /// Other views that its answer is compared with; 0 compares distances and opacities only.
    pub targets: usize,
    /// Part of the scenes that come chunk by chunk and are seen causally.
    pub causal: f32,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            steps: 1_000,
            side: 64,
            batch: 4,
            inputs: [2, 6],
            targets: 4,
            causal: 0.25,
        }
    }
}

/// Which scenes are trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenes {
    /// Part of them that are rooms with cameras inside; the others are objects.
    pub rooms: f32,
    /// Part of the objects that stand before something else than white.
    pub backdrops: f32,
}

/// Weights of what is made small. The paper's are 1 for the squared error, 0.5 for its perceptual
/// term, 0.01 for opacity and depth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Objective {
    /// Mean squared error of the pictures.
    pub picture: f32,
    /// Mean difference of the pictures' slopes at three sizes: stands in for the perceptual term,
    /// whose network's weights are not ours to ship.
    pub structure: f32,
    /// How different the pictures look to VGG-19, where the user has its weights (the paper: 0.5).
    pub perceptual: f32,
    /// Mean squared error of the pictures' coverage.
    pub coverage: f32,
    /// Mean opacity.
    pub opacity: f32,
    /// Mean opacity logit (its softplus) of pixels that show no surface.
    pub clear: f32,
    /// Mean difference of the logarithms of distances, where a surface is seen.
    pub distance: f32,
    /// How much of the scene's mean of that difference is forgiven: 1 is the scale-invariant depth
    /// of Eigen et al. (2014), 0 holds the network to the scene's scale, which is known here.
    pub scale_invariance: f32,
}

impl Default for Objective {
    fn default() -> Self {
        Self {
            picture: 1.0,
            structure: 0.1,
            perceptual: 0.5,
            coverage: 0.2,
            opacity: 0.001,
            clear: 0.01,
            distance: 0.1,
            scale_invariance: 0.0,
        }
    }
}

/// What can be saved where memory is short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Economy {
    /// Gradient checkpointing: what is cheap to compute again on the way back is not kept.
    pub checkpointing: bool,
    /// Mixed precision: products of linear layers and fast weights in half precision, all else, the
    /// parameters and their gradients too, in single.
    pub half: bool,
}

/// AdamW with the paper's numbers, and how its steps change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Descent {
    /// Largest step size.
    pub rate: f32,
    /// Part of it that is left at the end of the cosine.
    pub last: f32,
    /// Steps in which it grows from nothing.
    pub warm_up: u32,
    /// Memory of gradients and of their squares.
    pub betas: [f32; 2],
    /// Part of the weights that a step of size 1 takes; not of norms and biases.
    pub decay: f32,
    /// Longest gradient; longer ones are shortened to it.
    pub clip: f32,
    /// Steps with longer gradients are left out and counted.
    pub skip: f32,
    /// Memory of the running mean of the weights, which is what is measured and shipped.
    pub average: f32,
}

impl Default for Descent {
    fn default() -> Self {
        Self {
            rate: 4e-4,
            last: 0.05,
            warm_up: 100,
            betas: [0.9, 0.95],
            decay: 0.05,
            clip: 1.0,
            skip: 5.0,
            average: 0.995,
        }
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            model: ModelConfig::default(),
            seed: 1,
            stages: vec![Stage::default()],
            scenes: Scenes::default(),
            objective: Objective::default(),
            descent: Descent::default(),
            economy: Economy::default(),
            evaluate_every: 500,
            evaluated_scenes: 8,
            checkpoint_every: 250,
        }
    }
}

impl TrainConfig {
    /// Steps of all stages.
    pub fn steps(&self) -> u32 {
        self.stages
            .iter()
            .fold(0, |sum, it| sum.saturating_add(it.steps))
    }

    /// The stage of step `step` (from 0); the last one from its end on. `None` without stages.
    pub fn stage(&self, step: u32) -> Option<&Stage> {
        let mut end = 0_u32;
        let found = self.stages.iter().find(|it| {
            end = end.saturating_add(it.steps);
            step < end
        });
        found.or(self.stages.last())
    }

    /// Step size of step `step`: grows, then falls as half a cosine.
    pub fn rate(&self, step: u32) -> f32 {
        let Descent {
            rate,
            last,
            warm_up,
            ..
        } = self.descent;
        if step < warm_up {
            return rate * (step + 1) as f32 / warm_up as f32;
        }
        let rest = self.steps().saturating_sub(warm_up).max(1);
        let done = ((step - warm_up) as f32 / rest as f32).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f32::consts::PI * done).cos());
        rate * (last + (1.0 - last) * cosine)
    }

    /// # Errors
    /// Naming what does not fit together.
    pub fn check(&self) -> Result<(), TrainError> {
        let fail = |what: String| Err(TrainError::Config(what));
        self.model.check()?;
        if self.stages.is_empty() {
            return fail("there is no stage: add a [[stages]]".to_owned());
        }
        for (stage, number) in self.stages.iter().zip(1..) {
            let patch = self.model.patch_size;
            if stage.side == 0 || 1024 < stage.side || !stage.side.is_multiple_of(patch) {
                return fail(format!(
                    "stage {number} has pictures of {} pixels; multiples of the patch of {patch} \
                     up to 1024 are possible",
                    stage.side
                ));
            }
            let [least, most] = stage.inputs;
            if least == 0 || most < least || 64 < most || 64 < stage.targets {
                return fail(format!(
                    "stage {number} has {least} to {most} inputs and {} targets; 1 to 64 inputs \
                     and up to 64 targets are possible",
                    stage.targets
                ));
            }
            if stage.batch == 0 || 1024 < stage.batch {
                return fail(format!(
                    "stage {number} has {} scenes in a step; 1 to 1024 are possible",
                    stage.batch
                ));
            }
        }
        let parts = [
            ("scenes.rooms", self.scenes.rooms),
            ("scenes.backdrops", self.scenes.backdrops),
            ("descent.betas[0]", self.descent.betas[0]),
            ("descent.betas[1]", self.descent.betas[1]),
            ("descent.average", self.descent.average),
            (
                "objective.scale_invariance",
                self.objective.scale_invariance,
            ),
        ];
        match parts.iter().find(|(_, it)| !(0.0..=1.0).contains(it)) {
            Some((name, it)) => fail(format!("{name} is {it}; 0 to 1 is possible")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another() {
        let stage = |steps, side| Stage {
            steps,
            side,
            ..Stage::default()
        };
        let config = TrainConfig {
            stages: vec![stage(10, 64), stage(5, 128)],
            ..TrainConfig::default()
        };
        assert_eq!(config.steps(), 15);
        let side = |step| config.stage(step).map(|it| it.side);
        assert_eq!(
            [side(0), side(9), side(10), side(14), side(99)].map(|it| it.unwrap()),
            [64, 64, 128, 128, 128]
        );
    }

    #[test]
    fn step_sizes_grow_and_fall() {
        let mut config = TrainConfig::default();
        config.descent.warm_up = 10;
        let rate = config.descent.rate;
        assert!((config.rate(0) - 0.1 * rate).abs() < 1e-9);
        assert!((config.rate(10) - rate).abs() < 1e-9);
        assert!((config.rate(1_000) - config.descent.last * rate).abs() < 1e-7);
        assert!((1..999).all(|it| it < 11 || config.rate(it) < config.rate(it - 1)));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let wrong = |change: fn(&mut TrainConfig), word: &str| {
            let mut config = TrainConfig::default();
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        TrainConfig::default().check().unwrap();
        wrong(|it| it.stages.clear(), "[[stages]]");
        wrong(|it| it.stages[0].side = 60, "60 pixels");
        wrong(|it| it.stages[0].inputs = [3, 2], "3 to 2 inputs");
        wrong(|it| it.stages[0].batch = 0, "0 scenes");
        wrong(|it| it.scenes.rooms = f32::NAN, "scenes.rooms");
        wrong(|it| it.model.dim = 0, "dim");
    }
}
