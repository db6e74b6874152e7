//! Messages, the newest at the bottom.

use eframe::egui::{self, RichText};

use crate::action::{Action, Pane};
use crate::state::{AppState, Gravity};
use crate::theme;

/// All that were kept.
pub fn log_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.strong("Messages");
        if ui.button("Hide").clicked() {
            actions.push(Action::Show(Pane::Log, false));
        }
    });
    let scroll = egui::ScrollArea::vertical()
        .auto_shrink([false, true])
        .stick_to_bottom(true);
    scroll.show(ui, |ui| {
        if state.messages.is_empty() {
            ui.label(RichText::new("Nothing happened yet.").color(theme::MUTED));
        }
        for message in &state.messages {
            let text = RichText::new(&message.text);
            let text = match message.gravity {
                Gravity::Note => text,
                Gravity::Warning => text.color(theme::WARNING),
                Gravity::Failure => text.color(theme::ERROR),
            };
            ui.add(egui::Label::new(text).wrap());
        }
    });
}
