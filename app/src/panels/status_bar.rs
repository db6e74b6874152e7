//! One line of facts: what draws, how much, how fast.

use eframe::egui::{self, RichText};

use super::{bytes, grouped};
use crate::action::{Action, Pane};
use crate::state::{AppState, Gravity};
use crate::theme;

/// Adapter, splats, speed, memory.
pub fn status_bar_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let short = state.adapter.name.split(" (").next().unwrap_or_default();
        ui.label(RichText::new(short).color(theme::MUTED))
            .on_hover_text(state.adapter.to_string());
        if let Some(scene) = &state.scene {
            ui.separator();
            let what = if scene.draws_points() {
                "points"
            } else {
                "splats"
            };
            let (_, splats) = scene.drawn();
            let count = grouped(splats.len() as u64);
            ui.label(format!("{count} {what}"));
            ui.separator();
            frame(ui, state, splats.bytes());
        }
        let warnings = state
            .messages
            .iter()
            .filter(|it| it.gravity != Gravity::Note)
            .count();
        if 0 < warnings {
            ui.separator();
            let plural = if warnings == 1 { "" } else { "s" };
            let text = format!("{warnings} warning{plural}");
            let text = RichText::new(text).color(theme::WARNING);
            if ui.link(text).clicked() {
                actions.push(Action::Flip(Pane::Log));
            }
        }
    });
}

fn frame(ui: &mut egui::Ui, state: &AppState, splat_bytes: u64) {
    let report = &state.frame;
    ui.label(format!(
        "{} visible",
        grouped(u64::from(report.stats.visible))
    ));
    ui.separator();
    match report.fps {
        Some(fps) if fps < 10.0 => ui.label(format!("{fps:.1} fps")),
        Some(fps) => ui.label(format!("{fps:.0} fps")),
        None => ui.label("idle"),
    };
    ui.separator();
    match (report.stats.gpu_ms, report.latency_ms) {
        (Some(ms), _) => ui
            .label(format!("{ms:.2} ms GPU"))
            .on_hover_text("by the device's own clock"),
        (None, Some(ms)) => ui
            .label(format!("{ms:.0} ms GPU"))
            .on_hover_text("from handing the frame over until it was done; View > Kernel timings measures the kernels"),
        (None, None) => ui.label("– ms GPU"),
    };
    ui.separator();
    ui.label(bytes(report.bytes + splat_bytes))
        .on_hover_text(format!(
            "on the graphics device: {} for the splats, {} for a frame",
            bytes(splat_bytes),
            bytes(report.bytes)
        ));
    if 1 < report.reduction {
        ui.separator();
        ui.label(RichText::new(format!("1/{} size", report.reduction)).color(theme::MUTED))
            .on_hover_text("fewer pixels while the camera moves or the device is busy");
    }
}
