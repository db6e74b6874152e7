//! The photos that are open: what was found, where poses come from, and the list of views.

mod gate;
mod report;
mod search;
mod views;

use eframe::egui;

use super::optimise::optimise_ui;
use super::progress::progress_ui;
use crate::action::Action;
use crate::optimise::Method;
use crate::project::{Project, Source};
use crate::state::AppState;

/// Height that the list of views keeps for itself, where there is one.
const LIST_HEIGHT: f32 = 220.0;

/// Nothing where no photos are open.
pub fn project_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(project) = &state.project else {
        return;
    };
    ui.heading(project.name());
    // During a run its numbers want the room, and before one the network's settings; the film strip
    // shows the photos.
    let is_full = state.run.is_some() || state.plan.method != Method::Optimise;
    let has_list = !is_full || !state.settings.film_strip;
    let list_height = match &project.source {
        Source::Dataset(_) if has_list => LIST_HEIGHT.min(0.5 * ui.available_height()),
        _ => 0.0,
    };
    let height = (ui.available_height() - list_height).max(80.0);
    egui::ScrollArea::vertical()
        .id_salt("about the photos")
        .auto_shrink([false, true])
        .max_height(height)
        .show(ui, |ui| about(ui, state, project, actions));
    if let Some(dataset) = project.dataset().filter(|_| has_list) {
        ui.separator();
        views::list(ui, project, dataset, actions);
    }
}

fn about(ui: &mut egui::Ui, state: &AppState, project: &Project, actions: &mut Vec<Action>) {
    let is_busy = state.is_busy();
    match &project.source {
        Source::Dataset(dataset) => {
            report::headline(ui, &dataset.report);
            ui.separator();
            // What the network's settings would push out of sight goes first.
            let is_over = state.run.as_ref().is_some_and(|it| !it.is_active());
            if is_over && state.plan.method != Method::Optimise {
                progress_ui(ui, state, actions);
                ui.separator();
                optimise_ui(ui, state, actions);
            } else {
                optimise_ui(ui, state, actions);
                progress_ui(ui, state, actions);
            }
            ui.separator();
            gate_of(ui, project);
            views::outliers(ui, project, dataset, actions);
            report::details(ui, &dataset.report, state.run.is_none());
        }
        Source::Photos(photos) => {
            report::headline(ui, &photos.report);
            search::poses(ui, project, is_busy, actions);
            gate_of(ui, project);
            report::details(ui, &photos.report, true);
        }
        Source::Video(path) => search::frames(ui, path, is_busy, actions),
    }
}

fn gate_of(ui: &mut egui::Ui, project: &Project) {
    if let Some(report) = &project.gate {
        gate::results(ui, report);
    }
}
