//! Where the panels lie.

use std::path::Path;

use eframe::egui::{self, CentralPanel, Panel};
use recon::io::SplatFormat;

use super::App;
use crate::action::{Action, Pane};
use crate::panels::{
    self, cheat_sheet, compare, error_bar, export, film_strip, inspector, leaving, log, open_path,
    palette, project, show, start, status_bar, timeline, timings, tools, top_bar,
};
use crate::project::{Project, Source};
use crate::state::AppState;
use crate::theme;

/// Where a pane that floats begins: below the bars.
const WINDOW_CORNER: [f32; 2] = [16.0, 72.0];

/// The film strip needs a window of this height, in points: a lower one belongs to the scene.
const FILM_FROM: f32 = 460.0;

/// Endings of zips, pose files and videos.
const OPENABLE: [&str; 12] = [
    "zip", "json", "npy", "csv", "xml", "bin", "mp4", "mov", "mkv", "avi", "webm", "m4v",
];

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
        let dataset = state.project.as_ref().and_then(Project::dataset);
        let has_room = FILM_FROM <= ui.available_height();
        if dataset.is_some() && state.settings.film_strip && has_room {
            Panel::bottom("film strip")
                .show(ui, |ui| film_strip::film_strip_ui(ui, state, actions));
        }
        if state.project.is_some() {
            Panel::left("project")
                .resizable(true)
                .default_size(300.0)
                .show(ui, |ui| project::project_ui(ui, state, actions));
        }
        if state.settings.inspector && state.scene.is_some() {
            Panel::right("inspector")
                .default_size(280.0)
                .show(ui, |ui| inspector::inspector_ui(ui, state, actions));
        }
        let run = state.run.as_ref();
        if run.is_some_and(|it| !it.timeline.kept().is_empty()) {
            Panel::bottom("timeline").show(ui, |ui| timeline::timeline_ui(ui, state, actions));
        }
        if state.can_edit() {
            Panel::top("tools").show(ui, |ui| tools::tools_ui(ui, state, actions));
        }
        if state.compare.is_some() {
            Panel::top("compare").show(ui, |ui| compare::compare_ui(ui, state, actions));
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
                if let Some(compare) = &state.compare {
                    viewport.compare_ui(ui, scene, state, compare, actions);
                } else {
                    viewport.ui(ui, scene, state, actions);
                }
                drop_veil(ui);
            } else if let Some(project) = &state.project {
                viewport.hovered = false;
                nothing_to_see(ui, state, project);
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
        let windows: [(&str, Pane, bool, [f32; 2], panels::Panel); 5] = [
            (
                "Camera path and film",
                Pane::CameraPath,
                panes.show,
                [300.0, 650.0],
                show::show_ui,
            ),
            (
                "Keys and mouse",
                Pane::CheatSheet,
                panes.cheat_sheet,
                [680.0, 600.0],
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
            (
                "Export",
                Pane::Export,
                panes.export,
                [360.0, 320.0],
                export::export_ui,
            ),
        ];
        if state.leaving.is_some() {
            egui::Modal::new(egui::Id::unique("leaving"))
                .show(ctx, |ui| leaving::leaving_ui(ui, state, actions));
        }
        if panes.palette {
            let modal = egui::Modal::new(egui::Id::unique("palette"))
                .show(ctx, |ui| palette::palette_ui(ui, state, actions));
            if modal.should_close() {
                actions.push(Action::Show(Pane::Palette, false));
            }
        }
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

/// Photos are open, and there is nothing of them to draw yet.
fn nothing_to_see(ui: &mut egui::Ui, state: &AppState, project: &Project) {
    let text = match &project.source {
        _ if state.job.is_some() => "Cameras and points show here as they are found",
        Source::Dataset(_) => "The cameras are being drawn",
        Source::Photos(_) => "These photos have no camera poses yet: find them at the left",
        Source::Video(_) => "Take frames from this video at the left",
    };
    ui.centered_and_justified(|ui| {
        ui.label(egui::RichText::new(text).size(17.0).color(theme::MUTED));
    });
}

/// By its name, as far as that tells.
fn can_open(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let ending = ending.to_ascii_lowercase();
    SplatFormat::from_path(path).is_ok_and(SplatFormat::is_read)
        || OPENABLE.contains(&ending.as_str())
}

/// While a file hovers over the scene: what dropping it would do.
fn drop_veil(ui: &egui::Ui) {
    let hovered = ui.input(|it| it.raw.hovered_files.first().cloned());
    let Some(file) = hovered else {
        return;
    };
    let name = file.path.as_deref().and_then(Path::file_name);
    let name = name.unwrap_or_default().to_string_lossy();
    let is_folder = file.path.as_deref().is_some_and(Path::is_dir);
    let (text, colour) = if is_folder || can_open(Path::new(&*name)) {
        (format!("Drop to open {name}"), theme::ACCENT)
    } else {
        let text = format!(
            "{name} is neither a folder of photos nor one of {}",
            SplatFormat::SUPPORTED
        );
        (text, theme::WARNING)
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
