//! What keys and mouse do, from the table that the input reads.

use eframe::egui;

use crate::action::{Action, Pane};
use crate::keys;
use crate::state::AppState;

/// Two columns of groups.
pub fn cheat_sheet_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    ui.columns(2, |columns| {
        for (i, group) in keys::GROUPS.iter().enumerate() {
            let ui = &mut columns[i % 2];
            ui.strong(group.title);
            egui::Grid::new(group.title).striped(true).show(ui, |ui| {
                for binding in group.bindings {
                    ui.monospace(binding.trigger.label(state.is_mac));
                    ui.label(binding.does);
                    ui.end_row();
                }
            });
            ui.add_space(8.0);
        }
    });
    if ui.button("Close").clicked() {
        actions.push(Action::Show(Pane::CheatSheet, false));
    }
}
