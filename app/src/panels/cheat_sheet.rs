//! What keys and mouse do, from the table that the input reads.

use eframe::egui;

use crate::action::{Action, Pane};
use crate::keys::{self, Group};
use crate::state::AppState;

/// Two columns of groups.
pub fn cheat_sheet_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let (left, right) = keys::GROUPS.split_at(keys::GROUPS.len() / 2);
    ui.horizontal_top(|ui| {
        for groups in [left, right] {
            ui.vertical(|ui| {
                for group in groups {
                    group_ui(ui, group, state.is_mac);
                }
            });
            ui.add_space(16.0);
        }
    });
    if ui.button("Close").clicked() {
        actions.push(Action::Show(Pane::CheatSheet, false));
    }
}

fn group_ui(ui: &mut egui::Ui, group: &Group, is_mac: bool) {
    ui.strong(group.title);
    egui::Grid::new(group.title).striped(true).show(ui, |ui| {
        for binding in group.bindings {
            ui.monospace(binding.trigger.label(is_mac));
            ui.label(binding.does);
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}
