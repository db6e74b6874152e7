//! The settings of the next optimisation, the rarer ones folded.

use std::path::PathBuf;

use eframe::egui::{self, CollapsingHeader, DragValue, TextEdit};
use recon::optim::{OptimiseConfig, Strategy};

use super::super::inspector::choice;
use crate::action::Action;
use crate::optimise::Plan;
use crate::state::AppState;

/// All strategies.
const STRATEGIES: [Strategy; 5] = [
    Strategy::Mcmc,
    Strategy::Gated,
    Strategy::Adaptive,
    Strategy::MultiView,
    Strategy::Fixed,
];

/// A budget to begin with where one is to be set by hand.
const FIRST_BUDGET: usize = 500_000;

/// A side to begin with where one is to be set by hand.
const FIRST_SIDE: u32 = 960;

pub(super) fn settings_ui(
    ui: &mut egui::Ui,
    state: &AppState,
    plan: &mut Plan,
    actions: &mut Vec<Action>,
) {
    CollapsingHeader::new("Settings").show(ui, |ui| {
        common(ui, &mut plan.config);
        CollapsingHeader::new("Advanced").show(ui, |ui| {
            advanced(ui, &mut plan.config);
            lpips(ui, state, actions);
        });
    });
}

fn common(ui: &mut egui::Ui, config: &mut OptimiseConfig) {
    number(ui, "Steps", &mut config.steps, 1..=1_000_000);
    ui.horizontal(|ui| {
        let mut is_full = config.max_side.is_none();
        if ui.checkbox(&mut is_full, "Full-size photos").changed() {
            config.max_side = (!is_full).then_some(FIRST_SIDE);
        }
    });
    if let Some(side) = &mut config.max_side {
        number(ui, "Longest side, px", side, 32..=16_384);
    }
    let mut is_chosen = config.splat_budget.is_none();
    let text = "as many as the device's memory suggests";
    if ui
        .checkbox(&mut is_chosen, "Splat budget by memory")
        .on_hover_text(text)
        .changed()
    {
        config.splat_budget = (!is_chosen).then_some(FIRST_BUDGET);
    }
    if let Some(budget) = &mut config.splat_budget {
        number(ui, "Splat budget", budget, 1..=100_000_000);
    }
    number(
        ui,
        "Evaluate every, steps",
        &mut config.evaluate_every,
        0..=1_000_000,
    );
}

fn advanced(ui: &mut egui::Ui, config: &mut OptimiseConfig) {
    choice(
        ui,
        "Growth",
        &mut config.densify.strategy,
        &STRATEGIES,
        |it| match it {
            Strategy::Fixed => "None",
            Strategy::Mcmc => "MCMC",
            Strategy::Gated => "MCMC, where views agree",
            Strategy::Adaptive => "Adaptive",
            Strategy::MultiView => "Multi-view",
        },
    );
    let mut degree = config.sh_degree;
    if ui
        .add(egui::Slider::new(&mut degree, 0..=3).text("SH degree"))
        .changed()
    {
        config.sh_degree = degree;
    }
    for (value, text, hint) in [
        (
            &mut config.antialiased,
            "Antialiased",
            "what is small in the image becomes fainter, not larger (Mip-Splatting, 2D filter)",
        ),
        (
            &mut config.filter_3d,
            "3D filter",
            "no splat is finer than what the nearest photo resolves (Mip-Splatting)",
        ),
        (
            &mut config.progressive,
            "Small photos first",
            "quicker in the beginning",
        ),
        (
            &mut config.exposure,
            "Exposure of each photo",
            "for photos that differ in brightness",
        ),
        (
            &mut config.refine_poses,
            "Refine the poses",
            "moves the cameras too; held-out photos keep theirs",
        ),
    ] {
        ui.checkbox(value, text).on_hover_text(hint);
    }
    number(
        ui,
        "Autosave every, minutes",
        &mut config.autosave_minutes,
        0..=600,
    );
    number(ui, "Seed", &mut config.seed, 0..=u64::from(u32::MAX));
}

/// LPIPS is measured where the user has its weights.
pub(super) fn lpips(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let kept = state.settings.lpips.clone().unwrap_or_default();
    let mut path = kept.to_string_lossy().into_owned();
    let label = ui.label("LPIPS weights");
    let field = TextEdit::singleline(&mut path)
        .hint_text("a file or folder; without it LPIPS is not measured")
        .desired_width(f32::INFINITY);
    if ui.add(field).labelled_by(label.id).changed() {
        let mut settings = state.settings.clone();
        settings.lpips = (!path.trim().is_empty()).then(|| PathBuf::from(path.trim()));
        actions.push(Action::Change(Box::new(settings)));
    }
}

/// A number with its name; it is dragged or typed.
pub(super) fn number<T: egui::emath::Numeric>(
    ui: &mut egui::Ui,
    name: &str,
    value: &mut T,
    range: std::ops::RangeInclusive<T>,
) -> bool {
    let speed = (0.005 * value.to_f64()).max(0.2);
    let row = ui.horizontal(|ui| {
        let field = DragValue::new(value).range(range).speed(speed);
        let field = ui.add(field);
        let label = ui.label(name);
        field.labelled_by(label.id).changed()
    });
    row.inner
}
