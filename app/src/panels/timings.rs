//! Time of each kernel on the GPU, while this is shown.

use eframe::egui;

use crate::action::Action;
use crate::state::AppState;

/// A table; the device needs time stamps for it.
pub fn timings_ui(ui: &mut egui::Ui, state: &AppState, _: &mut Vec<Action>) {
    if let Some(time) = state.frame.ui_time {
        ui.label(time.to_string());
    }
    if !state.adapter.timestamps {
        ui.label("This graphics device has no time stamps.");
        return;
    }
    let stats = &state.frame.stats;
    if stats.timings.is_empty() {
        ui.label("The next frame is timed.");
        return;
    }
    egui::Grid::new("kernel timings")
        .striped(true)
        .show(ui, |ui| {
            ui.strong("Kernel");
            ui.strong("ms");
            ui.end_row();
            for kernel in &stats.timings {
                ui.label(kernel.name);
                ui.monospace(format!("{:8.3}", kernel.ms));
                ui.end_row();
            }
            ui.strong("All");
            ui.monospace(format!("{:8.3}", stats.gpu_ms.unwrap_or_default()));
            ui.end_row();
        });
    ui.label(format!(
        "{} pairs of tile and splat",
        super::grouped(stats.pairs.into())
    ));
}
