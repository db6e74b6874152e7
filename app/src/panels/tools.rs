//! The bar of tools over the scene: what the pointer does, how it selects, undo and redo.

use eframe::egui::{self, RichText, Slider};
use recon::edit::{EditOp, Mode};

use super::{edit::act, grouped};
use crate::action::Action;
use crate::editor::{EditAction, Tool, Way};
use crate::keys::Deed;
use crate::state::AppState;
use crate::theme;

/// Tools, what the one in hand can be set to, undo and redo.
pub fn tools_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let editor = &state.editor;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for tool in Tool::ALL {
            let is_held = editor.tool == tool;
            let key = state
                .settings
                .keys
                .shortcut(Deed::of_tool(tool), state.is_mac);
            let hint = match key.as_str() {
                "" => tool.hint().to_owned(),
                key => format!("{} ({key})", tool.hint()),
            };
            let label = ui.selectable_label(is_held, tool.label());
            if label.on_hover_text(hint).clicked() {
                actions.push(act(EditAction::Use(tool)));
            }
        }
        ui.separator();
        let history = editor.document.as_ref().map(|it| &it.history);
        let version = |way| {
            let is_there = 0 < editor.versions.count(way);
            is_there.then(|| "Optimise again".to_owned())
        };
        let undone = history.and_then(|it| it.last()).map(EditOp::label);
        let undone = undone.or_else(|| version(Way::Back));
        let redone = history.and_then(|it| it.next()).map(EditOp::label);
        let redone = redone.or_else(|| version(Way::Forth));
        for (name, deed, label, action) in [
            ("Undo", Deed::Undo, undone, EditAction::Undo),
            ("Redo", Deed::Redo, redone, EditAction::Redo),
        ] {
            let button = ui.add_enabled(label.is_some(), egui::Button::new(name));
            let key = state.settings.keys.shortcut(deed, state.is_mac);
            let button = button.on_hover_text(format!("{} ({key})", label.unwrap_or_default()));
            if button.clicked() {
                actions.push(act(action));
            }
        }
        let selected = editor.selected();
        if 0 < selected {
            ui.separator();
            let text = format!("{} selected", grouped(selected as u64));
            ui.label(RichText::new(text).color(theme::ACCENT));
        }
    });
    if editor.tool != Tool::Look {
        settings_ui(ui, state, actions);
    }
}

/// Settings of the tool in hand, and how it is used.
fn settings_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let mut tools = state.editor.tools.clone();
    ui.horizontal_wrapped(|ui| {
        let tool = state.editor.tool;
        if tool.draws() || tool == Tool::Colour {
            for mode in Mode::ALL {
                ui.selectable_value(&mut tools.mode, mode, mode.label());
            }
            ui.separator();
        }
        if tool.draws() {
            ui.checkbox(&mut tools.seen_only, "Visible only")
                .on_hover_text("only splats that can be seen, not those behind");
        }
        match tool {
            Tool::Brush => {
                ui.add(Slider::new(&mut tools.brush_radius, 4.0..=200.0).text("Size"));
            }
            Tool::Colour => {
                ui.add(Slider::new(&mut tools.tolerance, 0.01..=0.6).text("Tolerance"));
            }
            Tool::Move | Tool::Turn | Tool::Scale => {
                ui.checkbox(&mut tools.snaps, "Snap")
                    .on_hover_text("tenths of the arrow, 15 degrees, tenths of the size");
            }
            _ => {}
        }
        ui.label(RichText::new(tool.hint()).color(theme::MUTED));
    });
    if tools != state.editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
}
