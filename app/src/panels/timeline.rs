//! Snapshots of an optimisation on a line: scrubbing back shows them, any can be exported.

use eframe::egui::{self, Pos2, Rect, RichText, Sense, Stroke};

use crate::action::{Action, Pane};
use crate::optimise::{Kept, Run, Timeline};
use crate::state::AppState;
use crate::theme;

/// Height of the line, in points.
const HEIGHT: f32 = 22.0;

/// Radius of a snapshot on it.
const RADIUS: f32 = 5.0;

/// Nothing where there is no snapshot.
pub fn timeline_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(run) = state
        .run
        .as_ref()
        .filter(|it| !it.timeline.kept().is_empty())
    else {
        return;
    };
    let timeline = &run.timeline;
    ui.horizontal(|ui| {
        ui.label(RichText::new("Snapshots").color(theme::MUTED));
        let present = if run.is_active() { "Live" } else { "Newest" };
        let is_present = timeline.shown().is_none();
        if ui.selectable_label(is_present, present).clicked() {
            actions.push(Action::ShowMoment(None));
        }
        let shown = timeline.shown().and_then(|it| timeline.at(it));
        ui.label(shown.map_or_else(|| newest(run), Kept::label));
        if ui.button("Export…").clicked() {
            actions.push(Action::Show(Pane::Export, true));
        }
        track(ui, run, timeline, actions);
    });
}

fn newest(run: &Run) -> String {
    format!("Step {}", run.newest_step)
}

fn track(ui: &mut egui::Ui, run: &Run, timeline: &Timeline, actions: &mut Vec<Action>) {
    let size = egui::vec2(ui.available_width().max(60.0), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let inner = rect.shrink2(egui::vec2(RADIUS + 2.0, 0.0));
    let last = run.progress.as_ref().map_or(run.newest_step, |it| it.steps);
    let last = last.max(run.newest_step).max(1);
    let place = |step: u32| {
        let x = egui::lerp(inner.x_range(), step as f32 / last as f32);
        Pos2::new(x, inner.center().y)
    };
    let painter = ui.painter();
    let line = Stroke::new(2.0, theme::BLANK);
    painter.hline(inner.x_range(), inner.center().y, line);
    let done = Stroke::new(2.0, theme::ACCENT);
    let done_to = place(run.newest_step).x;
    painter.hline(inner.left()..=done_to, inner.center().y, done);
    for kept in timeline.kept() {
        let centre = place(kept.step);
        let is_shown = timeline.shown() == Some(kept.step);
        let fill = if is_shown { theme::EDGE } else { theme::ACCENT };
        ui.painter().circle_filled(centre, RADIUS, fill);
        let spot = Rect::from_center_size(centre, egui::Vec2::splat(2.0 * RADIUS + 2.0));
        let id = response.id.with(kept.step);
        let spot = ui.interact(spot, id, Sense::click());
        spot.widget_info(|| {
            egui::WidgetInfo::selected(egui::Role::Button, true, is_shown, kept.label())
        });
        if spot.on_hover_text(kept.label()).clicked() {
            actions.push(Action::ShowMoment(Some(kept.step)));
        }
    }
    if let (true, Some(pointer)) = (
        response.dragged() || response.clicked(),
        response.interact_pointer_pos(),
    ) {
        let distance = |step: u32| (place(step).x - pointer.x).abs();
        let nearest = timeline
            .kept()
            .iter()
            .min_by(|a, b| distance(a.step).total_cmp(&distance(b.step)));
        let nearest = nearest.map(|it| it.step);
        if nearest != timeline.shown() {
            actions.push(Action::ShowMoment(nearest));
        }
    }
}
