//! Optimising the scene as it is edited.

use eframe::egui::{self, ComboBox, RichText};

use super::act;
use crate::action::Action;
use crate::editor::{Again, EditAction};
use crate::state::AppState;
use crate::theme;

/// What may change, and the button.
pub(super) fn again_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let editor = &state.editor;
    let mut tools = editor.tools.clone();
    ComboBox::from_label("May change")
        .selected_text(tools.again.label())
        .show_ui(ui, |ui| {
            for again in Again::ALL {
                ui.selectable_value(&mut tools.again, again, again.label());
            }
        });
    let has_photos = state
        .project
        .as_ref()
        .is_some_and(|it| it.dataset().is_some());
    let can = match tools.again {
        Again::Selection => 0 < editor.selected(),
        Again::All | Again::Region => true,
    };
    let button = egui::Button::new("Optimise the edited scene");
    let button = ui
        .add_enabled(can && has_photos && !state.is_busy(), button)
        .on_hover_text("with the settings of Optimise at the left; all else stays as it is")
        .on_disabled_hover_text(
            "needs posed photos that are open, something that may change, and nothing under way",
        );
    if button.clicked() {
        actions.push(act(EditAction::OptimiseAgain));
    }
    let keeps = "Crops for export, colours and moves of the whole scene are done again afterwards; \
                 other edits become part of the scene. Undo goes back to the scene before.";
    ui.label(RichText::new(keeps).color(theme::MUTED));
    if tools != editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
}
