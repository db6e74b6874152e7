//! The photos in a row: which are fitted, which held out, which the network has seen, and how well
//! they are met.

use eframe::egui::{self, Align2, FontId, Pos2, Rect, Response, Sense, Stroke, StrokeKind};
use recon::dataset::{Dataset, Split, View};

use crate::action::Action;
use crate::project::Project;
use crate::state::AppState;
use crate::theme;

/// Size of a photo in the row, in points.
const CELL: egui::Vec2 = egui::vec2(108.0, 80.0);

/// Between two photos.
const GAP: f32 = 4.0;

/// Nothing where no photos with poses are open.
pub fn film_strip_ui(ui: &mut egui::Ui, state: &AppState, actions: &mut Vec<Action>) {
    let Some(project) = &state.project else {
        return;
    };
    let Some(dataset) = project.dataset() else {
        return;
    };
    let count = dataset.views.len();
    let pitch = CELL.x + GAP;
    egui::ScrollArea::horizontal()
        .id_salt("film strip")
        .auto_shrink([false, true])
        .show_viewport(ui, |ui, seen| {
            let width = pitch * count as f32;
            let (all, _) = ui.allocate_exact_size(egui::vec2(width, CELL.y), Sense::hover());
            let place = |index: usize| {
                let left = all.left() + pitch * index as f32;
                Rect::from_min_size(Pos2::new(left, all.top()), CELL)
            };
            if let Some(view) = state.film.bring.take().filter(|it| *it < count) {
                ui.scroll_to_rect(place(view).expand(GAP), None);
            }
            let first = ((seen.left() / pitch).floor().max(0.0) as usize).min(count);
            let end = ((seen.right() / pitch).ceil().max(0.0) as usize).min(count);
            state.film.shown.set((first, end));
            for index in first..end {
                cell(ui, state, (project, dataset, index), place(index), actions);
            }
        });
}

fn cell(
    ui: &mut egui::Ui,
    state: &AppState,
    (project, dataset, index): (&Project, &Dataset, usize),
    rect: Rect,
    actions: &mut Vec<Action>,
) {
    let Some(view) = dataset.views.get(index) else {
        return;
    };
    let id = ui.scope_id().with(("photo", index));
    let response = ui.interact(rect, id, Sense::click());
    let is_chosen = project.selected == Some(index);
    response.widget_info(|| {
        let label = format!("Photo {}", view.name);
        egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, label)
    });
    picture(ui, state, index, rect);
    captions(ui, state, (index, view), rect);
    frame(ui, &response, view, rect, is_chosen);
    if response.double_clicked() {
        actions.push(Action::LookThrough(index));
    } else if response.clicked() {
        actions.push(Action::SelectView(index));
    }
    let text = format!("{}\ndouble click looks through this camera", view.name);
    response.on_hover_text(text);
}

fn picture(ui: &egui::Ui, state: &AppState, index: usize, rect: Rect) {
    ui.painter().rect_filled(rect, 2, theme::BLANK);
    let film = &state.film;
    if let Some(texture) = film.thumbnails.get(&index) {
        let size = texture.size_vec2();
        let scale = (rect.width() / size.x).min(rect.height() / size.y);
        let place = Rect::from_center_size(rect.center(), size * scale);
        let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        ui.painter()
            .image(texture.id(), place, whole, theme::UNTINTED);
    } else if film.failed.contains(&index) {
        let font = FontId::proportional(11.0);
        let text = "cannot be read";
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            text,
            font,
            theme::ERROR,
        );
    }
}

fn captions(ui: &egui::Ui, state: &AppState, (index, view): (usize, &View), rect: Rect) {
    let name = view.name.rsplit('/').next().unwrap_or_default();
    caption(
        ui,
        rect,
        Align2::LEFT_BOTTOM,
        &shortened(name),
        theme::CAPTION,
    );
    let seen = state.run.as_ref().and_then(|it| it.views_seen());
    let (badge, colour) = match (view.ignored, view.split) {
        (true, _) => ("ignored", theme::MUTED),
        _ if seen.is_some_and(|it| it.contains(&index)) => ("seen", theme::SEEN),
        (_, Split::HeldOut) => ("held out", theme::HELD_OUT),
        (_, Split::Train) => ("train", theme::TRAIN),
    };
    caption(ui, rect, Align2::LEFT_TOP, badge, colour);
    let psnr = state.run.as_ref().and_then(|it| it.psnr_of(&view.name));
    if let Some(psnr) = psnr {
        let text = format!("{psnr:.1} dB");
        caption(ui, rect, Align2::RIGHT_TOP, &text, theme::CAPTION);
    }
}

fn caption(ui: &egui::Ui, rect: Rect, at: Align2, text: &str, colour: egui::Color32) {
    let painter = ui.painter();
    let font = FontId::proportional(10.0);
    let galley = painter.layout_no_wrap(text.to_owned(), font, colour);
    let inner = rect.shrink(2.0);
    let place = at.align_size_within_rect(galley.size() + egui::vec2(6.0, 1.0), inner);
    painter.rect_filled(place, 2, theme::CAPTION_FILL);
    painter.galley(place.min + egui::vec2(3.0, 0.0), galley, colour);
}

fn frame(ui: &egui::Ui, response: &Response, view: &View, rect: Rect, is_chosen: bool) {
    let painter = ui.painter();
    if view.ignored {
        painter.rect_filled(rect, 2, theme::DROP_VEIL);
    }
    let stroke = if is_chosen {
        Stroke::new(2.0, theme::EDGE)
    } else if response.hovered() {
        Stroke::new(1.0, theme::ACCENT)
    } else {
        return;
    };
    painter.rect_stroke(rect, 2, stroke, StrokeKind::Inside);
}

/// The end of a long name, which is what differs.
fn shortened(name: &str) -> String {
    const MOST: usize = 16;
    let count = name.chars().count();
    if count <= MOST {
        return name.to_owned();
    }
    let end: String = name.chars().skip(count - (MOST - 1)).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(shortened("0001.jpg"), "0001.jpg");
        assert_eq!(shortened("a_very_long_name_0001.jpg"), "…g_name_0001.jpg");
    }
}
