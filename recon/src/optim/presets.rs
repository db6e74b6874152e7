//! Settings for a purpose, the same for all scenes, and where each number comes from.

use super::{Densify, OptimiseConfig, Preset, Rates, Strategy};

/// The settings of a preset.
pub fn preset(preset: Preset) -> OptimiseConfig {
    let base = OptimiseConfig {
        preset,
        ..OptimiseConfig::default()
    };
    match preset {
        Preset::Fast => OptimiseConfig {
            steps: 2_000,
            sh_every: 0,
            rates: Rates {
                quats: 4e-3,
                log_scales: 0.02,
                sh_base: 0.01,
                sh_rest: 1e-3,
                ..base.rates
            },
            densify: Densify {
                from: 100,
                until: 1_600,
                ..base.densify
            },
            ..base
        },
        Preset::Balanced => OptimiseConfig {
            steps: 7_000,
            ..base
        },
        Preset::Quality => OptimiseConfig {
            steps: 30_000,
            ..base
        },
        Preset::Compact => OptimiseConfig {
            steps: 15_000,
            densify: Densify {
                strategy: Strategy::MultiView,
                ..base.densify
            },
            ..base
        },
    }
}
