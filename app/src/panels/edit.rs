//! What can be done to the scene: select, change, crop, clean up, optimise again; and the list of
//! what was done.

mod again;
mod change;
mod clean;
mod list;
mod region;
mod select;

use eframe::egui::{self, CollapsingHeader, RichText};
use recon::edit::EditOp;

use super::grouped;
use crate::action::Action;
use crate::editor::EditAction;
use crate::state::AppState;
use crate::theme;

/// A wish about edits.
pub(super) fn act(action: EditAction) -> Action {
    Action::Edit(action)
}

/// A wish to do an edit.
pub(super) fn done(op: EditOp) -> Action {
    act(EditAction::Do(Box::new(op)))
}

/// All that edits can do, in groups.
pub fn edit_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    if !state.can_edit() {
        let why = "A scene can be edited when it is shown as it is now, and no run is under way or \
                   it is paused.";
        ui.label(RichText::new(why).color(theme::MUTED));
        if state.editor.now().is_some() && state.is_training() {
            let text = "Splats in the making are shown without your edits. These are done again on \
                        every snapshot.";
            ui.label(RichText::new(text).color(theme::MUTED));
        }
        return;
    }
    counts_ui(ui, state);
    let groups: [(&str, super::Panel, bool); 8] = [
        ("Select", select::select_ui, true),
        ("Box and ball", region::region_ui, false),
        ("Move, turn, scale", change::transform_ui, false),
        ("Colours", change::colours_ui, false),
        ("Remove", change::remove_ui, false),
        ("Clean up", clean::clean_ui, false),
        ("Optimise again", again::again_ui, false),
        ("Edits", list::list_ui, false),
    ];
    for (name, panel, open) in groups {
        CollapsingHeader::new(name)
            .default_open(open)
            .show(ui, |ui| panel(ui, state, actions));
    }
}

/// How many splats there are, and what became of the rest.
fn counts_ui(ui: &mut egui::Ui, state: &AppState) {
    let Some(now) = state.editor.now() else {
        return;
    };
    let text = format!(
        "{} of {} splats are kept",
        grouped(now.saved_count() as u64),
        grouped(now.splats.len() as u64)
    );
    ui.label(RichText::new(text).color(theme::MUTED));
    let hidden = now.count(recon::edit::HIDDEN);
    if 0 < hidden {
        let text = format!(
            "{} are hidden: they are saved as well",
            grouped(hidden as u64)
        );
        ui.label(RichText::new(text).color(theme::WARNING));
    }
}

/// A row of buttons, each an edit.
fn buttons(
    ui: &mut egui::Ui,
    enabled: bool,
    edits: &[(&str, &str, EditOp)],
    actions: &mut Vec<Action>,
) {
    ui.horizontal_wrapped(|ui| {
        for (name, hint, op) in edits {
            let button = ui.add_enabled(enabled, egui::Button::new(*name));
            if button.on_hover_text(*hint).clicked() {
                actions.push(done(op.clone()));
            }
        }
    });
}
