//! From pointer, wheel and keys to camera moves and actions, by the table in [`crate::keys`].

use eframe::egui::{self, Event, Key, MouseWheelUnit, PointerButton};
use glam::{Vec2, Vec3};

use super::navigate::Navigation;
use crate::action::Action;
use crate::keys::{self, Binding, Chord, DragKind, Effect, Trigger, WheelKind};
use crate::state::AppState;

/// Radians for a drag over the height of the viewport.
const TURN_PER_HEIGHT: f32 = 3.0;

/// Distance after one notch of the wheel towards the scene.
const ZOOM_PER_NOTCH: f32 = 0.88;

/// Radians for one notch of the wheel.
const ROLL_PER_NOTCH: f32 = 0.05;

/// Points of a smooth scroll that count as one notch.
const POINTS_PER_NOTCH: f32 = 50.0;

/// After a pause a frame may not fly farther than this, in seconds.
const MAX_STEP_SECS: f32 = 0.1;

/// The drag that goes on.
#[derive(Debug, Default)]
pub(super) struct Input {
    drag: Option<(PointerButton, DragKind)>,
}

impl Input {
    /// Whether the pointer holds the scene.
    pub(super) fn is_dragging(&self) -> bool {
        self.drag.is_some()
    }

    /// Moves the camera by what the user did since the last frame; a tool in hand may have the left
    /// button. Returns where to look for a new pivot, as parts of width and height.
    pub(super) fn apply(
        &mut self,
        ui: &egui::Ui,
        response: &egui::Response,
        navigation: &mut Navigation,
        (focal_px, is_tools): (f32, bool),
        bindings: &[Binding],
    ) -> Option<Vec2> {
        let flight = flight(ui.ctx(), bindings);
        let how = (flight.is_some(), is_tools);
        self.drag(response, navigation, focal_px, how, bindings);
        if let Some((direction, speed)) = flight {
            let step = ui.input(|it| it.stable_dt).min(MAX_STEP_SECS);
            let length = speed * navigation.fly_speed() * step;
            navigation.translate(direction * length);
            ui.request_repaint();
        }
        if response.contains_pointer() {
            wheel(ui, response, navigation, focal_px, bindings);
        }
        let wanted = binding(bindings, |it| it == Trigger::DoubleClick) == Some(Effect::PickPivot);
        let pointer = response.interact_pointer_pos()?;
        (wanted && !is_tools && response.double_clicked()).then(|| {
            let at = (pointer - response.rect.min) / response.rect.size();
            Vec2::new(at.x, at.y)
        })
    }

    fn drag(
        &mut self,
        response: &egui::Response,
        navigation: &mut Navigation,
        focal_px: f32,
        (is_flying, is_tools): (bool, bool),
        bindings: &[Binding],
    ) {
        let held = response.ctx.input(|it| it.modifiers);
        for button in [
            PointerButton::Primary,
            PointerButton::Secondary,
            PointerButton::Middle,
        ] {
            // The tool in hand has the left button; the middle one turns the scene instead.
            if is_tools && button == PointerButton::Primary {
                continue;
            }
            if is_tools && button == PointerButton::Middle && response.drag_started_by(button) {
                self.drag = Some((button, DragKind::Orbit));
            } else if response.drag_started_by(button) {
                self.drag = bindings
                    .iter()
                    .find_map(|it| match (it.trigger, it.effect) {
                        (Trigger::Drag(modifiers, by), Effect::Drag(kind)) => (by == button
                            && held.matches_exact(modifiers))
                        .then_some((button, kind)),
                        _ => None,
                    });
            }
        }
        let Some((button, mut kind)) = self.drag else {
            return;
        };
        if !response.dragged_by(button) {
            self.drag = None;
            return;
        }
        if is_flying
            && let Some(Effect::Drag(other)) =
                binding(bindings, |it| it == Trigger::DragWhileHolding(button))
        {
            kind = other;
        }
        let delta = response.drag_delta();
        let delta = Vec2::new(delta.x, delta.y);
        let turn = delta * (TURN_PER_HEIGHT / response.rect.height().max(1.0));
        match kind {
            DragKind::Orbit => navigation.orbit(turn.x, turn.y),
            DragKind::Look => navigation.look(turn.x, turn.y),
            DragKind::Pan => {
                navigation.pan(delta * response.ctx.pixels_per_point(), focal_px);
            }
        }
    }
}

/// The direction to fly and the multiple of the speed, while keys for it are held.
fn flight(ctx: &egui::Context, bindings: &[Binding]) -> Option<(Vec3, f32)> {
    if ctx.text_edit_focused() {
        return None;
    }
    ctx.input(|input| {
        if input.modifiers.command || input.modifiers.ctrl {
            return None;
        }
        let mut direction = Vec3::ZERO;
        let mut speed = 1.0;
        for binding in bindings {
            match (binding.trigger, binding.effect) {
                (Trigger::Hold(key), Effect::Fly(axis)) if input.key_down(key) => direction += axis,
                (Trigger::HoldWith(modifiers), Effect::FlySpeed(factor))
                    if input.modifiers.contains(modifiers) =>
                {
                    speed *= factor;
                }
                _ => {}
            }
        }
        let direction = direction.try_normalize()?;
        Some((direction, speed))
    })
}

fn wheel(
    ui: &egui::Ui,
    response: &egui::Response,
    navigation: &mut Navigation,
    focal_px: f32,
    bindings: &[Binding],
) {
    let scale = ui.pixels_per_point();
    let pointer = response.hover_pos().unwrap_or(response.rect.center());
    let from_middle = pointer - response.rect.center();
    let from_middle_px = Vec2::new(from_middle.x, from_middle.y) * scale;
    let turns: Vec<_> = ui.input(|input| input.events.iter().filter_map(notches).collect());
    for (notches, modifiers) in turns {
        let kind = binding(
            bindings,
            |it| matches!(it, Trigger::Wheel(wanted) if modifiers.matches_exact(wanted)),
        );
        match kind {
            Some(Effect::Wheel(WheelKind::Zoom)) => {
                navigation.zoom(ZOOM_PER_NOTCH.powf(notches), from_middle_px, focal_px);
            }
            Some(Effect::Wheel(WheelKind::Roll)) => navigation.roll(ROLL_PER_NOTCH * notches),
            _ => {}
        }
    }
    // Two fingers on a trackpad: spreading them brings the scene nearer.
    let pinches: Vec<f32> = ui.input(|input| input.events.iter().filter_map(pinch).collect());
    for spread in pinches {
        navigation.zoom(1.0 / spread, from_middle_px, focal_px);
    }
}

fn pinch(event: &Event) -> Option<f32> {
    match event {
        Event::Zoom(spread) if 0.0 < *spread => Some(*spread),
        _ => None,
    }
}

/// How far the wheel turned, and the modifiers that were held.
fn notches(event: &Event) -> Option<(f32, egui::Modifiers)> {
    let Event::MouseWheel {
        unit,
        delta,
        modifiers,
        ..
    } = event
    else {
        return None;
    };
    let notches = match unit {
        MouseWheelUnit::Line => delta.y,
        MouseWheelUnit::Point => delta.y / POINTS_PER_NOTCH,
        MouseWheelUnit::Page => 5.0 * delta.y,
    };
    Some((notches, *modifiers))
}

/// Keys that mean something to a text field with Ctrl, too: all of it, back and forth among its
/// changes, whole words.
const EDITS_TEXT: [Key; 9] = [
    Key::A,
    Key::Z,
    Key::Y,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::Home,
    Key::End,
    Key::Backspace,
    Key::Delete,
];

/// Turns keys that went down into actions, unless a text field wants them.
pub(crate) fn pressed_keys(ctx: &egui::Context, state: &AppState, actions: &mut Vec<Action>) {
    let bindings = state.settings.keys.bindings();
    // Escape takes the focus from the palette's field before anyone else hears of it.
    let typing = ctx.text_edit_focused() || state.panes.palette;
    let pressed = ctx.input_mut(|input| {
        let mut deeds = Vec::new();
        for binding in bindings {
            let (Trigger::Press(modifiers, key), Effect::Act(deed)) =
                (binding.trigger, binding.effect)
            else {
                continue;
            };
            // A text field takes plain keys and Ctrl+A; it has no use for Ctrl+O or F11.
            let is_free = modifiers.command && !EDITS_TEXT.contains(&key) || is_function(key);
            if typing && !is_free {
                continue;
            }
            let wanted = |event: &Event| {
                matches!(event, Event::Key { key: it, pressed: true, repeat: false, modifiers: held, .. }
                    if *it == key && keys::pressed_with(*held, modifiers, key))
            };
            if input.events.iter().any(wanted) {
                input.events.retain(|it| !wanted(it));
                deeds.push(deed);
            }
        }
        deeds
    });
    actions.extend(pressed.into_iter().filter_map(|it| it.action(state)));
}

/// The key that went down, with what is held, taken away from everything else; `None` where there
/// is none.
pub(crate) fn pressed_chord(ctx: &egui::Context) -> Option<Chord> {
    ctx.input_mut(|input| {
        let pressed = input.events.iter().find_map(|it| match it {
            Event::Key {
                key,
                pressed: true,
                repeat: false,
                modifiers,
                ..
            } => Some(Chord::new(*modifiers, *key)),
            _ => None,
        });
        if pressed.is_some() {
            let is_typed = |it: &Event| matches!(it, Event::Key { .. } | Event::Text(_));
            input.events.retain(|it| !is_typed(it));
        }
        pressed
    })
}

fn is_function(key: egui::Key) -> bool {
    let mut letters = key.name().chars();
    letters.next() == Some('F') && letters.next().is_some_and(|it| it.is_ascii_digit())
}

/// The effect of the first binding whose trigger is wanted.
fn binding(bindings: &[Binding], wanted: impl Fn(Trigger) -> bool) -> Option<Effect> {
    let found = bindings.iter().find(|it| wanted(it.trigger));
    found.map(|it| it.effect)
}
