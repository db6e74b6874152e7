//! Keys and mouse: deeds and their keys, which the input, menus, the palette and the sheet read.
//!
//! [`deed`] lists everything that can be done at once; [`preset`] says what keys and mouse do at
//! first; a [`Keymap`] is a preset and what the user changed of it.

mod chord;
mod deed;
mod gesture;
mod keymap;
mod preset;

#[cfg(test)]
mod tests;

use eframe::egui::{Key, Modifiers, PointerButton};
use glam::Vec3;

pub use chord::Chord;
pub use deed::{Deed, Group};
pub use gesture::Gesture;
pub use keymap::Keymap;
pub use preset::Preset;

/// What sets a binding off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A key goes down while exactly these modifiers are held.
    Press(Modifiers, Key),
    /// A key is held.
    Hold(Key),
    /// A modifier is held together with a key of [`Trigger::Hold`].
    HoldWith(Modifiers),
    /// A drag over the viewport that began with exactly these modifiers.
    Drag(Modifiers, PointerButton),
    /// A drag while a key of [`Trigger::Hold`] is held.
    DragWhileHolding(PointerButton),
    /// The wheel turns while exactly these modifiers are held.
    Wheel(Modifiers),
    /// A double click on the viewport.
    DoubleClick,
}

/// What a drag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DragKind {
    /// Turn about the pivot.
    Orbit,
    /// Move sideways.
    Pan,
    /// Turn about the eye.
    Look,
}

/// What the wheel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WheelKind {
    /// Come nearer or go away.
    Zoom,
    /// Turn the image.
    Roll,
}

/// What a binding does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Something at once.
    Act(Deed),
    /// Move along a camera axis (x right, y down, z forward) for as long as the key is held.
    Fly(Vec3),
    /// Fly at a multiple of the speed.
    FlySpeed(f32),
    /// Move the camera with the pointer.
    Drag(DragKind),
    /// Move the camera with the wheel.
    Wheel(WheelKind),
    /// Turn about what lies under the pointer from now on.
    PickPivot,
}

/// One thing that sets one thing off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binding {
    /// What sets it off.
    pub trigger: Trigger,
    /// What it does.
    pub effect: Effect,
}

/// Whether held modifiers are those of a [`Trigger::Press`]. Where `?` lies with or without Shift
/// depends on the keyboard.
pub(crate) fn pressed_with(held: Modifiers, wanted: Modifiers, key: Key) -> bool {
    match key {
        Key::Questionmark => held.matches_logically(wanted),
        _ => held.matches_exact(wanted),
    }
}
