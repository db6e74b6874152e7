//! Colours, spacing and text sizes: the only file with colours.

use eframe::egui::{self, Color32, CornerRadius, Stroke, Visuals};

use crate::project::Role;

/// Behind the splats until the user chooses another, display rgb.
pub(crate) const BACKGROUND: [f32; 3] = [0.09, 0.095, 0.11];

/// What to look at first: buttons to press, the drop field while something hovers.
pub(crate) const ACCENT: Color32 = Color32::from_rgb(94, 176, 239);
/// Side text.
pub(crate) const MUTED: Color32 = Color32::from_rgb(150, 156, 168);
/// Something is odd.
pub(crate) const WARNING: Color32 = Color32::from_rgb(232, 184, 92);
/// Something failed.
pub(crate) const ERROR: Color32 = Color32::from_rgb(240, 113, 113);
/// Behind the error bar.
pub(crate) const ERROR_FILL: Color32 = Color32::from_rgb(66, 28, 32);
/// Over the scene while a file hovers.
pub(crate) const DROP_VEIL: Color32 = Color32::from_rgba_premultiplied(14, 24, 34, 190);
/// Photos that only measurements see.
pub(crate) const HELD_OUT: Color32 = Color32::from_rgb(232, 160, 70);
/// Behind an empty viewport.
pub(crate) const EMPTY: Color32 = Color32::from_rgb(23, 24, 28);

/// The edge between photo and render.
pub(crate) const EDGE: Color32 = Color32::from_rgb(255, 255, 255);
/// Photos as they are.
pub(crate) const UNTINTED: Color32 = Color32::WHITE;
/// Behind a photo of the film strip that has not come yet.
pub(crate) const BLANK: Color32 = Color32::from_rgb(44, 47, 54);
/// Behind words on a photo.
pub(crate) const CAPTION_FILL: Color32 = Color32::from_rgba_premultiplied(10, 11, 13, 190);
/// Words on a photo.
pub(crate) const CAPTION: Color32 = Color32::from_rgb(236, 239, 245);
/// Photos that are fitted.
pub(crate) const TRAIN: Color32 = Color32::from_rgb(94, 176, 239);
/// Photos that the network made the splats of.
pub(crate) const SEEN: Color32 = Color32::from_rgb(130, 214, 130);
/// Curves of what is fitted, and of what is only measured.
pub(crate) const CURVES: [Color32; 2] = [TRAIN, HELD_OUT];

/// Lines and handles of the tool in hand.
pub(crate) const TOOL: Color32 = Color32::from_rgb(255, 214, 94);
/// Inside what it draws.
pub(crate) const TOOL_FILL: Color32 = Color32::from_rgba_premultiplied(50, 42, 18, 50);
/// Selected splats, display rgb.
pub(crate) const SELECTED: [f32; 3] = [1.0, 0.78, 0.2];
/// Splats that would go, display rgb.
pub(crate) const DOOMED: [f32; 3] = [1.0, 0.25, 0.2];

/// Handles along an axis of the world.
pub(crate) fn axis(axis: usize) -> Color32 {
    let [r, g, b, _] = AXES[axis.min(2)];
    Color32::from_rgb(r, g, b)
}

/// Lines of the scene, RGBA.
pub(crate) const GRID: [u8; 4] = [140, 146, 160, 70];
/// Every tenth line of the grid.
pub(crate) const GRID_MAIN: [u8; 4] = [150, 156, 170, 130];
/// The box around the splats.
pub(crate) const BOUNDS: [u8; 4] = [94, 176, 239, 200];
/// The axes x, y and z.
pub(crate) const AXES: [[u8; 4]; 3] =
    [[232, 88, 88, 255], [110, 200, 96, 255], [88, 140, 240, 255]];

/// Lines of a camera.
pub(crate) fn camera(role: Role) -> [u8; 4] {
    match role {
        Role::Train => [94, 176, 239, 200],
        Role::HeldOut => [232, 160, 70, 220],
        Role::Ignored => [150, 156, 168, 90],
        Role::Keyframe => [240, 130, 200, 230],
        Role::Live => [130, 214, 130, 220],
        Role::Selected => [255, 255, 255, 255],
    }
}

/// Sets the look of all widgets.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(8.0, 6.0);
        style.spacing.button_padding = egui::vec2(8.0, 3.0);
        style.visuals = visuals();
    });
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = Color32::from_rgb(30, 32, 37);
    visuals.window_fill = Color32::from_rgb(36, 38, 44);
    visuals.extreme_bg_color = Color32::from_rgb(18, 19, 22);
    visuals.override_text_color = Some(Color32::from_rgb(222, 226, 234));
    visuals.selection.bg_fill = Color32::from_rgb(38, 84, 124);
    visuals.selection.stroke = Stroke::new(1.0, ACCENT);
    visuals.hyperlink_color = ACCENT;
    visuals.warn_fg_color = WARNING;
    visuals.error_fg_color = ERROR;
    visuals.window_corner_radius = CornerRadius::same(6);
    visuals
}
