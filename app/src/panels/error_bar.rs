//! What failed, until it is dismissed.

use eframe::egui;

use crate::action::{Action, Pane};
use crate::state::AppState;
use crate::theme;

/// Nothing where nothing failed.
pub fn error_bar_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(error) = &state.error else {
        return;
    };
    let frame = egui::Frame::new().fill(theme::ERROR_FILL).inner_margin(8);
    frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            if ui.button("Dismiss").clicked() {
                actions.push(Action::DismissError);
            }
            if ui.button("All messages").clicked() {
                actions.push(Action::Show(Pane::Log, true));
            }
            let text = egui::RichText::new(error).color(theme::ERROR);
            ui.add(egui::Label::new(text).wrap());
        });
        ui.set_min_width(ui.available_width());
    });
}
