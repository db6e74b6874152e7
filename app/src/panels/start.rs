//! The first screen: what can be dropped, opened or tried, and what this machine can hold.

use eframe::egui::{self, RichText};
use recon::io::SplatFormat;
use recon::worker::Command;
use render::gpu::AdapterKind;

use super::open_path::path_field;
use super::top_bar::DEMO;
use crate::action::{Action, Pane};
use crate::state::AppState;
use crate::theme;

const WIDTH: f32 = 520.0;

/// What photos may come as.
const PHOTOS: &str = "a folder or zip of photos, with or without camera poses";

/// Shown while there is no scene.
pub fn start_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    egui::ScrollArea::vertical().show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.set_max_width(WIDTH.min(ui.available_width() - 24.0));
            ui.add_space(12.0);
            ui.heading("Accrete");
            recovered(ui, state, actions);
            drop_field(ui, state, actions);
            ui.add_space(8.0);
            ui.horizontal(|ui| path_field(ui, state, actions));
            recents(ui, state, actions);
            ui.add_space(8.0);
            verdict(ui, state);
            if ui.link("Keys and mouse").clicked() {
                actions.push(Action::Show(Pane::CheatSheet, true));
            }
        });
    });
}

fn drop_field(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let hovering = ui.input(|it| !it.raw.hovered_files.is_empty());
    let colour = if hovering {
        theme::ACCENT
    } else {
        theme::MUTED
    };
    let frame = egui::Frame::new()
        .stroke(egui::Stroke::new(1.5, colour))
        .corner_radius(8)
        .inner_margin(18);
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        let title = if state.accepts_drops {
            "Drop photos, a video or a splat file here"
        } else {
            "Dropping files is not possible on Wayland alone: open one, or start with XWayland"
        };
        ui.label(RichText::new(title).size(17.0));
        for text in [PHOTOS, SplatFormat::SUPPORTED] {
            ui.label(RichText::new(text).color(theme::MUTED));
        }
        ui.add_space(6.0);
        if ui.button("Open folder…").clicked() {
            actions.push(Action::AskForFolder);
        }
        if ui.button("Open file…").clicked() {
            actions.push(Action::AskForFile);
        }
        if ui.button("Try the demo scene").clicked() {
            actions.push(Action::Send(DEMO));
        }
    });
}

/// What an earlier run has left.
fn recovered(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(path) = &state.recovered else {
        return;
    };
    let text = "Accrete ended without a chance to save: the edits are still there.";
    ui.label(RichText::new(text).color(theme::WARNING));
    ui.horizontal(|ui| {
        if ui.button("Open them").clicked() {
            actions.push(Action::Send(Command::Open(path.clone())));
        }
        if ui.button("Forget them").clicked() {
            actions.push(Action::ForgetRecovered);
        }
    });
    ui.add_space(8.0);
}

fn recents(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let recents = &state.settings.recents;
    if recents.is_empty() {
        return;
    }
    ui.add_space(8.0);
    ui.label(RichText::new("Opened before").color(theme::MUTED));
    for path in recents.iter().take(5) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let link = ui.link(name.to_string_lossy());
        if link.on_hover_text(path.to_string_lossy()).clicked() {
            actions.push(Action::Send(Command::Open(path.clone())));
        }
    }
}

/// What this machine is good for.
fn verdict(ui: &mut egui::Ui, state: &AppState) {
    let adapter = &state.adapter;
    let millions = adapter.max_splats(3) as f64 / 1e6;
    let (colour, verdict) = match adapter.kind {
        AdapterKind::Cpu => (
            theme::WARNING,
            "the processor does a graphics card's work: right for small scenes, coarse while \
             the camera moves"
                .to_owned(),
        ),
        _ => (
            theme::MUTED,
            format!("up to {millions:.0} M splats in view, memory permitting"),
        ),
    };
    let text = format!("{} ({}): {verdict}", adapter.name, adapter.backend);
    ui.label(RichText::new(text).color(colour));
}
