//! Selecting without the pointer: everything, nothing, by numbers, kept selections.

use std::sync::Arc;

use eframe::egui::{self, ComboBox, DragValue};
use recon::edit::{EditOp, PROPERTIES, Pick, Shape, property_label};
use render::edit::Property;
use render::{Camera, Intrinsics};

use super::{act, buttons, done};
use crate::action::Action;
use crate::editor::{EditAction, Range};
use crate::state::AppState;

/// Bars of a histogram.
const BARS: usize = 48;

/// Splats that a histogram looks at, at most.
const SAMPLE: usize = 50_000;

/// All of it.
pub(super) fn select_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let step = state.editor.tools.step;
    let has = 0 < state.editor.selected();
    buttons(
        ui,
        true,
        &[
            (
                "All",
                "select everything that is shown and not locked",
                EditOp::SelectAll,
            ),
            ("None", "select nothing", EditOp::SelectNone),
            ("Invert", "select what is not", EditOp::SelectInverse),
        ],
        actions,
    );
    buttons(
        ui,
        has,
        &[
            (
                "Grow",
                "take in what lies near",
                EditOp::Spread { distance: step },
            ),
            (
                "Shrink",
                "let go of the border",
                EditOp::Spread { distance: -step },
            ),
        ],
        actions,
    );
    buttons(
        ui,
        has,
        &[
            ("Delete", "what is selected", EditOp::Delete),
            (
                "Duplicate",
                "copies in the same place, selected",
                EditOp::Duplicate,
            ),
        ],
        actions,
    );
    buttons(
        ui,
        has,
        &[
            (
                "Hide",
                "what is selected; it is saved all the same",
                EditOp::Hide,
            ),
            ("Isolate", "hide all else", EditOp::Isolate),
            ("Lock", "protect it from selections and edits", EditOp::Lock),
        ],
        actions,
    );
    buttons(
        ui,
        state.editor.document.is_some(),
        &[
            ("Show all", "nothing is hidden", EditOp::ShowAll),
            ("Unlock all", "nothing is locked", EditOp::UnlockAll),
        ],
        actions,
    );
    range_ui(ui, state, actions);
    view_ui(ui, state, actions);
    kept_ui(ui, state, actions);
}

/// By a range of a number, with its histogram.
fn range_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let mut tools = state.editor.tools.clone();
    let range = &mut tools.range;
    ComboBox::from_label("Range of")
        .selected_text(property_label(range.property))
        .show_ui(ui, |ui| {
            for property in PROPERTIES {
                ui.selectable_value(&mut range.property, property, property_label(property));
            }
        });
    let values = remembered(ui, state, range.property);
    if range.property != state.editor.tools.range.property {
        // All of it, to be narrowed.
        (range.low, range.high) = limits(&values);
    }
    histogram(ui, &values, range);
    let speed = 0.005 * (limits(&values).1 - limits(&values).0).max(1e-4);
    ui.horizontal(|ui| {
        ui.add(DragValue::new(&mut range.low).speed(speed).prefix("from "));
        ui.add(DragValue::new(&mut range.high).speed(speed).prefix("to "));
        if ui.button("Select range").clicked() {
            let Range {
                property,
                low,
                high,
            } = *range;
            let pick = Pick::Range {
                property,
                low: low.min(high),
                high: high.max(low),
            };
            actions.push(act(EditAction::Pick(Box::new(pick), tools.mode)));
        }
    });
    if tools != state.editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
}

/// The same as [`values`], which takes too long for every frame.
fn remembered(ui: &egui::Ui, state: &AppState, property: Property) -> Arc<Vec<f32>> {
    let snapshot = state.scene.as_ref().map(|it| it.snapshot.id);
    let version = state.editor.document.as_ref().map(|it| it.version);
    let key = format!("{property:?} {snapshot:?} {version:?}");
    let place = ui.scope_id().with("values");
    let known: Option<(String, Arc<Vec<f32>>)> = ui.data(|it| it.get_temp(place));
    match known {
        Some((of, values)) if of == key => values,
        _ => {
            let values = Arc::new(values(state, property));
            ui.data_mut(|it| it.insert_temp(place, (key, values.clone())));
            values
        }
    }
}

/// The number of a sample of the splats, in order.
fn values(state: &AppState, property: Property) -> Vec<f32> {
    let Some(scene) = &state.scene else {
        return Vec::new();
    };
    let splats = match state.editor.now() {
        Some(now) => &*now.splats,
        None => &scene.snapshot.file.splats,
    };
    let step = splats.len().div_ceil(SAMPLE).max(1);
    let sample = (0..splats.len()).step_by(step);
    let mut values: Vec<f32> = sample
        .map(|i| property.of(splats, i))
        .filter(|it| it.is_finite())
        .collect();
    values.sort_unstable_by(f32::total_cmp);
    values
}

fn limits(values: &[f32]) -> (f32, f32) {
    let at = |part: f32| {
        let index = part * values.len().saturating_sub(1) as f32;
        values.get(index as usize).copied().unwrap_or_default()
    };
    (at(0.0), at(0.99))
}

/// Bars, with those of the range lit; dragging over them sets the range.
fn histogram(ui: &mut egui::Ui, values: &[f32], range: &mut Range) {
    let (low, high) = limits(values);
    let width = ui.available_width().min(240.0);
    let (rect, response) =
        ui.allocate_exact_size(egui::vec2(width, 48.0), egui::Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Histogram"));
    let span = (high - low).max(f32::MIN_POSITIVE);
    let mut bars = [0_u32; BARS];
    for value in values {
        let bar = (value - low) / span * BARS as f32;
        bars[(bar as usize).min(BARS - 1)] += 1;
    }
    let most = bars.iter().max().copied().unwrap_or(1).max(1) as f32;
    let bar_width = rect.width() / BARS as f32;
    for (k, count) in bars.iter().enumerate() {
        let value = low + (k as f32 + 0.5) / BARS as f32 * span;
        let is_in = (range.low..=range.high).contains(&value);
        // By the root: rare values shall be seen.
        let height = rect.height() * (*count as f32 / most).sqrt();
        let left = rect.left() + k as f32 * bar_width;
        let bar = egui::Rect::from_min_max(
            egui::pos2(left, rect.bottom() - height),
            egui::pos2(left + bar_width - 1.0, rect.bottom()),
        );
        let colour = if is_in {
            crate::theme::ACCENT
        } else {
            crate::theme::BLANK
        };
        ui.painter().rect_filled(bar, 0, colour);
    }
    let value_at = |x: f32| low + (x - rect.left()) / rect.width() * span;
    if let Some(pointer) = response.interact_pointer_pos()
        && response.dragged()
    {
        let origin = ui.input(|it| it.pointer.press_origin()).unwrap_or(pointer);
        let (a, b) = (value_at(origin.x), value_at(pointer.x));
        (range.low, range.high) = (a.min(b), a.max(b));
    }
}

/// By what a photo's camera sees.
fn view_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(project) = &state.project else {
        return;
    };
    let frustum = project.selected.and_then(|it| project.camera(it));
    let button = ui.add_enabled(frustum.is_some(), egui::Button::new("In the chosen photo"));
    let button = button.on_hover_text("select what the camera of the chosen photo has in view");
    if let (Some(frustum), true) = (frustum, button.clicked()) {
        let frustum = frustum.moved(&state.editor.placement());
        let half = frustum.half_tangents;
        // Pixels enough for a clean border.
        let (width, height) = (512_u32, (512.0 * half.y / half.x).round().max(1.0) as u32);
        let fov = 2.0 * half.y.atan();
        let mut intrinsics = Intrinsics::from_vertical_fov(fov, width, height);
        intrinsics.fx = 0.5 * width as f32 / half.x;
        let camera = Camera {
            intrinsics,
            c2w: frustum.c2w,
        };
        let shape = Shape::Whole;
        let pick = Pick::Screen { camera, shape };
        let mode = state.editor.tools.mode;
        actions.push(act(EditAction::Pick(Box::new(pick), mode)));
    }
}

/// Selections that were kept.
fn kept_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let mut tools = state.editor.tools.clone();
    ui.horizontal(|ui| {
        let label = ui.label("Name");
        let field = egui::TextEdit::singleline(&mut tools.name).desired_width(110.0);
        ui.add(field).labelled_by(label.id);
        let name = tools.name.trim();
        let can = !name.is_empty() && 0 < state.editor.selected();
        if ui
            .add_enabled(can, egui::Button::new("Keep selection"))
            .clicked()
        {
            let name = name.to_owned();
            actions.push(done(EditOp::Keep { name }));
        }
    });
    if tools != state.editor.tools {
        actions.push(act(EditAction::Set(Box::new(tools))));
    }
    let Some(now) = state.editor.now() else {
        return;
    };
    for (name, bits) in &*now.kept {
        ui.horizontal(|ui| {
            let text = format!("{name} ({})", crate::panels::grouped(bits.count() as u64));
            if ui.button(text).on_hover_text("select it").clicked() {
                let mode = state.editor.tools.mode;
                let name = name.clone();
                actions.push(done(EditOp::Recall { name, mode }));
            }
            if ui.small_button("×").on_hover_text("forget it").clicked() {
                let name = name.clone();
                actions.push(done(EditOp::Forget { name }));
            }
        });
    }
}
