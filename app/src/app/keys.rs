//! Keys that were pressed, and changes of what they do.

use eframe::egui;

use super::App;
use crate::action::{Action, KeyEdit, Pane};
use crate::keys::{Chord, Keymap};
use crate::palette::Palette;
use crate::viewport::input;

impl App {
    /// Tab belongs to the scene while the pointer is over it; elsewhere it moves the focus.
    pub(super) fn withhold_tab(&mut self, ctx: &egui::Context, input: &mut egui::RawInput) {
        if !self.viewport.hovered || ctx.egui_wants_keyboard_input() {
            return;
        }
        let is_tab = |it: &mut egui::Event| matches!(it, egui::Event::Key { key: egui::Key::Tab, modifiers, .. } if modifiers.is_none());
        self.withheld.extend(input.events.extract_if(.., is_tab));
    }

    pub(super) fn hear_keys(&mut self, ctx: &egui::Context) {
        let withheld = std::mem::take(&mut self.withheld);
        ctx.input_mut(|it| it.events.extend(withheld));
        if self.state.listening.is_some() {
            if let Some(chord) = input::pressed_chord(ctx) {
                self.bind(chord);
            }
            return;
        }
        let mut actions: Vec<Action> = Vec::new();
        input::pressed_keys(ctx, &self.state, &mut actions);
        for action in actions {
            self.act(ctx, action);
        }
    }

    /// Shows or hides a pane, which begins anew.
    pub(super) fn show_pane(&mut self, pane: Pane, shown: bool) {
        *self.pane(pane) = shown;
        match pane {
            Pane::Palette => self.state.palette = Palette::default(),
            Pane::CheatSheet => {
                self.state.listening = None;
                self.state.key_note = None;
            }
            _ => {}
        }
    }

    pub(super) fn edit_keys(&mut self, edit: KeyEdit) {
        let state = &mut self.state;
        state.listening = None;
        state.key_note = None;
        match edit {
            KeyEdit::Listen(deed, place) => state.listening = Some((deed, place)),
            KeyEdit::Ignore => return,
            KeyEdit::Unbind(deed, place) => state.settings.keys.unbind(deed, place),
            KeyEdit::Choose(preset) => state.settings.keys = Keymap::of(preset),
        }
        self.unsaved = true;
    }

    /// Gives the key to the deed that waits for one. Escape stays what it is: it ends the wait.
    fn bind(&mut self, chord: Chord) {
        let state = &mut self.state;
        let Some((deed, place)) = state.listening.take() else {
            return;
        };
        if chord == Chord::new(egui::Modifiers::NONE, egui::Key::Escape) {
            return;
        }
        let owner = state.settings.keys.bind(deed, place, chord);
        let label = chord.label(state.is_mac);
        state.key_note = owner.map(|owner| {
            let (does, did) = (deed.does(), owner.does());
            format!("{label} is now \"{does}\"; it was taken from \"{did}\"")
        });
        self.unsaved = true;
    }
}
