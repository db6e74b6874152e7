//! Settings for a purpose, the same for all scenes, and where each number comes from.
//!
//! | | fast | balanced | quality | compact |
//! | --- | --- | --- | --- | --- |
//! | steps | 2 000 | 7 000 | 30 000 (3DGS) | 15 000 |
//! | step size of means, in 3DGS's | 5 | 2 | 1 | 2 |
//! | of scales | 6 | 2 | 1 | 2 |
//! | of rotations | 16 | 4 | 1 | 4 |
//! | of colour | 4 | 2 | 1 | 2 |
//! | of all but the means' is left in the end | 1/10 | 1/10 | all | 1/10 |
//! | harmonics | all from the start (Brush) | a degree every 500 steps | every 1 000 (3DGS) | every 500 |
//! | splats | multi-view (FastGS) | MCMC, 5 % more every 100 steps (3DGS-MCMC) | the same | multi-view |
//! | photos | small ones first (DashGaussian) | the same | the same | the same |
//!
//! What is left in the end is so after 1,000 steps or more; shorter schedules fall less far.
//!
//! The larger step sizes are our own, found on the fox at 256 pixels, where they are worth 6 dB
//! after 300 steps; those of balanced and compact lie between and are not tuned. With MCMC opacity and
//! scale are pulled as there (0.01 each), and its noise is scaled to the scene's extent here. The
//! fast preset's growth of 10 % counts where MCMC is chosen in it.

use super::{Densify, OptimiseConfig, Preset, Rates, Strategy};

/// The settings of a preset.
pub fn preset(preset: Preset) -> OptimiseConfig {
    let base = OptimiseConfig {
        preset,
        first_opacity: 0.3,
        first_scale: 0.6,
        progressive: true,
        ..OptimiseConfig::default()
    };
    match preset {
        Preset::Fast => OptimiseConfig {
            steps: 2_000,
            sh_every: 0,
            rates: Rates {
                means_first: 8e-4,
                means_last: 8e-6,
                quats: 0.016,
                log_scales: 0.03,
                sh_base: 0.01,
                sh_rest: 1e-3,
                left_in_the_end: 0.1,
                ..base.rates
            },
            densify: Densify {
                strategy: Strategy::MultiView,
                from: 100,
                until: 1_600,
                growth: 1.1,
                ..base.densify
            },
            ..base
        },
        Preset::Balanced => OptimiseConfig {
            steps: 7_000,
            sh_every: 500,
            rates: quicker(),
            densify: Densify {
                from: 200,
                until: 5_600,
                ..base.densify
            },
            ..base
        },
        Preset::Quality => OptimiseConfig {
            steps: 30_000,
            ..base
        },
        Preset::Compact => OptimiseConfig {
            steps: 15_000,
            sh_every: 500,
            rates: quicker(),
            densify: Densify {
                strategy: Strategy::MultiView,
                until: 10_000,
                every: 500,
                ..base.densify
            },
            ..base
        },
    }
}

/// Between 3DGS's and the fast preset's.
fn quicker() -> Rates {
    let rates = Rates::default();
    Rates {
        means_first: 2.0 * rates.means_first,
        means_last: 2.0 * rates.means_last,
        quats: 4.0 * rates.quats,
        log_scales: 2.0 * rates.log_scales,
        sh_base: 2.0 * rates.sh_base,
        sh_rest: 5e-4,
        left_in_the_end: 0.1,
        ..rates
    }
}

/// Settings for a few steps on splats that a network made: their number stays, photos have their
/// full size from the start, all harmonics move. Step sizes are the fast preset's.
pub fn polish(steps: u32) -> OptimiseConfig {
    let fast = preset(Preset::Fast);
    OptimiseConfig {
        steps,
        sh_every: 0,
        progressive: false,
        densify: Densify {
            strategy: Strategy::Fixed,
            ..fast.densify
        },
        ..fast
    }
}

/// Most steps that leave the splats of a network as many as they are.
const POLISHING: u32 = 50;

/// Settings for `steps` steps on splats that a network made: [`polish`] for a few, the fast preset
/// at full photo size for more.
pub fn sequel(steps: u32) -> OptimiseConfig {
    if steps <= POLISHING {
        return polish(steps);
    }
    let fast = preset(Preset::Fast);
    OptimiseConfig {
        densify: Densify {
            until: fast.densify.until.min(steps * 4 / 5),
            ..fast.densify
        },
        steps,
        progressive: false,
        ..fast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_run() {
        for it in Preset::ALL {
            let config = preset(it);
            assert_eq!(config.preset, it);
            assert!(config.densify.until < config.steps);
            assert!(config.rates.means_last < config.rates.means_first);
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(
                serde_json::from_str::<OptimiseConfig>(&text).unwrap(),
                config
            );
        }
    }
}
