//! The menus.

use eframe::egui::{self, Button};
use recon::synthetic::{DEMO_SEED, DEMO_SH_DEGREE, DEMO_SPLATS};
use recon::worker::{Command, Progress};
use render::Style;

use crate::action::{Action, CameraMove, Pane};
use crate::keys::Deed;
use crate::optimise::{Phase, Run};
use crate::project::Project;
use crate::settings::Overlay;
use crate::state::AppState;

/// The same scene as without a window.
pub(crate) const DEMO: Command = Command::Demo {
    seed: DEMO_SEED,
    num_splats: DEMO_SPLATS,
    sh_degree: DEMO_SH_DEGREE,
};

/// File, View and Help.
pub fn top_bar_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    egui::MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| file_menu(ui, state, actions));
        ui.menu_button("View", |ui| view_menu(ui, state, actions));
        ui.menu_button("Help", |ui| help_menu(ui, state, actions));
        let scene = state.scene.as_ref().map(|it| it.snapshot.name.clone());
        if let Some(name) = scene.or_else(|| state.project.as_ref().map(Project::name)) {
            ui.separator();
            ui.strong(name);
        }
        if let Some(run) = state.run.as_ref().filter(|it| it.is_active()) {
            ui.separator();
            run_ui(ui, state, run);
            if let Some(job) = state.job.as_ref().filter(|_| run.phase == Phase::Paused) {
                ui.separator();
                job_ui(ui, job, actions);
            }
        } else if let Some(job) = &state.job {
            ui.separator();
            job_ui(ui, job, actions);
        }
    });
}

fn job_ui(ui: &mut egui::Ui, job: &Progress, actions: &mut Vec<Action>) {
    part_ui(ui, job);
    if ui.button("Cancel").clicked() {
        actions.push(Action::Send(Command::Cancel));
    }
}

fn part_ui(ui: &mut egui::Ui, job: &Progress) {
    ui.spinner();
    ui.label(&job.what);
    if 1 < job.total {
        let part = job.done as f32 / job.total as f32;
        ui.add(egui::ProgressBar::new(part).desired_width(90.0));
    }
}

/// A run has its buttons beside the photos.
fn run_ui(ui: &mut egui::Ui, state: &AppState, run: &Run) {
    match (&run.progress, &state.job) {
        (Some(it), _) => {
            let part = it.step as f32 / it.steps.max(1) as f32;
            let paused = if it.paused { ", paused" } else { "" };
            ui.label(format!(
                "Optimising: step {} of {}{paused}",
                it.step, it.steps
            ));
            ui.add(egui::ProgressBar::new(part).desired_width(90.0));
        }
        (None, Some(job)) => part_ui(ui, job),
        (None, None) => {
            ui.spinner();
        }
    }
}

fn file_menu(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let is_mac = state.is_mac;
    let has_scene = state.scene.is_some() || state.project.is_some();
    let keys = |deed| state.settings.keys.shortcut(deed, is_mac);
    if entry(ui, "Open…", &keys(Deed::Open), true) {
        actions.push(Action::AskForFile);
    }
    if entry(ui, "Open folder…", "", true) {
        actions.push(Action::AskForFolder);
    }
    if entry(ui, "Open path…", "", true) {
        actions.push(Action::Show(Pane::OpenPath, true));
    }
    if entry(ui, "Demo scene", "", true) {
        actions.push(Action::Send(DEMO));
    }
    ui.menu_button("Recent files", |ui| recent_menu(ui, state, actions));
    ui.separator();
    if entry(ui, "Save as…", &keys(Deed::Save), state.has_file()) {
        actions.push(Action::AskWhereToSave);
    }
    let project = keys(Deed::SaveProject);
    if entry(ui, "Save project", &project, state.has_file()) {
        actions.push(Action::SaveProject);
    }
    if entry(ui, "Save project as…", "", state.has_file()) {
        actions.push(Action::SaveProjectAs);
    }
    if entry(ui, "Export…", "", state.has_file()) {
        actions.push(Action::Show(Pane::Export, true));
    }
    if entry(ui, "Close scene", "", has_scene) {
        actions.push(Action::CloseScene);
    }
    ui.separator();
    if entry(ui, "Quit", "", true) {
        actions.push(Action::Quit);
    }
}

fn recent_menu(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let recents = &state.settings.recents;
    for path in recents {
        if ui.button(path.to_string_lossy()).clicked() {
            actions.push(Action::Send(Command::Open(path.clone())));
        }
    }
    if recents.is_empty() {
        ui.weak("none yet");
    } else {
        ui.separator();
        if ui.button("Forget them").clicked() {
            actions.push(Action::ForgetRecents);
        }
    }
}

fn view_menu(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let settings = &state.settings;
    let keys = |deed| settings.keys.shortcut(deed, state.is_mac);
    for style in Style::ALL {
        let shown = Button::selectable(settings.render.style == style, style.label())
            .shortcut_text(keys(Deed::of_style(style)));
        if ui.add(shown).clicked() {
            let settings = settings.clone().with_style(style);
            actions.push(Action::Change(Box::new(settings)));
        }
    }
    ui.separator();
    for (overlay, label, deed) in [
        (Overlay::Grid, "Grid", Deed::Grid),
        (Overlay::All, "All overlays", Deed::Overlays),
    ] {
        if entry(ui, label, &keys(deed), true) {
            actions.push(Action::Toggle(overlay));
        }
    }
    ui.separator();
    for (to, deed) in [
        (CameraMove::Home, Deed::Home),
        (CameraMove::Focus, Deed::Focus),
        (CameraMove::FrameAll, Deed::FrameAll),
        (CameraMove::Level, Deed::Level),
    ] {
        if entry(ui, deed.does(), &keys(deed), state.scene.is_some()) {
            actions.push(Action::Move(to));
        }
    }
    ui.separator();
    for (pane, label, mut shown) in [
        (Pane::Inspector, "Inspector", settings.inspector),
        (Pane::Log, "Messages", settings.log),
        (Pane::FilmStrip, "Film strip", settings.film_strip),
        (Pane::CameraPath, "Camera path and film", state.panes.show),
        (Pane::Timings, "Kernel timings", state.panes.timings),
    ] {
        if ui.checkbox(&mut shown, label).clicked() {
            actions.push(Action::Show(pane, shown));
        }
    }
    ui.menu_button("Graphics adapter", |ui| adapter_menu(ui, state, actions));
    if entry(ui, "Full screen", &keys(Deed::Fullscreen), true) {
        actions.push(Action::FlipFullscreen);
    }
}

fn adapter_menu(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let kept = &state.kept_adapter;
    let best = std::iter::once((None, "Best available"));
    let named = state.adapters.iter().map(|it| (Some(it), it.as_str()));
    for (name, label) in best.chain(named) {
        if ui.selectable_label(kept.as_ref() == name, label).clicked() {
            actions.push(Action::KeepAdapter(name.cloned()));
        }
    }
    ui.separator();
    ui.weak("used from the next start on");
}

fn help_menu(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let keys = |deed| state.settings.keys.shortcut(deed, state.is_mac);
    if entry(ui, "Command palette", &keys(Deed::Palette), true) {
        actions.push(Action::Show(Pane::Palette, true));
    }
    if entry(ui, "Keys and mouse", &keys(Deed::CheatSheet), true) {
        actions.push(Action::Show(Pane::CheatSheet, true));
    }
    ui.separator();
    ui.weak(concat!("Accrete ", env!("CARGO_PKG_VERSION")));
}

fn entry(ui: &mut egui::Ui, label: &str, shortcut: &str, enabled: bool) -> bool {
    let button = Button::new(label).shortcut_text(shortcut);
    ui.add_enabled(enabled, button).clicked()
}
