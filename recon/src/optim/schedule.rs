//! How settings change from the first step to the last.

use render::AdamRates;

use super::OptimiseConfig;

/// Steps in which a step size grows from a part of it to all of it, so that the first gradients,
/// which say little, move little.
const WARM_UP: f32 = 10.0;

/// Step sizes of shorter schedules fall no faster than those of one of so many steps: splats would
/// stand still before they are where they belong. Found on the fox, where 300 steps in which sizes
/// fall as far as in 2,000 end 1.7 dB lower than the first 300 of the 2,000.
const LEAST_FALL: u32 = 1_000;

impl OptimiseConfig {
    /// How much of all steps is behind step `step`, 0 to 1.
    pub(super) fn done(&self, step: u32) -> f32 {
        (step as f32 / self.steps.max(1) as f32).min(1.0)
    }

    /// How much of the fall of step sizes is behind step `step`, 0 to 1.
    fn fallen(&self, step: u32) -> f32 {
        (step as f32 / self.steps.max(LEAST_FALL) as f32).min(1.0)
    }

    /// Step sizes of step `step` (from 0): the means' falls log-linearly. `extent` is the size of
    /// the scene in world units.
    pub(super) fn rates_at(&self, step: u32, extent: f32) -> AdamRates {
        let rates = &self.rates;
        let (first, last) = (rates.means_first.ln(), rates.means_last.ln());
        let fallen = self.fallen(step);
        let warm = ((step + 1) as f32 / WARM_UP).min(1.0);
        let others = warm * rates.left_in_the_end.powf(fallen);
        AdamRates {
            means: warm * extent * (first + (last - first) * fallen).exp(),
            quats: others * rates.quats,
            log_scales: others * rates.log_scales,
            opacity_logits: others * rates.opacity_logits,
            sh_base: others * rates.sh_base,
            sh_rest: others * rates.sh_rest,
        }
    }

    /// Degree of the harmonics that are in use in step `step`.
    pub(super) fn sh_degree_at(&self, step: u32) -> u32 {
        let reached = step.checked_div(self.sh_every);
        reached.map_or(self.sh_degree, |it| it.min(self.sh_degree))
    }

    /// The last step after which splats become more: time is left for the new ones to settle.
    pub(super) fn densifies_until(&self) -> u32 {
        self.densify.until.min((0.8 * self.steps as f32) as u32)
    }

    /// Whether the number of splats changes after step `step` (counted from 1).
    pub(super) fn densifies_after(&self, step: u32) -> bool {
        let densify = &self.densify;
        (densify.from..=self.densifies_until()).contains(&step)
            && step.is_multiple_of(densify.every.max(1))
            && step < self.steps
    }

    /// The longer side of photos in step `step`, where it is `full` in the end.
    ///
    /// After DashGaussian (Chen et al. 2025): coarse photos have no detail that would need many
    /// splats, and cost less. There each set finds its own steps; here they are the same for all.
    pub(super) fn side_at(&self, step: u32, full: u32) -> u32 {
        if !self.progressive {
            return full;
        }
        let until = self.densifies_until().max(1);
        let done = step as f32 / until as f32;
        let level = LEVELS.iter().rev().find(|(from, _)| *from <= done);
        let reduction = level.map_or(1.0, |(_, reduction)| *reduction);
        let side = (full as f32 / reduction).round() as u32;
        side.max(LEAST_SIDE.min(full))
    }
}

/// From which part of the densification on photos are reduced by how much.
const LEVELS: [(f32, f32); 5] = [
    (0.0, 4.0),
    (0.08, 2.83),
    (0.18, 2.0),
    (0.32, 1.41),
    (0.5, 1.0),
];
/// No photo is made smaller than this: there is nothing to be won.
const LEAST_SIDE: u32 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(steps: u32) -> OptimiseConfig {
        OptimiseConfig {
            steps,
            ..super::super::preset(super::super::Preset::Fast)
        }
    }

    #[test]
    fn steps_fall_as_far_as_there_is_time() {
        let [short, least, long] = [300, LEAST_FALL, 5_000].map(of);
        let last = |it: &OptimiseConfig| it.rates_at(it.steps, 2.0);
        assert_eq!(last(&least), last(&long));
        let rates = least.rates;
        assert!((last(&least).means / (2.0 * rates.means_last) - 1.0).abs() < 1e-4);
        let ended = last(&least).sh_base / rates.sh_base;
        assert!((ended / rates.left_in_the_end - 1.0).abs() < 1e-4);
        // A short one goes the same way, and not to its end.
        assert_eq!(last(&short), least.rates_at(300, 2.0));
        assert!(4.0 * last(&least).means < last(&short).means);
        assert!((short.rates_at(0, 2.0).quats - 0.1 * rates.quats).abs() < 1e-6);
    }
}
