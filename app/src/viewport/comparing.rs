//! The frame from a photo's own camera at the photo's size, together with the photo.

use eframe::egui::{self, Color32, Pos2, Rect};
use glam::Vec2;
use render::{Camera, CompareMode, RenderConfig, Style};

use super::Viewport;
use super::paint::{FrameKey, FrameValues, PaintScene};
use crate::action::Action;
use crate::compare::{Compare, PhotoState, SeenPhoto};
use crate::state::{AppState, Scene};
use crate::theme;

/// The pointer takes hold of the wipe's edge from so far, in points.
const GRIP: f32 = 12.0;

impl Viewport {
    /// Draws photo and frame into all of `ui`.
    pub(crate) fn compare_ui(
        &mut self,
        ui: &mut egui::Ui,
        scene: &Scene,
        state: &AppState,
        compare: &Compare,
        actions: &mut Vec<Action>,
    ) {
        let (all, response) =
            ui.allocate_exact_size(ui.available_size(), egui::Sense::click_and_drag());
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Photo and render"));
        self.hovered = response.contains_pointer();
        let photo = match &compare.photo {
            PhotoState::Loaded(photo) => photo,
            PhotoState::Loading => return note(ui, all, "The photo is being read", theme::MUTED),
            PhotoState::Failed(why) => return note(ui, all, why, theme::ERROR),
        };
        let rect = fitted(all, compare.aspect(photo.size));
        let pixels = ui.pixels_per_point();
        self.size_px = Vec2::new(all.width(), all.height()) * pixels;
        let values = FrameValues {
            key: frame_key(scene, state, photo),
            splats: scene.drawn().1.clone(),
            segments: Vec::new(),
            viewport_px: [rect.width() * pixels, rect.height() * pixels],
            pick: None,
            compare: Some((photo.clone(), compare.mode, compare.wipe)),
        };
        let paint = PaintScene {
            values,
            mailbox: self.mailbox.clone(),
            ctx: ui.ctx().clone(),
        };
        ui.painter()
            .add(egui_wgpu::Callback::new_paint_callback(rect, paint));
        match compare.mode {
            CompareMode::Wipe => wipe(ui, rect, &response, compare, actions),
            CompareMode::SideBySide => edge(ui, rect, 0.5),
            // Whoever drags the scene goes on from this camera.
            CompareMode::Render if response.drag_started() => actions.push(Action::LeaveCompare),
            _ => {}
        }
    }
}

/// As the optimisation draws it: its background, nothing of how the window shows scenes.
fn frame_key(scene: &Scene, state: &AppState, photo: &SeenPhoto) -> FrameKey {
    let mut config = RenderConfig {
        antialiased: state.settings.render.antialiased,
        background: photo.background,
        ..RenderConfig::default()
    };
    if scene.draws_points() {
        config.style = Style::Points;
        config.point_radius_px = state.settings.render.point_radius_px;
    }
    FrameKey {
        drawn: scene.drawn().0,
        camera: Camera {
            c2w: state.editor.placement().camera(&photo.camera.c2w),
            ..photo.camera
        },
        config,
        profiling: state.panes.timings,
        // All of its pixels: this is what is measured.
        reduction: 1,
    }
}

/// The largest rectangle of this shape in the middle of `all`.
pub(super) fn fitted(all: Rect, aspect: f32) -> Rect {
    let width = all.width().min(all.height() * aspect);
    let size = egui::vec2(width, width / aspect).max(egui::Vec2::splat(1.0));
    Rect::from_center_size(all.center(), size)
}

fn note(ui: &egui::Ui, rect: Rect, text: &str, colour: Color32) {
    let font = egui::FontId::proportional(16.0);
    let galley = ui
        .painter()
        .layout(text.to_owned(), font, colour, rect.width() - 24.0);
    let at = rect.center() - 0.5 * galley.size();
    ui.painter().galley(at, galley, colour);
}

/// The edge follows the pointer while it is dragged.
fn wipe(
    ui: &egui::Ui,
    rect: Rect,
    response: &egui::Response,
    compare: &Compare,
    actions: &mut Vec<Action>,
) {
    edge(ui, rect, compare.wipe);
    let x = egui::lerp(rect.x_range(), compare.wipe);
    let is_near = |it: Pos2| (it.x - x).abs() < GRIP;
    if response.hover_pos().is_some_and(is_near) || response.dragged() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
    }
    if let (true, Some(pointer)) = (
        response.dragged() || response.clicked(),
        response.interact_pointer_pos(),
    ) {
        let part = (pointer.x - rect.left()) / rect.width().max(1.0);
        actions.push(Action::Wipe(part.clamp(0.0, 1.0)));
    }
}

fn edge(ui: &egui::Ui, rect: Rect, part: f32) {
    let x = egui::lerp(rect.x_range(), part);
    let stroke = egui::Stroke::new(1.5, theme::EDGE);
    ui.painter().vline(x, rect.y_range(), stroke);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_shape() {
        let all = Rect::from_min_size(Pos2::ZERO, egui::vec2(200.0, 100.0));
        let wide = fitted(all, 4.0);
        assert_eq!((wide.width(), wide.height()), (200.0, 50.0));
        let tall = fitted(all, 0.5);
        assert_eq!((tall.width(), tall.height()), (50.0, 100.0));
        assert_eq!(tall.center(), all.center());
    }
}
