//! Changing splats: where they are, what colour they have, which are too faint or too large.

use eframe::egui::{self, DragValue, RichText, Slider};
use recon::edit::{ColourChange, EditOp, Scope, Similarity, floor_to_up, scale_to};

use super::region::vector_ui;
use super::{act, buttons, done};
use crate::action::Action;
use crate::editor::{EditAction, Preview, Tool, Typed};
use crate::state::AppState;
use crate::theme;

/// What an edit concerns: what is selected, or everything.
fn scope(state: &AppState) -> Scope {
    if 0 < state.editor.selected() {
        Scope::Selection
    } else {
        Scope::All
    }
}

fn scope_ui(ui: &mut egui::Ui, state: &AppState) {
    let text = match scope(state) {
        Scope::All => "Of the whole scene, as nothing is selected",
        Scope::Selection => "Of the selection",
    };
    ui.label(RichText::new(text).color(theme::MUTED));
}

/// Moves by numbers, level floors, true lengths.
pub(super) fn transform_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    scope_ui(ui, state);
    let editor = &state.editor;
    let mut tools = editor.tools.clone();
    ui.horizontal(|ui| {
        for tool in [Tool::Move, Tool::Turn, Tool::Scale] {
            if ui
                .selectable_label(editor.tool == tool, tool.label())
                .clicked()
            {
                actions.push(act(EditAction::Use(tool)));
            }
        }
    });
    let speed = 0.02 * tools.region.half().max_element().max(1e-3);
    vector_ui(ui, "Shift", &mut tools.by.shift, speed);
    vector_ui(ui, "Degrees", &mut tools.by.degrees, 1.0);
    ui.horizontal(|ui| {
        let label = ui.label("Factor");
        let range = 0.001..=1000.0;
        let number = DragValue::new(&mut tools.by.scale).speed(0.01).range(range);
        ui.add(number).labelled_by(label.id);
        let can = tools.by != Typed::default();
        if ui
            .add_enabled(can, egui::Button::new("Apply move"))
            .clicked()
        {
            let middle = state.scene.as_ref().map(|it| it.main_part.centre());
            let middle = editor.placement().point(middle.unwrap_or_default());
            let by = tools.by.about(editor.pivot(middle));
            let scope = scope(state);
            actions.push(done(EditOp::Transform { by, scope }));
            tools.by = Typed::default();
        }
    });
    points_ui(ui, state, &mut tools.length, actions);
    if tools != editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
}

/// What the clicked points are good for.
fn points_ui(ui: &mut egui::Ui, state: &AppState, length: &mut f32, actions: &mut Vec<Action>) {
    let editor = &state.editor;
    if ui
        .selectable_label(editor.tool == Tool::Points, "Measure: click points")
        .on_hover_text(Tool::Points.hint())
        .clicked()
    {
        actions.push(act(EditAction::Use(Tool::Points)));
    }
    match editor.points[..] {
        [a, b] => {
            ui.label(format!("Distance {:.4}", a.distance(b)));
            ui.horizontal(|ui| {
                let label = ui.label("is in truth");
                let range = 1e-6..=f32::MAX;
                let number = DragValue::new(length).speed(0.01).range(range);
                ui.add(number).labelled_by(label.id);
                if ui.button("Set scale").clicked()
                    && let Some(by) = scale_to(a, b, *length)
                {
                    let scope = Scope::All;
                    actions.push(done(EditOp::Transform { by, scope }));
                }
            });
        }
        [a, b, c] => {
            let level = floor_to_up([a, b, c], state.up());
            let button = ui.add_enabled(level.is_some(), egui::Button::new("Level the floor"));
            let button = button
                .on_hover_text("turn the scene so that the three points lie level, at height 0")
                .on_disabled_hover_text("the points lie on a line: click others");
            if let (Some(by), true) = (level, button.clicked()) {
                let scope = Scope::All;
                actions.push(done(EditOp::Transform { by, scope }));
            }
        }
        _ => {}
    }
    if !editor.points.is_empty() && ui.button("Forget the points").clicked() {
        actions.push(act(EditAction::ForgetPoints));
    }
    if editor.placement() != Similarity::IDENTITY {
        ui.weak("The photos' cameras move with the scene.");
    }
}

/// Exposure, temperature, saturation, contrast; the background; harmonics.
pub(super) fn colours_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    scope_ui(ui, state);
    let editor = &state.editor;
    let mut tools = editor.tools.clone();
    let colour = &mut tools.colour;
    for (name, value, range) in [
        ("Exposure", &mut colour.exposure, 2.0),
        ("Temperature", &mut colour.temperature, 1.0),
        ("Saturation", &mut colour.saturation, 1.0),
        ("Contrast", &mut colour.contrast, 1.0),
    ] {
        ui.add(
            Slider::new(value, -range..=range)
                .text(name)
                .max_decimals(2),
        );
    }
    let op = EditOp::Adjust {
        colour: *colour,
        scope: scope(state),
    };
    let is_changed = tools.colour != editor.tools.colour;
    ui.horizontal(|ui| {
        let can = !tools.colour.is_none();
        if ui
            .add_enabled(can, egui::Button::new("Apply colours"))
            .clicked()
        {
            tools.colour = ColourChange::default();
            actions.push(done(op.clone()));
        } else if ui
            .add_enabled(can, egui::Button::new("Reset colours"))
            .clicked()
        {
            tools.colour = ColourChange::default();
            actions.push(act(EditAction::Try(None)));
        } else if is_changed {
            let preview = Box::new(Preview::Op(op));
            actions.push(act(EditAction::Try(Some(preview))));
        }
    });
    if tools != editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
    ui.horizontal(|ui| {
        let label = ui.label("Background of the scene");
        let now = editor.now().and_then(|it| it.background);
        let rgb = now.unwrap_or(state.settings.render.background);
        let mut bytes = rgb.map(|it| (255.0 * it).round() as u8);
        let button = ui.color_edit_button_srgb(&mut bytes);
        if button.labelled_by(label.id).changed() {
            let rgb = bytes.map(|it| f32::from(it) / 255.0);
            actions.push(done(EditOp::Background { rgb }));
        }
    });
    let degree = match editor.now() {
        Some(now) => now.splats.sh_degree,
        None => state
            .scene
            .as_ref()
            .map_or(0, |it| it.snapshot.file.splats.sh_degree),
    };
    ui.horizontal(|ui| {
        ui.label(format!("SH degree {degree}: lower to"));
        for lower in 0..degree {
            if ui.button(lower.to_string()).clicked() {
                actions.push(done(EditOp::LimitSh { degree: lower }));
            }
        }
    });
}

/// By opacity and size; another file.
pub(super) fn remove_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let editor = &state.editor;
    let mut tools = editor.tools.clone();
    let faint = Slider::new(&mut tools.opacity_below, 0.0..=1.0).text("Fainter than");
    let faint = ui.add(faint.max_decimals(3));
    let most = (4.0 * tools.region.half().max_element()).max(tools.scale_above);
    let large = Slider::new(&mut tools.scale_above, 0.0..=most).text("Larger than");
    let large = ui.add(large.logarithmic(true).max_decimals(4));
    let prune = |faint: bool, large: bool| EditOp::Prune {
        opacity_below: faint.then_some(tools.opacity_below),
        scale_above: large.then_some(tools.scale_above),
    };
    if faint.changed() || large.changed() {
        let preview = state.doomed_by(&prune(faint.changed(), large.changed()));
        let preview = preview.map(|it| Box::new(Preview::Doomed(it)));
        actions.push(act(EditAction::Try(preview)));
    }
    if let Some(Preview::Doomed(bits)) = &editor.preview {
        let text = format!("{} would go", super::grouped(bits.count() as u64));
        ui.label(RichText::new(text).color(theme::WARNING));
    }
    buttons(
        ui,
        true,
        &[
            (
                "Remove faint",
                "all splats below that opacity",
                prune(true, false),
            ),
            (
                "Remove large",
                "all splats above that size",
                prune(false, true),
            ),
        ],
        actions,
    );
    if editor.preview.is_some() && ui.button("Leave them").clicked() {
        actions.push(act(EditAction::Try(None)));
    }
    if tools != editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
    if ui
        .button("Merge a file…")
        .on_hover_text("its splats join the scene, selected")
        .clicked()
    {
        actions.push(act(EditAction::AskForMerge));
    }
}
