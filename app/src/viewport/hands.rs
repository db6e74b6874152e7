//! The tool in hand: from pointer and keys to shapes, handles that are dragged and points that are
//! clicked, and how they look over the scene.

use eframe::egui::{self, Key, Modifiers, PointerButton, Pos2, Rect, Response};
use glam::{Vec2, Vec3};
use recon::edit::{EditOp, Region, Scope, Shape};
use render::Camera;

use crate::action::Action;
use crate::editor::gizmo::{Gizmo, Handle};
use crate::editor::grips::{self, Grip};
use crate::editor::{EditAction, Editor, Preview, Tool};
use crate::theme;

/// A polygon is closed by a click so near its first corner, in pixels.
const CLOSE_PX: f32 = 8.0;

/// Points of a line that lie nearer than this to the one before are left out, in pixels.
const STEP_PX: f32 = 2.0;

/// More splats than this are moved when the handle is let go, not while it is dragged.
const MOST_LIVE: usize = 150_000;

/// What the tool in hand is doing.
#[derive(Debug, Default)]
pub(super) struct Hands {
    /// The line that is being drawn, in pixels of the viewport.
    line: Vec<Vec2>,
    /// The pointer draws, or holds a handle.
    held: Option<Held>,
    /// For which tool the line was begun.
    tool: Tool,
}

#[derive(Clone, Copy, Debug)]
enum Held {
    Line,
    Handle(Handle, Vec2, Gizmo),
    Grip(Grip, Vec2, Region),
    Ring(Handle, Vec2, Gizmo, Region),
}

/// What the tool sees of the viewport.
pub(super) struct Sight<'a> {
    /// What it does.
    pub(super) editor: &'a Editor,
    /// The camera of a frame as large as the viewport.
    pub(super) camera: Camera,
    /// Pixels a point.
    pub(super) scale: f32,
    /// What moves when nothing is selected: the middle of the scene.
    pub(super) middle: Vec3,
}

impl Hands {
    /// Takes what the pointer did. Returns whether it belongs to the tool, so that the camera
    /// stays; and where a point of the scene was clicked, as parts of width and height.
    pub(super) fn apply(
        &mut self,
        ui: &egui::Ui,
        response: &Response,
        sight: &Sight<'_>,
        actions: &mut Vec<Action>,
    ) -> (bool, Option<Vec2>) {
        let tool = sight.editor.tool;
        if self.tool != tool {
            *self = Self {
                tool,
                ..Self::default()
            };
        }
        let rect = response.rect;
        let at = |pos: Pos2| {
            let from = (pos - rect.min) * sight.scale;
            Vec2::new(from.x, from.y)
        };
        let pointer = response
            .interact_pointer_pos()
            .or(response.hover_pos())
            .map(at);
        if tool.clicks() {
            let clicked = response.clicked_by(PointerButton::Primary);
            let clicked = clicked.then(|| response.interact_pointer_pos()).flatten();
            let part = |pos: Pos2| {
                let part = (pos - rect.min) / rect.size();
                Vec2::new(part.x, part.y)
            };
            return (false, clicked.map(part));
        }
        let Some(pointer) = pointer else {
            return (self.held.is_some(), None);
        };
        match tool {
            Tool::Polygon => self.click_corners(ui, response, sight, pointer, actions),
            Tool::Look => {}
            _ => self.drag(response, sight, pointer, actions),
        }
        (self.held.is_some() || tool.draws(), None)
    }

    fn drag(
        &mut self,
        response: &Response,
        sight: &Sight<'_>,
        pointer: Vec2,
        actions: &mut Vec<Action>,
    ) {
        let origin = response.ctx.input(|it| it.pointer.press_origin());
        if response.drag_started_by(PointerButton::Primary) {
            let from = origin.map_or(pointer, |it| {
                let from = (it - response.rect.min) * sight.scale;
                Vec2::new(from.x, from.y)
            });
            self.held = take_hold(sight, from);
            self.line = vec![from];
        }
        if sight.editor.tool == Tool::Brush && response.clicked_by(PointerButton::Primary) {
            // A dab.
            let modifiers = response.ctx.input(|it| it.modifiers);
            if let Some(shape) = shape(sight, vec![pointer], pointer) {
                actions.push(outline(sight, shape, modifiers));
            }
        }
        let Some(held) = self.held else { return };
        if response.dragged_by(PointerButton::Primary) {
            let far = |last: &Vec2| STEP_PX <= last.distance(pointer);
            if self.line.last().is_none_or(far) {
                self.line.push(pointer);
            }
            match held {
                Held::Line => {}
                Held::Grip(grip, from, region) => {
                    let region = grips::dragged(&region, grip, &sight.camera, from, pointer);
                    actions.push(shaped(sight, region));
                }
                Held::Ring(ring, from, rings, region) => {
                    let snaps = sight.editor.tools.snaps;
                    let region = grips::turned(&region, (&rings, ring), [from, pointer], snaps);
                    actions.push(shaped(sight, region));
                }
                Held::Handle(handle, from, gizmo) => {
                    let op = moved(sight.editor, &gizmo, handle, (from, pointer));
                    let count = sight.editor.now().map_or(0, |it| it.splats.len());
                    if count < MOST_LIVE {
                        let preview = Preview::Op(op);
                        actions.push(Action::Edit(EditAction::Try(Some(Box::new(preview)))));
                    }
                }
            }
            return;
        }
        // Let go.
        self.held = None;
        let line = std::mem::take(&mut self.line);
        match held {
            Held::Line => {
                let modifiers = response.ctx.input(|it| it.modifiers);
                if let Some(shape) = shape(sight, line, pointer) {
                    actions.push(outline(sight, shape, modifiers));
                }
            }
            Held::Handle(handle, from, gizmo) => {
                let op = moved(sight.editor, &gizmo, handle, (from, pointer));
                actions.push(Action::Edit(EditAction::Do(Box::new(op))));
            }
            Held::Grip(..) | Held::Ring(..) => {}
        }
    }

    fn click_corners(
        &mut self,
        ui: &egui::Ui,
        response: &Response,
        sight: &Sight<'_>,
        pointer: Vec2,
        actions: &mut Vec<Action>,
    ) {
        let (escape, enter, modifiers) = ui.input_mut(|it| {
            let escape = !self.line.is_empty() && it.consume_key(Modifiers::NONE, Key::Escape);
            (escape, it.key_pressed(Key::Enter), it.modifiers)
        });
        if escape {
            self.line.clear();
        }
        let clicked = response.clicked_by(PointerButton::Primary);
        let is_closing = |first: &Vec2| first.distance(pointer) < CLOSE_PX;
        let closes = 2 < self.line.len() && clicked && self.line.first().is_some_and(is_closing);
        if response.double_clicked() || enter || closes {
            let line = std::mem::take(&mut self.line);
            if 2 < line.len() {
                let points = line.iter().map(Vec2::to_array).collect();
                actions.push(outline(sight, Shape::Polygon(points), modifiers));
            }
        } else if clicked {
            self.line.push(pointer);
        }
    }

    /// Draws the line, the brush, handles and clicked points.
    pub(super) fn paint(&self, ui: &egui::Ui, rect: Rect, sight: &Sight<'_>) {
        let painter = ui.painter().with_clip_rect(rect);
        let pos = |px: Vec2| rect.min + egui::vec2(px.x, px.y) / sight.scale;
        let stroke = egui::Stroke::new(1.5, theme::TOOL);
        let pointer = ui
            .input(|it| it.pointer.hover_pos())
            .filter(|it| rect.contains(*it));
        let line: Vec<Pos2> = self.line.iter().map(|it| pos(*it)).collect();
        match sight.editor.tool {
            Tool::Rectangle => {
                if let (Some(first), Some(pointer)) = (line.first(), pointer) {
                    let drawn = Rect::from_two_pos(*first, pointer);
                    painter.rect(drawn, 0, theme::TOOL_FILL, stroke, egui::StrokeKind::Middle);
                }
            }
            Tool::Lasso | Tool::Polygon => {
                let mut closed = line;
                closed.extend(pointer.filter(|_| !closed.is_empty()));
                closed.extend(closed.first().copied());
                painter.line(closed, stroke);
            }
            Tool::Brush => {
                let radius = sight.editor.tools.brush_radius;
                if !line.is_empty() {
                    let wide = egui::Stroke::new(2.0 * radius, theme::TOOL_FILL);
                    painter.line(line, wide);
                }
                if let Some(pointer) = pointer {
                    painter.circle_stroke(pointer, radius, stroke);
                }
            }
            Tool::Box | Tool::Ball => {
                if let Some(rings) = grips::rings(&sight.editor.tools.region, &sight.camera) {
                    self.paint_handles(&painter, &rings, &pos);
                }
                paint_region(&painter, sight, &pos, stroke);
            }
            Tool::Points => paint_points(&painter, sight, &pos, stroke),
            Tool::Move | Tool::Turn | Tool::Scale => {
                if let Some(gizmo) = gizmo(sight) {
                    self.paint_handles(&painter, &gizmo, &pos);
                }
            }
            Tool::Look | Tool::Colour => {}
        }
    }

    fn paint_handles(&self, painter: &egui::Painter, gizmo: &Gizmo, pos: &dyn Fn(Vec2) -> Pos2) {
        let held = match self.held {
            Some(Held::Handle(handle, ..) | Held::Ring(handle, ..)) => Some(handle),
            _ => None,
        };
        for handle in gizmo.handles() {
            let width = if held == Some(handle) { 4.0 } else { 2.5 };
            let colour = match handle {
                Handle::Axis(axis) => theme::axis(axis),
                Handle::Size => theme::TOOL,
            };
            let line: Vec<Pos2> = gizmo.line(handle).into_iter().map(pos).collect();
            if let (Some(end), true) = (line.last(), gizmo.tool != Tool::Turn) {
                painter.circle_filled(*end, 5.0, colour);
            }
            painter.line(line, egui::Stroke::new(width, colour));
        }
    }
}

/// The handles of the tool in hand, where they are now.
fn gizmo(sight: &Sight<'_>) -> Option<Gizmo> {
    let pivot = sight.editor.pivot(sight.middle);
    Gizmo::new(sight.editor.tool, pivot, sight.camera)
}

fn take_hold(sight: &Sight<'_>, from: Vec2) -> Option<Held> {
    let editor = sight.editor;
    match editor.tool {
        Tool::Box | Tool::Ball => {
            let region = editor.tools.region;
            if let Some(grip) = grips::grip_at(&region, &sight.camera, from) {
                return Some(Held::Grip(grip, from, region));
            }
            let rings = grips::rings(&region, &sight.camera)?;
            Some(Held::Ring(rings.at(from)?, from, rings, region))
        }
        Tool::Move | Tool::Turn | Tool::Scale => {
            let gizmo = gizmo(sight)?;
            Some(Held::Handle(gizmo.at(from)?, from, gizmo))
        }
        tool => tool.draws().then_some(Held::Line),
    }
}

/// The box or ball is another one.
fn shaped(sight: &Sight<'_>, region: Region) -> Action {
    let mut tools = sight.editor.tools.clone();
    tools.region = region;
    Action::Edit(EditAction::Set(Box::new(tools)))
}

fn moved(editor: &Editor, gizmo: &Gizmo, handle: Handle, (from, to): (Vec2, Vec2)) -> EditOp {
    let by = gizmo.drag(handle, from, to, editor.tools.snaps);
    let scope = if 0 < editor.selected() {
        Scope::Selection
    } else {
        Scope::All
    };
    EditOp::Transform { by, scope }
}

/// What was drawn; `None` where it is no more than a click.
fn shape(sight: &Sight<'_>, mut line: Vec<Vec2>, end: Vec2) -> Option<Shape> {
    let first = *line.first()?;
    line.push(end);
    let plain = |line: &[Vec2]| line.iter().map(Vec2::to_array).collect();
    Some(match sight.editor.tool {
        Tool::Rectangle => Shape::Rectangle(first.to_array(), end.to_array()),
        Tool::Brush => Shape::Stroke {
            points: plain(&line),
            radius: sight.editor.tools.brush_radius * sight.scale,
        },
        _ if line.len() < 3 => return None,
        _ => Shape::Polygon(plain(&line)),
    })
}

fn outline(sight: &Sight<'_>, shape: Shape, held: Modifiers) -> Action {
    Action::Edit(EditAction::Outline {
        camera: sight.camera,
        shape,
        mode: sight.editor.tools.mode.held(held.shift, held.command),
    })
}

fn paint_region(
    painter: &egui::Painter,
    sight: &Sight<'_>,
    pos: &dyn Fn(Vec2) -> Pos2,
    stroke: egui::Stroke,
) {
    let camera = &sight.camera;
    let region = &sight.editor.tools.region;
    for ends in grips::outline(region) {
        let seen = ends.map(|it| camera.project(it));
        if let [Some((a, _)), Some((b, _))] = seen {
            painter.line_segment([pos(a), pos(b)], stroke);
        }
    }
    for (_, at) in grips::grips(region, camera.right()) {
        if let Some((pixel, _)) = camera.project(at) {
            painter.circle_filled(pos(pixel), 4.5, theme::TOOL);
        }
    }
}

fn paint_points(
    painter: &egui::Painter,
    sight: &Sight<'_>,
    pos: &dyn Fn(Vec2) -> Pos2,
    stroke: egui::Stroke,
) {
    let seen = sight
        .editor
        .points
        .iter()
        .filter_map(|it| sight.camera.project(*it));
    let seen: Vec<Pos2> = seen.map(|(pixel, _)| pos(pixel)).collect();
    for point in &seen {
        painter.circle_filled(*point, 4.0, theme::TOOL);
    }
    if let ([a, b], [from, to]) = (&sight.editor.points[..], &seen[..]) {
        let text = format!("{:.3}", a.distance(*b));
        let font = egui::FontId::proportional(14.0);
        let at = from.lerp(*to, 0.5) + egui::vec2(8.0, -8.0);
        painter.text(at, egui::Align2::LEFT_BOTTOM, text, font, theme::TOOL);
    }
    painter.line(seen, stroke);
}
