//! What keys and mouse do, and which key does what: a click on a key waits for another.

use eframe::egui::{self, Button, ComboBox, RichText};

use crate::action::{Action, KeyEdit, Pane};
use crate::keys::{Deed, Group, Preset};
use crate::state::AppState;
use crate::theme;

/// The preset, then two columns of groups.
pub fn cheat_sheet_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    preset_ui(ui, state, actions);
    let (left, right) = Group::ALL.split_at(3);
    ui.horizontal_top(|ui| {
        for groups in [left, right] {
            ui.vertical(|ui| {
                if groups.contains(&Group::Camera) {
                    mouse_ui(ui, state);
                }
                for &group in groups {
                    group_ui(ui, group, state, actions);
                }
            });
            ui.add_space(16.0);
        }
    });
}

fn preset_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let keys = &state.settings.keys;
    let mut preset = keys.preset();
    ui.horizontal(|ui| {
        ComboBox::from_label("Preset")
            .selected_text(preset.label())
            .show_ui(ui, |ui| {
                for it in Preset::ALL {
                    ui.selectable_value(&mut preset, it, it.label());
                }
            });
        let back = ui.add_enabled(keys.is_changed(), Button::new("Back to the preset"));
        if back.clicked() || preset != keys.preset() {
            actions.push(Action::EditKeys(KeyEdit::Choose(preset)));
        }
        if ui.button("Close").clicked() {
            actions.push(Action::Show(Pane::CheatSheet, false));
        }
    });
    let note = match (&state.listening, &state.key_note) {
        (Some((deed, _)), _) => {
            let does = deed.does();
            RichText::new(format!(
                "Press the key for \"{does}\"; Escape keeps it as it is."
            ))
            .color(theme::ACCENT)
        }
        (None, Some(note)) => RichText::new(note).color(theme::WARNING),
        (None, None) => RichText::new("Click a key to choose another.").color(theme::MUTED),
    };
    ui.label(note);
    ui.add_space(8.0);
}

fn mouse_ui(ui: &mut egui::Ui, state: &AppState) {
    ui.strong("Mouse");
    egui::Grid::new("Mouse").striped(true).show(ui, |ui| {
        for gesture in state.settings.keys.preset().gestures() {
            ui.monospace(gesture.binding.trigger.label(state.is_mac));
            ui.label(gesture.does);
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}

fn group_ui(ui: &mut egui::Ui, group: Group, state: &AppState, actions: &mut Vec<Action>) {
    ui.strong(group.title());
    egui::Grid::new(group.title()).striped(true).show(ui, |ui| {
        for deed in group.deeds() {
            ui.horizontal(|ui| keys_ui(ui, deed, state, actions));
            ui.label(deed.does());
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}

/// The keys of a deed, and a button for one more.
fn keys_ui(ui: &mut egui::Ui, deed: Deed, state: &AppState, actions: &mut Vec<Action>) {
    let keys = state.settings.keys.keys(deed);
    let mut edit = |it| actions.push(Action::EditKeys(it));
    let waits = |place| state.listening == Some((deed, place));
    for (place, chord) in keys.iter().enumerate() {
        let text = RichText::new(chord.label(state.is_mac)).monospace();
        let button = ui.add(Button::selectable(waits(place), text).frame_when_inactive(true));
        if button.clicked() {
            edit(if waits(place) {
                KeyEdit::Ignore
            } else {
                KeyEdit::Listen(deed, place)
            });
        }
        if waits(place) && ui.small_button("No key").clicked() {
            edit(KeyEdit::Unbind(deed, place));
        }
    }
    let place = keys.len();
    if waits(place) {
        ui.weak("…");
    }
    let hint = format!("a key for \"{}\"", deed.does());
    let more = ui.small_button("+").on_hover_text(hint.as_str());
    more.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, hint.as_str()));
    if more.clicked() {
        edit(KeyEdit::Listen(deed, place));
    }
}
