//! How the scene is drawn, what it is, and how to save it.

use eframe::egui::{self, CollapsingHeader, ComboBox, RichText, Slider};
use render::Style;

use super::grouped;
use crate::action::{Action, CameraMove};
use crate::settings::{Settings, UpAxis};
use crate::state::{AppState, Scene};
use crate::theme;

/// Render, Scene, Export and Camera path.
pub fn inspector_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    egui::ScrollArea::vertical().show(ui, |ui| {
        CollapsingHeader::new("Render")
            .default_open(true)
            .show(ui, |ui| render_ui(ui, state, actions));
        // Sparse points are no scene to be saved.
        let Some(scene) = state.scene.as_ref().filter(|_| state.has_file()) else {
            return;
        };
        CollapsingHeader::new("Edit")
            .default_open(false)
            .show(ui, |ui| super::edit::edit_ui(ui, state, actions));
        CollapsingHeader::new("Scene")
            .default_open(true)
            .show(ui, |ui| scene_ui(ui, scene));
        CollapsingHeader::new("Export")
            .default_open(true)
            .show(ui, |ui| super::export::export_ui(ui, state, actions));
        CollapsingHeader::new("Camera path and film")
            .show(ui, |ui| super::show::show_ui(ui, state, actions));
    });
}

fn render_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let mut settings = state.settings.clone();
    let render = &mut settings.render;
    choice(ui, "Style", &mut render.style, &Style::ALL, Style::label);
    ui.horizontal(|ui| {
        let label = ui.label("Background");
        // The button for floats takes them for linear; the background is in display values.
        let mut colour = render.background.map(|it| (255.0 * it).round() as u8);
        let button = ui.color_edit_button_srgb(&mut colour);
        if button.labelled_by(label.id).changed() {
            render.background = colour.map(|it| f32::from(it) / 255.0);
        }
    });
    ui.checkbox(&mut render.antialiased, "Antialiased")
        .on_hover_text("for scenes optimised with it: thin splats keep their opacity");
    ui.add(
        Slider::new(&mut render.eps2d, 0.0..=1.0)
            .fixed_decimals(2)
            .text("Blur, px²"),
    )
    .on_hover_text(
        "added to each splat so that none is thinner than a pixel; 0.1 for Mip-Splatting",
    );
    ui.add(Slider::new(&mut render.max_sh_degree, 0..=3).text("SH degree"));
    ui.add(Slider::new(&mut render.point_radius_px, 0.5..=10.0).text("Point size"));
    ui.add(
        Slider::new(&mut settings.fov_degrees, 10.0..=120.0)
            .text("Field of view")
            .suffix("°"),
    );
    choice(ui, "Up axis", &mut settings.up, &UpAxis::ALL, UpAxis::label);
    overlays_ui(ui, &mut settings);
    if settings != state.settings {
        actions.push(Action::Change(Box::new(settings)));
    }
    if ui.button("Level the horizon").clicked() {
        actions.push(Action::Move(CameraMove::Level));
    }
}

fn overlays_ui(ui: &mut egui::Ui, settings: &mut Settings) {
    let overlays = &mut settings.overlays;
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut overlays.shown, "Overlays");
        ui.add_enabled_ui(overlays.shown, |ui| {
            ui.checkbox(&mut overlays.grid, "Grid");
            ui.checkbox(&mut overlays.axes, "Axes");
            ui.checkbox(&mut overlays.bounds, "Bounds");
            ui.checkbox(&mut overlays.cameras, "Cameras");
        });
    });
}

pub(super) fn choice<T: Copy + PartialEq>(
    ui: &mut egui::Ui,
    name: &str,
    value: &mut T,
    all: &[T],
    label: fn(T) -> &'static str,
) {
    ComboBox::from_label(name)
        .selected_text(label(*value))
        .show_ui(ui, |ui| {
            for it in all {
                ui.selectable_value(value, *it, label(*it));
            }
        });
}

fn scene_ui(ui: &mut egui::Ui, scene: &Scene) {
    let shown = scene.at_hand();
    let summary = &shown.summary;
    row(ui, "Name", &shown.name);
    if let Some(path) = &shown.path {
        row(ui, "File", &path.to_string_lossy());
        row(ui, "Format", &summary.format.to_string());
    }
    row(ui, "Splats", &grouped(summary.splats as u64));
    row(ui, "SH degree", &summary.sh_degree.to_string());
    let antialiased = match summary.antialiased {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not said",
    };
    row(ui, "Antialiased", antialiased);
    if let (Some(low), Some(high)) = (summary.bounds_min, summary.bounds_max) {
        row(ui, "Lowest corner", &corner(low));
        row(ui, "Highest corner", &corner(high));
    }
    if let Some(opacity) = summary.opacity_mean {
        row(ui, "Mean opacity", &format!("{opacity:.2}"));
    }
    for comment in &summary.comments {
        ui.label(RichText::new(comment).color(theme::MUTED));
    }
    for warning in &summary.warnings {
        ui.add(egui::Label::new(RichText::new(warning).color(theme::WARNING)).wrap());
    }
}

/// A fact on one line; the pointer shows all of a long one.
fn row(ui: &mut egui::Ui, name: &str, value: &str) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(name).color(theme::MUTED));
        ui.add(egui::Label::new(value).truncate());
    });
}

fn corner(point: [f32; 3]) -> String {
    let [x, y, z] = point;
    format!("{x:.2}, {y:.2}, {z:.2}")
}
