//! The box or ball: its numbers, selecting and cropping with it.

use eframe::egui::{self, DragValue};
use glam::{EulerRot, Quat, Vec3};
use recon::edit::{CropScope, EditOp, Pick, Region};

use super::{act, buttons, done};
use crate::action::Action;
use crate::editor::{EditAction, Tool};
use crate::state::AppState;

/// All of it.
pub(super) fn region_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let editor = &state.editor;
    ui.horizontal(|ui| {
        for tool in [Tool::Box, Tool::Ball] {
            if ui
                .selectable_label(editor.tool == tool, tool.label())
                .clicked()
            {
                actions.push(act(EditAction::Use(tool)));
            }
        }
    });
    let mut tools = editor.tools.clone();
    numbers_ui(ui, &mut tools.region);
    let region = tools.region;
    ui.horizontal_wrapped(|ui| {
        if ui.button("Select inside").clicked() {
            let pick = Box::new(Pick::Volume { region });
            actions.push(act(EditAction::Pick(pick, tools.mode)));
        }
        let selected = editor
            .now()
            .and_then(|it| it.bounds_of(recon::edit::SELECTED));
        let fit = ui.add_enabled(selected.is_some(), egui::Button::new("Fit to selection"));
        if let (Some((low, high)), true) = (selected, fit.clicked()) {
            tools.region = match region {
                Region::Box { .. } => Region::between(low, high),
                Region::Ball { .. } => Region::Ball {
                    centre: 0.5 * (low + high),
                    radius: 0.5 * (high - low).length(),
                },
            };
        }
    });
    ui.radio_value(
        &mut tools.crop,
        CropScope::Export,
        "Crop what is shown and saved",
    )
    .on_hover_text("an optimisation still has what lies outside");
    ui.radio_value(
        &mut tools.crop,
        CropScope::Optimise,
        "Crop for optimisations too",
    );
    let crop = |inside: bool| EditOp::Crop {
        region,
        inside,
        scope: tools.crop,
    };
    ui.horizontal_wrapped(|ui| {
        if ui.button("Crop to it").clicked() {
            actions.push(done(crop(false)));
        }
        if ui.button("Cut it out").clicked() {
            actions.push(done(crop(true)));
        }
    });
    let is_cropped = editor
        .now()
        .is_some_and(|it| 0 < it.count(recon::edit::CROPPED));
    let back = [("Remove crops", "show and save all again", EditOp::Uncrop)];
    buttons(ui, is_cropped, &back, actions);
    if tools != editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
}

/// Middle, size, turn.
fn numbers_ui(ui: &mut egui::Ui, region: &mut Region) {
    let speed = 0.01 * region.half().max_element().max(1e-4);
    match region {
        Region::Box {
            centre,
            half,
            rotation,
        } => {
            vector_ui(ui, "Middle", centre, speed);
            let mut size = 2.0 * *half;
            vector_ui(ui, "Size", &mut size, speed);
            *half = (0.5 * size).max(Vec3::splat(1e-6));
            let (z, y, x) = rotation.to_euler(EulerRot::ZYX);
            let before = Vec3::new(x, y, z) * (180.0 / std::f32::consts::PI);
            let mut degrees = before;
            vector_ui(ui, "Turned", &mut degrees, 1.0);
            if degrees != before {
                let [x, y, z] = degrees.to_array().map(f32::to_radians);
                *rotation = Quat::from_euler(EulerRot::ZYX, z, y, x);
            }
        }
        Region::Ball { centre, radius } => {
            vector_ui(ui, "Middle", centre, speed);
            ui.horizontal(|ui| {
                let label = ui.label("Radius");
                let range = 1e-6..=f32::MAX;
                ui.add(DragValue::new(radius).speed(speed).range(range))
                    .labelled_by(label.id);
            });
        }
    }
}

/// Three numbers in a row.
pub(super) fn vector_ui(ui: &mut egui::Ui, name: &str, value: &mut Vec3, speed: f32) {
    ui.horizontal(|ui| {
        let label = ui.label(name);
        for k in 0..3 {
            let number = DragValue::new(&mut value[k]).speed(speed).max_decimals(3);
            ui.add(number).labelled_by(label.id);
        }
    });
}
