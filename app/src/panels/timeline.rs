//! Snapshots of a run on a line: scrubbing back shows them, any can be exported.

use eframe::egui::{self, Label, Pos2, Rect, RichText, Sense, Stroke};

use crate::action::{Action, Pane};
use crate::optimise::{Kept, Run, When};
use crate::project::Project;
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
        let label = ui.label(shown.map_or_else(|| newest(run), Kept::label));
        if let Some(names) = run.views_seen().map(|it| names_of(state, it)) {
            label.on_hover_text(format!("made of {names}"));
        }
        if ui.button("Export…").clicked() {
            actions.push(Action::Show(Pane::Export, true));
        }
        track(ui, state, run, actions);
    });
    if let Some(views) = run.views_seen() {
        let text = format!("Made of {}", names_of(state, views));
        let text = RichText::new(text).color(theme::MUTED).small();
        ui.add(Label::new(text).truncate());
    }
}

fn newest(run: &Run) -> String {
    let newest = run.newest;
    newest.map_or_else(String::new, |it| {
        // What is known of the snapshot, where there is one of just then.
        let kept = run.timeline.at(it);
        kept.map_or_else(|| it.label(), Kept::label)
    })
}

/// The names of views, as many as can be read.
fn names_of(state: &AppState, views: &[usize]) -> String {
    const MOST: usize = 40;
    let dataset = state.project.as_ref().and_then(Project::dataset);
    let name = |it: &usize| dataset.and_then(|set| set.views.get(*it));
    let names = views.iter().filter_map(name).take(MOST);
    let names: Vec<&str> = names.map(|it| it.name.as_str()).collect();
    let more = views.len().saturating_sub(MOST);
    let more = if 0 < more {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", names.join(", "))
}

fn track(ui: &mut egui::Ui, state: &AppState, run: &Run, actions: &mut Vec<Action>) {
    let timeline = &run.timeline;
    let size = egui::vec2(ui.available_width().max(60.0), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let inner = rect.shrink2(egui::vec2(RADIUS + 2.0, 0.0));
    let place = |when: When| {
        let x = egui::lerp(inner.x_range(), run.place(when));
        Pos2::new(x, inner.center().y)
    };
    let painter = ui.painter();
    let line = Stroke::new(2.0, theme::BLANK);
    painter.hline(inner.x_range(), inner.center().y, line);
    let done = Stroke::new(2.0, theme::ACCENT);
    let done_to = run.newest.map_or(inner.left(), |it| place(it).x);
    painter.hline(inner.left()..=done_to, inner.center().y, done);
    for kept in timeline.kept() {
        let centre = place(kept.when);
        let is_shown = timeline.shown() == Some(kept.when);
        let fill = if is_shown { theme::EDGE } else { theme::ACCENT };
        ui.painter().circle_filled(centre, RADIUS, fill);
        let spot = Rect::from_center_size(centre, egui::Vec2::splat(2.0 * RADIUS + 2.0));
        let id = response.id.with(kept.when.label());
        let spot = ui.interact(spot, id, Sense::click());
        spot.widget_info(|| {
            egui::WidgetInfo::selected(egui::Role::Button, true, is_shown, kept.label())
        });
        let hint = match &kept.moment.chunk {
            Some(it) => format!(
                "{}\nmade of {}",
                kept.label(),
                names_of(state, &it.views_seen)
            ),
            None => kept.label(),
        };
        if spot.on_hover_text(hint).clicked() {
            actions.push(Action::ShowMoment(Some(kept.when)));
        }
    }
    if let (true, Some(pointer)) = (
        response.dragged() || response.clicked(),
        response.interact_pointer_pos(),
    ) {
        let distance = |when: When| (place(when).x - pointer.x).abs();
        let nearest = timeline
            .kept()
            .iter()
            .min_by(|a, b| distance(a.when).total_cmp(&distance(b.when)));
        let nearest = nearest.map(|it| it.when);
        if nearest != timeline.shown() {
            actions.push(Action::ShowMoment(nearest));
        }
    }
}
