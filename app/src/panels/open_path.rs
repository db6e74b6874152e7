//! A field to type a path into, for where no dialog can open.

use eframe::egui;

use crate::action::{Action, Pane};
use crate::state::AppState;

/// The field in a window of its own.
pub fn open_path_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    ui.label("Type or paste the path of a folder of photos, a video or a splat file.");
    ui.horizontal(|ui| path_field(ui, state, actions));
    if ui.button("Close").clicked() {
        actions.push(Action::Show(Pane::OpenPath, false));
    }
}

/// The field and its button.
pub(super) fn path_field(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let mut path = state.open_path.clone();
    let label = ui.label("Path");
    let field = egui::TextEdit::singleline(&mut path)
        .hint_text("/folder/scene.ply")
        .desired_width((ui.available_width() - 64.0).max(80.0));
    let field = ui.add(field).labelled_by(label.id);
    if field.changed() {
        actions.push(Action::EditOpenPath(path));
    }
    let entered = field.lost_focus() && ui.input(|it| it.key_pressed(egui::Key::Enter));
    let can_open = !state.open_path.trim().is_empty();
    let clicked = ui
        .add_enabled(can_open, egui::Button::new("Open"))
        .clicked();
    if can_open && (clicked || entered) {
        actions.push(Action::OpenTypedPath);
    }
}
