//! Where the panels lie.

use std::path::Path;

use eframe::egui::{self, CentralPanel, Panel};
use recon::io::SplatFormat;

use super::App;
use crate::action::{Action, Pane};
use crate::panels::{
    self, cheat_sheet, error_bar, inspector, log, open_path, start, status_bar, timings, top_bar,
};
use crate::theme;

/// Where a pane that floats begins: below the bars.
const WINDOW_CORNER: [f32; 2] = [16.0, 72.0];

impl App {
    /// The whole window.
    pub(super) fn draw(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        let state = &self.state;
        Panel::top("top bar").show(ui, |ui| top_bar::top_bar_ui(ui, state, actions));
        if state.error.is_some() {
            Panel::top("error bar").show(ui, |ui| error_bar::error_bar_ui(ui, state, actions));
        }
        Panel::bottom("status bar").show(ui, |ui| status_bar::status_bar_ui(ui, state, actions));
        if state.settings.log {
            Panel::bottom("log")
                .resizable(true)
                .default_size(110.0)
                .show(ui, |ui| log::log_ui(ui, state, actions));
        }
        if state.settings.inspector && state.scene.is_some() {
            Panel::right("inspector")
                .default_size(280.0)
                .show(ui, |ui| inspector::inspector_ui(ui, state, actions));
        }
        self.draw_centre(ui, actions);
        self.draw_windows(ui.ctx(), actions);
    }

    fn draw_centre(&mut self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        let frame = egui::Frame::new().fill(theme::EMPTY);
        let state = &self.state;
        let viewport = &mut self.viewport;
        CentralPanel::no_frame().frame(frame).show(ui, |ui| {
            if let Some(scene) = &state.scene {
                viewport.ui(ui, scene, state);
                drop_veil(ui);
            } else {
                viewport.hovered = false;
                start::start_ui(ui, state, actions);
            }
        });
    }

    fn draw_windows(&self, ctx: &egui::Context, actions: &mut Vec<Action>) {
        let state = &self.state;
        let panes = state.panes;
        let windows: [(&str, Pane, bool, [f32; 2], panels::Panel); 3] = [
            (
                "Keys and mouse",
                Pane::CheatSheet,
                panes.cheat_sheet,
                [620.0, 480.0],
                cheat_sheet::cheat_sheet_ui,
            ),
            (
                "Kernel timings",
                Pane::Timings,
                panes.timings,
                [210.0, 380.0],
                timings::timings_ui,
            ),
            (
                "Open path",
                Pane::OpenPath,
                panes.open_path,
                [420.0, 130.0],
                open_path::open_path_ui,
            ),
        ];
        for (title, pane, shown, size, panel) in windows {
            let mut open = shown;
            egui::Window::new(title)
                .open(&mut open)
                .default_pos(WINDOW_CORNER)
                .default_size(size)
                .vscroll(true)
                .show(ctx, |ui| panel(ui, state, actions));
            if shown && !open {
                actions.push(Action::Show(pane, false));
            }
        }
    }
}

/// While a file hovers over the scene: what dropping it would do.
fn drop_veil(ui: &egui::Ui) {
    let hovered = ui.input(|it| it.raw.hovered_files.first().cloned());
    let Some(file) = hovered else {
        return;
    };
    let name = file.path.as_deref().and_then(Path::file_name);
    let name = name.unwrap_or_default().to_string_lossy();
    let (text, colour) = match SplatFormat::from_path(Path::new(&*name)) {
        Ok(_) => (format!("Drop to open {name}"), theme::ACCENT),
        Err(_) => (
            format!("{name} is not one of {}", SplatFormat::SUPPORTED),
            theme::WARNING,
        ),
    };
    let rect = ui.max_rect();
    let painter = ui.painter();
    painter.rect_filled(rect, 0, theme::DROP_VEIL);
    let font = egui::FontId::proportional(20.0);
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        text,
        font,
        colour,
    );
}
