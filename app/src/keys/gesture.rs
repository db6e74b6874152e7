//! What the mouse does, and modifiers while flying: part of a preset, not bound one by one.

use eframe::egui::{Modifiers, PointerButton};

use super::chord::with_modifiers;
use super::{Binding, DragKind, Effect, Trigger, WheelKind};

/// A binding of the mouse, or of a modifier while flying.
#[derive(Clone, Copy, Debug)]
pub struct Gesture {
    /// What is set off by what.
    pub binding: Binding,
    /// What it does, in words.
    pub does: &'static str,
}

pub(super) const fn drag(modifiers: Modifiers, button: PointerButton, kind: DragKind) -> Gesture {
    let does = match kind {
        DragKind::Orbit => "Orbit",
        DragKind::Pan => "Pan",
        DragKind::Look => "Look around",
    };
    gesture(Trigger::Drag(modifiers, button), does, Effect::Drag(kind))
}

const fn gesture(trigger: Trigger, does: &'static str, effect: Effect) -> Gesture {
    Gesture {
        binding: Binding { trigger, effect },
        does,
    }
}

/// What every preset has besides its drags.
pub(super) const COMMON: &[Gesture] = &[
    gesture(
        Trigger::DragWhileHolding(PointerButton::Secondary),
        "Look around while flying",
        Effect::Drag(DragKind::Look),
    ),
    gesture(
        Trigger::Wheel(Modifiers::NONE),
        "Zoom towards the pointer",
        Effect::Wheel(WheelKind::Zoom),
    ),
    gesture(
        Trigger::Wheel(Modifiers::COMMAND),
        "Roll",
        Effect::Wheel(WheelKind::Roll),
    ),
    gesture(
        Trigger::DoubleClick,
        "Turn about this point",
        Effect::PickPivot,
    ),
    gesture(
        Trigger::HoldWith(Modifiers::SHIFT),
        "Fly four times as fast",
        Effect::FlySpeed(4.0),
    ),
    gesture(
        Trigger::HoldWith(Modifiers::ALT),
        "Fly a quarter as fast",
        Effect::FlySpeed(0.25),
    ),
];

impl Trigger {
    /// As a person reads it on this keyboard.
    pub fn label(self, is_mac: bool) -> String {
        let with = |modifiers, what: &str| with_modifiers(modifiers, what, is_mac);
        match self {
            Self::Press(modifiers, key) => super::Chord { modifiers, key }.label(is_mac),
            Self::Hold(key) => super::Chord::plain(key).label(is_mac),
            Self::HoldWith(modifiers) => with(modifiers, "fly"),
            Self::Drag(modifiers, button) => with(modifiers, button_name(button)),
            Self::DragWhileHolding(button) => format!("fly + {}", button_name(button)),
            Self::Wheel(modifiers) => with(modifiers, "wheel"),
            Self::DoubleClick => "double click".to_owned(),
        }
    }
}

fn button_name(button: PointerButton) -> &'static str {
    match button {
        PointerButton::Primary => "left drag",
        PointerButton::Secondary => "right drag",
        PointerButton::Middle => "middle drag",
        PointerButton::Extra1 => "back button drag",
        PointerButton::Extra2 => "forward button drag",
    }
}
