//! The command palette: type, choose by arrows, Enter does it.

use eframe::egui::{self, Button, Key, Modifiers, ScrollArea, TextEdit};

use crate::action::{Action, Pane};
use crate::palette::{Palette, entries};
use crate::state::AppState;

/// A field, and what fits what is typed.
pub fn palette_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    ui.set_width(460.0);
    let entries = entries(state);
    let last = entries.len().saturating_sub(1);
    let mut palette = Palette {
        chosen: state.palette.chosen.min(last),
        ..state.palette.clone()
    };
    // Before the field, which would take Enter for the end of typing.
    let [down, up, enter, escape] = [Key::ArrowDown, Key::ArrowUp, Key::Enter, Key::Escape]
        .map(|key| ui.input_mut(|it| it.consume_key(Modifiers::NONE, key)));
    if down {
        palette.chosen = (palette.chosen + 1).min(last);
    }
    if up {
        palette.chosen = palette.chosen.saturating_sub(1);
    }
    let field = TextEdit::singleline(&mut palette.query)
        .hint_text("What is to be done?")
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    if !field.has_focus() {
        field.request_focus();
    }
    if field.changed() {
        palette.chosen = 0;
    }

    let mut wanted = enter.then_some(palette.chosen);
    ScrollArea::vertical().max_height(330.0).show(ui, |ui| {
        for (place, entry) in entries.iter().enumerate() {
            let is_chosen = place == palette.chosen;
            let button = Button::selectable(is_chosen, entry.text.as_str())
                .shortcut_text(entry.keys.as_str())
                .min_size(egui::vec2(ui.available_width(), 0.0));
            let line = ui.add_enabled(entry.action.is_some(), button);
            if line.clicked() {
                wanted = Some(place);
            }
            if is_chosen && (down || up) {
                line.scroll_to_me(None);
            }
        }
        if entries.is_empty() {
            ui.weak("nothing is called that");
        }
    });

    let entry = wanted.and_then(|it| entries.into_iter().nth(it));
    if let Some(action) = entry.and_then(|it| it.action) {
        actions.push(Action::Show(Pane::Palette, false));
        actions.push(action);
    } else if escape {
        actions.push(Action::Show(Pane::Palette, false));
    } else if palette != state.palette {
        actions.push(Action::EditPalette(palette));
    }
}
