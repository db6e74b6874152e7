//! Saving splats: the format, what is changed on the way, what the format loses, where to.

use eframe::egui::{self, Button, CollapsingHeader, ComboBox, DragValue, Label, RichText};
use glam::Vec3;
use recon::io::{ExportAxes, ExportOptions};

use super::inspector::choice;
use crate::action::Action;
use crate::optimise::When;
use crate::state::{AppState, EXPORT_FORMATS, Scene};
use crate::theme;

/// Degrees that harmonics can be cut to.
const CUTS: [(Option<u32>, &str); 4] = [
    (None, "All"),
    (Some(2), "2"),
    (Some(1), "1"),
    (Some(0), "0 (one colour from all sides)"),
];

/// Format, box, axes, harmonics, path.
pub fn export_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(scene) = state.scene.as_ref().filter(|_| state.has_file()) else {
        ui.label("There are no splats to export yet.");
        return;
    };
    let export = &state.export;
    if let Some(moment) = &scene.at_hand().moment {
        ui.label(format!("The splats of {}", When::of(moment)));
    }
    let mut format = export.format;
    ComboBox::from_label("Save as")
        .selected_text(export.label())
        .show_ui(ui, |ui| {
            for (it, _, label) in EXPORT_FORMATS {
                ui.selectable_value(&mut format, it, label);
            }
        });
    if format != export.format {
        actions.push(Action::ChooseExportFormat(format));
    }
    CollapsingHeader::new("Crop, axes, harmonics").show(ui, |ui| {
        let mut options = export.options;
        options_ui(ui, scene, &mut options);
        if options != export.options {
            actions.push(Action::EditExportOptions(options));
        }
    });
    place_ui(ui, state, actions);
}

fn options_ui(ui: &mut egui::Ui, scene: &Scene, options: &mut ExportOptions) {
    let mut crops = options.crop.is_some();
    let text = "splats whose middle lies outside are left out";
    if ui
        .checkbox(&mut crops, "Crop to a box")
        .on_hover_text(text)
        .changed()
    {
        options.crop = crops.then(|| {
            let bounds = scene.at_hand().main_bounds;
            let (low, high) = bounds.unwrap_or((scene.main_part.low, scene.main_part.high));
            [low, high]
        });
    }
    if let Some([low, high]) = &mut options.crop {
        let speed = 0.002 * scene.main_part.radius();
        corner_ui(ui, "From", low, speed);
        corner_ui(ui, "To", high, speed);
    }
    choice(
        ui,
        "Axes",
        &mut options.axes,
        &ExportAxes::ALL,
        ExportAxes::label,
    );
    let shown = CUTS.iter().find(|it| it.0 == options.max_sh_degree);
    ComboBox::from_label("Harmonics")
        .selected_text(shown.map_or("All", |it| it.1))
        .show_ui(ui, |ui| {
            for (degree, label) in CUTS {
                ui.selectable_value(&mut options.max_sh_degree, degree, label);
            }
        });
}

fn corner_ui(ui: &mut egui::Ui, name: &str, corner: &mut Vec3, speed: f32) {
    ui.horizontal(|ui| {
        ui.add_sized(
            [36.0, 0.0],
            Label::new(RichText::new(name).color(theme::MUTED)),
        );
        for (axis, value) in ["x", "y", "z"].into_iter().zip(corner.as_mut()) {
            let field = DragValue::new(value)
                .speed(speed)
                .max_decimals(3)
                .prefix(format!("{axis} "));
            ui.add(field);
        }
    });
}

fn place_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let export = &state.export;
    let mut path = export.path.clone();
    let label = ui.label("Save to");
    let field = egui::TextEdit::singleline(&mut path).desired_width(f32::INFINITY);
    if ui.add(field).labelled_by(label.id).changed() {
        actions.push(Action::EditExportPath(path));
    }
    if export.losses.is_empty() {
        ui.label(RichText::new("Nothing is lost.").color(theme::MUTED));
    }
    for loss in &export.losses {
        ui.add(Label::new(RichText::new(loss).color(theme::WARNING)).wrap());
    }
    ui.horizontal(|ui| {
        let can_save = !export.path.trim().is_empty();
        if ui.add_enabled(can_save, Button::new("Save")).clicked() {
            actions.push(Action::Save);
        }
        if ui.button("Choose…").clicked() {
            actions.push(Action::AskWhereToSave);
        }
    });
    if let Some(saved) = &export.saved {
        ui.add(Label::new(saved).wrap());
    }
}
