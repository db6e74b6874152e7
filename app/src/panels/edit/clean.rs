//! Clean-up: how strict, what would go, and away with it.

use eframe::egui::{self, RichText, Slider};
use recon::edit::CleanConfig;

use super::act;
use crate::action::Action;
use crate::editor::EditAction;
use crate::panels::grouped;
use crate::state::AppState;
use crate::theme;

/// All of it.
pub(super) fn clean_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let cleaning = &state.editor.cleaning;
    let version = state.editor.document.as_ref().map(|it| it.version);
    let subject = cleaning.subject.as_ref();
    let is_of_now = subject.is_some_and(|it| Some(it.0) == version);
    let has_photos = state
        .project
        .as_ref()
        .is_some_and(|it| it.dataset().is_some());
    let find = ui.add_enabled(state.job.is_none(), egui::Button::new("Find what is wrong"));
    let hint = if has_photos {
        "measures the splats and how much each gives to the photos"
    } else {
        "measures the splats; with photos open it also sees what no photo shows"
    };
    if find.on_hover_text(hint).clicked() {
        actions.push(act(EditAction::Measure));
    }
    let mut strengths = cleaning.strengths;
    egui::Grid::new("strengths").show(ui, |ui| {
        for (name, strength) in [
            ("Floaters", &mut strengths.floaters),
            ("Spikes", &mut strengths.spikes),
            ("Fog", &mut strengths.fog),
        ] {
            let mut is_on = strength.is_some();
            ui.checkbox(&mut is_on, name);
            let mut value = strength.unwrap_or(CleanConfig::USUAL);
            ui.add_enabled(is_on, Slider::new(&mut value, 0.0..=1.0).max_decimals(2));
            *strength = is_on.then_some(value);
            ui.end_row();
        }
    });
    if strengths != cleaning.strengths {
        actions.push(act(EditAction::CleanWith(strengths)));
    }
    if !is_of_now || cleaning.measured.is_none() {
        return;
    }
    for (rule, bits) in &cleaning.found {
        let count = grouped(bits.count() as u64);
        ui.label(RichText::new(format!("{count} {}", rule.label())).color(theme::MUTED));
    }
    let any = cleaning.found.iter().any(|it| 0 < it.1.count());
    ui.horizontal(|ui| {
        if ui
            .add_enabled(any, egui::Button::new("Remove them"))
            .clicked()
        {
            actions.push(act(EditAction::Clean));
        }
        if ui.button("Leave all").clicked() {
            actions.push(act(EditAction::Try(None)));
        }
    });
}
