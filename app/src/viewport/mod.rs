//! The scene in the middle of the window: camera, input, and what is handed to the painter.

mod busy;
mod comparing;
mod frusta;
mod hands;
pub(crate) mod input;
pub mod navigate;
pub(crate) mod overlay;
pub(crate) mod paint;
mod path;

use std::time::{Duration, Instant};

use eframe::egui;
use glam::{Affine3A, Vec2, Vec3};
use render::{Camera, Intrinsics, Segment, Style};

use crate::action::{Action, CameraMove};
use crate::project::{Frustum, Role};
use crate::settings::Settings;
use crate::state::{AppState, Scene};
use hands::Sight;
use navigate::{Extent, Navigation};
use paint::{DoneFrame, FrameKey, FrameValues, Mailbox, PaintScene};

/// The camera rests when it has not moved for this long.
const REST: Duration = Duration::from_millis(200);

/// Frames slower than this are drawn smaller while the camera moves.
const SMOOTH_MS: f32 = 50.0;

/// The scene's camera and how it is being moved.
#[derive(Debug, Default)]
pub(crate) struct Viewport {
    navigation: Option<Navigation>,
    input: input::Input,
    moved: Option<Instant>,
    /// How long the last frame of full size took, in milliseconds.
    full_ms: Option<f32>,
    /// How coarse frames are while the device has other work.
    busy: busy::Busy,
    /// Whether the pointer was over it in the last frame.
    pub(crate) hovered: bool,
    pub(crate) mailbox: Mailbox,
    size_px: Vec2,
    /// The field of view of a photo that is looked through, as tangents of its half, across and
    /// down; else that of the settings counts.
    lens: Option<Vec2>,
    /// The user has moved the camera since the scene began.
    is_touched: bool,
    /// Where to measure the depth, until the painter has answered, and whether a tool asked.
    pick: Option<(Vec2, bool)>,
    hands: hands::Hands,
}

impl Viewport {
    /// The next frame shows a scene from its first view; which that is depends on the frame's size.
    pub(crate) fn begin_anew(&mut self) {
        self.navigation = None;
        self.full_ms = None;
        self.pick = None;
        self.lens = None;
        self.is_touched = false;
    }

    /// Scene or window have another size: the first view is taken anew, unless the user has moved the camera.
    pub(crate) fn follow(&mut self) {
        if !self.is_touched {
            self.navigation = None;
        }
    }

    /// Looks through the camera of a photo.
    pub(crate) fn look_through(&mut self, camera: &Frustum, state: &AppState) {
        let Some(scene) = &state.scene else {
            return;
        };
        let first = self.first_view(scene, state);
        let placed = camera.moved(&state.editor.placement());
        self.navigation = Some(first.standing_at(&placed.c2w));
        self.lens = Some(camera.half_tangents);
        self.is_touched = true;
        self.moved = Some(Instant::now());
    }

    /// Stands where a camera does, with its vertical field of view.
    pub(crate) fn stand(&mut self, camera: &Camera, state: &AppState) {
        let down = (0.5 * camera.intrinsics.fov_y()).tan();
        let frustum = Frustum {
            c2w: camera.c2w,
            // Its height alone decides, whatever the window's shape.
            half_tangents: Vec2::new(0.0, down),
            role: Role::Keyframe,
        };
        self.look_through(&frustum, state);
    }

    /// Where the camera stands (camera to world) and its vertical field of view in degrees; `None`
    /// without a scene.
    pub(crate) fn stance(&self, state: &AppState) -> Option<(Affine3A, f32)> {
        let scene = state.scene.as_ref()?;
        let navigation = self
            .navigation
            .unwrap_or_else(|| self.first_view(scene, state));
        let half = self.half_tangents(&state.settings).y.atan();
        let camera = navigation.camera(Intrinsics::from_vertical_fov(1.0, 1, 1));
        Some((camera.c2w, 2.0 * half.to_degrees()))
    }

    /// Whether the pointer holds the scene.
    pub(crate) fn is_held(&self) -> bool {
        self.input.is_dragging()
    }

    /// Width and height of the scene in the window, in pixels.
    pub(crate) fn size_px(&self) -> [u32; 2] {
        self.size_px.to_array().map(|it| it.round() as u32)
    }

    /// The settings' field of view counts again.
    pub(crate) fn put_down_lens(&mut self) {
        self.lens = None;
    }

    /// Moves the camera at once.
    pub(crate) fn go(&mut self, to: CameraMove, scene: &Scene, state: &AppState) {
        if to != CameraMove::Level {
            self.lens = None;
        }
        self.is_touched = to != CameraMove::Home;
        let half_tangents = self.half_tangents(&state.settings);
        let first = self.first_view(scene, state);
        let navigation = self.navigation.get_or_insert(first);
        match to {
            CameraMove::Home => *navigation = first,
            CameraMove::Focus => navigation.frame(scene.main_part, half_tangents),
            CameraMove::FrameAll => navigation.frame(scene.whole, half_tangents),
            CameraMove::Level => navigation.level(),
        }
    }

    /// What the GPU told of a finished frame.
    pub(crate) fn note(&mut self, done: DoneFrame) {
        let ms = 1e3 * done.latency.as_secs_f32();
        if done.reduction == 1 {
            self.full_ms = Some(ms);
        }
        self.busy.note(ms, done.reduction);
    }

    /// The scene turns about what was picked, where there is something. A point that a tool asked
    /// for is returned instead.
    pub(crate) fn picked(
        &mut self,
        at: Vec2,
        depth: Option<f32>,
        settings: &Settings,
    ) -> Option<Vec3> {
        let (_, for_tool) = self.pick.take()?;
        let focal_px = self.focal_px(settings);
        let (navigation, depth) = (self.navigation.as_mut()?, depth?);
        if for_tool {
            let camera = self.camera(settings, 1)?;
            return Some(camera.unproject(at * self.size_px, depth));
        }
        let from_middle_px = (at - 0.5) * self.size_px;
        navigation.pivot_at(from_middle_px, depth, focal_px);
        self.moved = Some(Instant::now());
        None
    }

    /// The camera of a frame with a pixel for so many of the screen's along each axis.
    fn camera(&self, settings: &Settings, reduction: u32) -> Option<Camera> {
        let [width, height] = self.size_px.to_array().map(|it| {
            let pixels = it.round() as u32;
            pixels.div_ceil(reduction).max(1)
        });
        let fov = 2.0 * self.half_tangents(settings).y.atan();
        let intrinsics = Intrinsics::from_vertical_fov(fov, width, height);
        Some(self.navigation?.camera(intrinsics))
    }

    /// Draws the scene into all of `ui` and moves the camera.
    pub(crate) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        scene: &Scene,
        state: &AppState,
        actions: &mut Vec<Action>,
    ) {
        let (rect, response) =
            ui.allocate_exact_size(ui.available_size(), egui::Sense::click_and_drag());
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Scene viewport"));
        let scale = ui.pixels_per_point();
        let size_px = Vec2::new(rect.width(), rect.height()) * scale;
        if size_px != self.size_px {
            self.size_px = size_px;
            self.follow(); // Another shape has another first view.
        }
        self.hovered = response.contains_pointer();
        let settings = &state.settings;
        let focal_px = self.focal_px(settings);
        let first = self.first_view(scene, state);
        self.navigation.get_or_insert(first);
        let (is_tools, point) = self.use_tool(ui, &response, scene, state, actions);
        self.pick = point.map(|it| (it, true)).or(self.pick);
        let navigation = self.navigation.get_or_insert(first);

        let before = *navigation;
        let bindings = state.settings.keys.bindings();
        let how = (focal_px, is_tools);
        let pick = self.input.apply(ui, &response, navigation, how, &bindings);
        self.pick = pick.map(|it| (it, false)).or(self.pick);
        let now = Instant::now();
        if before != *navigation {
            self.moved = Some(now);
            self.is_touched = true;
        }
        let reduction = self.reduction(state, now, ui.ctx());
        let Some(camera) = self.camera(settings, reduction) else {
            return;
        };
        let values = FrameValues {
            key: frame_key(camera, scene, state, reduction),
            splats: scene.drawn().1.clone(),
            segments: segments(scene, state, scale),
            viewport_px: self.size_px.to_array(),
            pick: self.pick.map(|it| it.0),
            compare: None,
        };
        let paint = PaintScene {
            values,
            mailbox: self.mailbox.clone(),
            ctx: ui.ctx().clone(),
        };
        ui.painter()
            .add(egui_wgpu::Callback::new_paint_callback(rect, paint));
        if let Some(sight) = self.sight(scene, state, scale) {
            self.hands.paint(ui, rect, &sight);
        }
    }

    /// What the tool in hand does; see [`hands::Hands::apply`].
    fn use_tool(
        &mut self,
        ui: &egui::Ui,
        response: &egui::Response,
        scene: &Scene,
        state: &AppState,
        actions: &mut Vec<Action>,
    ) -> (bool, Option<Vec2>) {
        match self.sight(scene, state, ui.pixels_per_point()) {
            Some(sight) => self.hands.apply(ui, response, &sight, actions),
            None => (false, None),
        }
    }

    /// What a tool sees; `None` where there is nothing to edit.
    fn sight<'a>(&self, scene: &Scene, state: &'a AppState, scale: f32) -> Option<Sight<'a>> {
        state.can_edit().then_some(())?;
        Some(Sight {
            editor: &state.editor,
            camera: self.camera(&state.settings, 1)?,
            scale,
            middle: state.editor.placement().point(scene.main_part.centre()),
        })
    }

    /// Fewer pixels while the camera moves, where the processor plays the GPU, and all of them as
    /// soon as it rests; fewer as well while an optimisation keeps a slow device busy.
    fn reduction(&self, state: &AppState, now: Instant, ctx: &egui::Context) -> u32 {
        if state.is_training() {
            return self.busy.reduction();
        }
        let wanted = if state.adapter.is_cpu() {
            reduction_for(self.full_ms)
        } else {
            1
        };
        let since = self.moved.map_or(REST, |it| now.duration_since(it));
        if wanted == 1 || (REST <= since && !self.input.is_dragging()) {
            return 1;
        }
        ctx.request_repaint_after(REST);
        if REST <= since { 1 } else { wanted }
    }

    fn first_view(&self, scene: &Scene, state: &AppState) -> Navigation {
        let half_tangents = self.half_tangents(&state.settings);
        Navigation::home(scene.main_part, state.up(), half_tangents)
    }

    /// Tangents of half the field of view, across and down.
    fn half_tangents(&self, settings: &Settings) -> Vec2 {
        let is_known = 0.0 < self.size_px.min_element();
        let aspect = if is_known {
            self.size_px.x / self.size_px.y
        } else {
            1.0
        };
        let down = match self.lens {
            // All of the photo, whatever the window's shape.
            Some(lens) => lens.y.max(lens.x / aspect),
            None => (0.5 * settings.fov_degrees.to_radians()).tan(),
        };
        Vec2::new(down * aspect, down)
    }

    fn focal_px(&self, settings: &Settings) -> f32 {
        0.5 * self.size_px.y.max(1.0) / self.half_tangents(settings).y
    }
}

/// What decides how a frame looks.
fn frame_key(camera: Camera, scene: &Scene, state: &AppState, reduction: u32) -> FrameKey {
    let mut config = state.settings.render.clone();
    if scene.draws_points() && config.style == Style::Splats {
        config.style = Style::Points;
    }
    if let Some(rgb) = state.editor.now().and_then(|it| it.background) {
        config.background = rgb;
    }
    FrameKey {
        drawn: scene.drawn().0,
        camera,
        config,
        profiling: state.panes.timings,
        reduction,
    }
}

/// All lines over the scene.
fn segments(scene: &Scene, state: &AppState, width_px: f32) -> Vec<Segment> {
    let overlays = state.settings.overlays;
    let mut segments = overlay::segments(scene, overlays, state.up(), width_px);
    if let Some([a, b]) = state.export.options.crop {
        let (low, high) = (a.min(b), a.max(b));
        overlay::cuboid(&mut segments, &Extent { low, high }, 2.0 * width_px);
    }
    if let Some(project) = &state.project
        && overlays.shown
        && overlays.cameras
    {
        let placement = state.editor.placement();
        let frusta: Vec<Frustum> = project
            .frusta()
            .iter()
            .map(|it| it.moved(&placement))
            .collect();
        segments.extend(frusta::segments(&frusta, width_px));
    }
    if overlays.shown {
        let radius = scene.main_part.radius();
        segments.extend(path::segments(&state.show, radius, width_px));
    }
    segments
}

/// How many pixels of the screen one of the frame covers along each axis while the camera moves.
fn reduction_for(full_ms: Option<f32>) -> u32 {
    match full_ms {
        Some(ms) if 3.0 * SMOOTH_MS < ms => 3,
        Some(ms) if SMOOTH_MS < ms => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_frames_shrink_while_moving() {
        let reductions = [None, Some(10.0), Some(60.0), Some(400.0)].map(reduction_for);
        assert_eq!(reductions, [1, 1, 2, 3]);
    }
}
