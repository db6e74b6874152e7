//! What can be changed while an optimisation runs.

use eframe::egui::{self, CollapsingHeader, Slider};
use recon::worker::Adjustment;

use super::settings::number;
use crate::action::Action;
use crate::optimise::Run;

pub(super) fn changes_ui(ui: &mut egui::Ui, run: &Run, actions: &mut Vec<Action>) {
    CollapsingHeader::new("Change while it runs").show(ui, |ui| {
        let mut changes = run.changes;
        let mut adjust = |it| actions.push(Action::Adjust(it));
        if number(ui, "Steps", &mut changes.steps, 1..=1_000_000) {
            adjust(Adjustment::Steps(changes.steps));
        }
        if let Some(budget) = &mut changes.splat_budget
            && number(ui, "Splat budget", budget, 1..=100_000_000)
        {
            adjust(Adjustment::SplatBudget(*budget));
        }
        let slider = Slider::new(&mut changes.rate_factor, 0.1..=10.0)
            .logarithmic(true)
            .text("× step size");
        if ui.add(slider).changed() {
            adjust(Adjustment::RateFactor(changes.rate_factor));
        }
        let every = &mut changes.evaluate_every;
        if number(ui, "Evaluate every, steps", every, 0..=1_000_000) {
            adjust(Adjustment::EvaluateEvery(*every));
        }
    });
}
