//! The edits in their order; each can be gone back to.

use eframe::egui::{self, RichText};

use super::act;
use crate::action::Action;
use crate::editor::{EditAction, Way};
use crate::state::AppState;
use crate::theme;

/// The edits, the newest at the end; those that were undone are dim.
pub(super) fn list_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(document) = &state.editor.document else {
        ui.label(RichText::new("Nothing was changed yet").color(theme::MUTED));
        return;
    };
    let done = document.history.done();
    let versions = &state.editor.versions;
    egui::ScrollArea::vertical()
        .id_salt("edits")
        .max_height(180.0)
        .stick_to_bottom(true)
        .show(ui, |ui| {
            if 0 < versions.count(Way::Back)
                && ui
                    .selectable_label(false, "Before it was optimised")
                    .clicked()
            {
                actions.push(act(EditAction::GoToVersion(Way::Back)));
            }
            if ui.selectable_label(done == 0, "As it was").clicked() {
                actions.push(act(EditAction::GoTo(0)));
            }
            for (k, op) in document.history.ops().enumerate() {
                let label = RichText::new(op.label());
                let label = if done <= k {
                    label.color(theme::MUTED)
                } else {
                    label
                };
                if ui.selectable_label(done == k + 1, label).clicked() {
                    actions.push(act(EditAction::GoTo(k + 1)));
                }
            }
            let after = RichText::new("Optimised again").color(theme::MUTED);
            if 0 < versions.count(Way::Forth) && ui.selectable_label(false, after).clicked() {
                actions.push(act(EditAction::GoToVersion(Way::Forth)));
            }
        });
}
