//! Keys and mouse: one table that the input reads and the cheat sheet shows.

use eframe::egui::{Key, Modifiers, PointerButton};
use glam::Vec3;
use recon::edit::EditOp;
use render::Style;

use crate::action::{Action, CameraMove, Pane, ShowAction};
use crate::editor::{EditAction, Tool};
use crate::settings::Overlay;

/// What sets a binding off.
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// What a key does at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed {
    /// Draw in this style.
    Style(Style),
    /// Turn an overlay on or off.
    Toggle(Overlay),
    /// Move the camera.
    Move(CameraMove),
    /// Turn a pane on or off.
    Flip(Pane),
    /// Ask for a file to open.
    Open,
    /// Ask where to save.
    Save,
    /// Fill the screen.
    Fullscreen,
    /// Choose the photo so many places further on.
    Scrub(isize),
    /// Look at the held-out photo that looks worst next.
    NextWorst,
    /// Put the photo away that is compared.
    LeaveCompare,
    /// Hold the optimisation, or let it go on.
    Pause,
    /// Take a tool in hand.
    Use(Tool),
    /// Take the last edit back.
    Undo,
    /// Do the edit again that was taken back.
    Redo,
    /// Delete what is selected.
    Delete,
    /// Select everything.
    SelectAll,
    /// Select nothing.
    SelectNone,
    /// Select what is not.
    SelectInverse,
    /// Do not show what is selected.
    Hide,
    /// Show all that was hidden.
    ShowAll,
    /// Add the present view to the camera path.
    AddKeyframe,
}

impl Deed {
    /// As a wish; `style` is how [`Deed::Style`] becomes one, as settings change as a whole.
    pub(crate) fn action(self, style: impl Fn(Style) -> Action) -> Action {
        match self {
            Self::Style(it) => style(it),
            Self::Toggle(it) => Action::Toggle(it),
            Self::Move(it) => Action::Move(it),
            Self::Flip(it) => Action::Flip(it),
            Self::Open => Action::AskForFile,
            Self::Save => Action::AskWhereToSave,
            Self::Fullscreen => Action::FlipFullscreen,
            Self::Scrub(by) => Action::Scrub(by),
            Self::NextWorst => Action::NextWorst,
            Self::LeaveCompare => Action::LeaveCompare,
            Self::Pause => Action::FlipPause,
            Self::Use(tool) => Action::Edit(EditAction::Use(tool)),
            Self::Undo => Action::Edit(EditAction::Undo),
            Self::Redo => Action::Edit(EditAction::Redo),
            Self::Delete => edit(EditOp::Delete),
            Self::SelectAll => edit(EditOp::SelectAll),
            Self::SelectNone => edit(EditOp::SelectNone),
            Self::SelectInverse => edit(EditOp::SelectInverse),
            Self::Hide => edit(EditOp::Hide),
            Self::ShowAll => edit(EditOp::ShowAll),
            Self::AddKeyframe => Action::CameraPath(ShowAction::Add),
        }
    }
}

fn edit(op: EditOp) -> Action {
    Action::Edit(EditAction::Do(Box::new(op)))
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What sets it off.
    pub trigger: Trigger,
    /// What it does, in words.
    pub does: &'static str,
    /// What it does.
    pub effect: Effect,
}

/// A group of bindings, as the cheat sheet shows it.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its heading.
    pub title: &'static str,
    /// Its lines.
    pub bindings: &'static [Binding],
}

/// Everything that keys and mouse do.
pub const GROUPS: &[Group] = &[
    Group {
        title: "Camera",
        bindings: CAMERA,
    },
    Group {
        title: "Fly",
        bindings: FLY,
    },
    Group {
        title: "Show",
        bindings: SHOW,
    },
    Group {
        title: "Photos",
        bindings: PHOTOS,
    },
    Group {
        title: "Edit",
        bindings: EDIT,
    },
    Group {
        title: "Program",
        bindings: PROGRAM,
    },
];

/// All bindings.
pub fn all() -> impl Iterator<Item = &'static Binding> {
    GROUPS.iter().flat_map(|it| it.bindings)
}

const NONE: Modifiers = Modifiers::NONE;

const CAMERA: &[Binding] = &[
    drag(NONE, PointerButton::Primary, "Orbit", DragKind::Orbit),
    drag(NONE, PointerButton::Secondary, "Pan", DragKind::Pan),
    drag(NONE, PointerButton::Middle, "Pan", DragKind::Pan),
    drag(
        Modifiers::SHIFT,
        PointerButton::Primary,
        "Pan",
        DragKind::Pan,
    ),
    drag(
        Modifiers::ALT,
        PointerButton::Primary,
        "Look around",
        DragKind::Look,
    ),
    Binding {
        trigger: Trigger::DragWhileHolding(PointerButton::Secondary),
        does: "Look around while flying",
        effect: Effect::Drag(DragKind::Look),
    },
    Binding {
        trigger: Trigger::Wheel(NONE),
        does: "Zoom towards the pointer",
        effect: Effect::Wheel(WheelKind::Zoom),
    },
    Binding {
        trigger: Trigger::Wheel(Modifiers::COMMAND),
        does: "Roll",
        effect: Effect::Wheel(WheelKind::Roll),
    },
    Binding {
        trigger: Trigger::DoubleClick,
        does: "Turn about this point",
        effect: Effect::PickPivot,
    },
    press(
        NONE,
        Key::F,
        "Focus on the main part",
        Deed::Move(CameraMove::Focus),
    ),
    press(
        Modifiers::SHIFT,
        Key::F,
        "Frame every splat",
        Deed::Move(CameraMove::FrameAll),
    ),
    press(NONE, Key::Home, "First view", Deed::Move(CameraMove::Home)),
    press(NONE, Key::K, "Add a keyframe", Deed::AddKeyframe),
];

const FLY: &[Binding] = &[
    fly(Key::W, "Forward", Vec3::Z),
    fly(Key::S, "Back", Vec3::NEG_Z),
    fly(Key::A, "Left", Vec3::NEG_X),
    fly(Key::D, "Right", Vec3::X),
    fly(Key::E, "Up", Vec3::NEG_Y),
    fly(Key::Q, "Down", Vec3::Y),
    Binding {
        trigger: Trigger::HoldWith(Modifiers::SHIFT),
        does: "Four times as fast",
        effect: Effect::FlySpeed(4.0),
    },
    Binding {
        trigger: Trigger::HoldWith(Modifiers::ALT),
        does: "A quarter as fast",
        effect: Effect::FlySpeed(0.25),
    },
];

const SHOW: &[Binding] = &[
    press(NONE, Key::Num1, "Splats", Deed::Style(Style::ALL[0])),
    press(NONE, Key::Num2, "Points", Deed::Style(Style::ALL[1])),
    press(NONE, Key::Num3, "Ellipsoids", Deed::Style(Style::ALL[2])),
    press(NONE, Key::Num4, "Depth", Deed::Style(Style::ALL[3])),
    press(NONE, Key::Num5, "Normals", Deed::Style(Style::ALL[4])),
    press(NONE, Key::Num6, "Alpha", Deed::Style(Style::ALL[5])),
    press(NONE, Key::Num7, "Axis normals", Deed::Style(Style::ALL[6])),
    press(
        Modifiers::SHIFT,
        Key::G,
        "Grid",
        Deed::Toggle(Overlay::Grid),
    ),
    press(
        NONE,
        Key::Tab,
        "All overlays (pointer over the scene)",
        Deed::Toggle(Overlay::All),
    ),
];

const PHOTOS: &[Binding] = &[
    press(NONE, Key::ArrowLeft, "The photo before", Deed::Scrub(-1)),
    press(NONE, Key::ArrowRight, "The next photo", Deed::Scrub(1)),
    press(
        NONE,
        Key::N,
        "The next worst held-out photo",
        Deed::NextWorst,
    ),
    press(
        NONE,
        Key::Escape,
        "Back from photo to scene",
        Deed::LeaveCompare,
    ),
    press(NONE, Key::P, "Pause the optimisation", Deed::Pause),
];

const EDIT: &[Binding] = &[
    press(NONE, Key::R, "Rectangle", Deed::Use(Tool::Rectangle)),
    press(NONE, Key::L, "Lasso", Deed::Use(Tool::Lasso)),
    press(NONE, Key::O, "Polygon", Deed::Use(Tool::Polygon)),
    press(NONE, Key::B, "Brush", Deed::Use(Tool::Brush)),
    press(NONE, Key::C, "Box", Deed::Use(Tool::Box)),
    press(Modifiers::SHIFT, Key::C, "Ball", Deed::Use(Tool::Ball)),
    press(NONE, Key::M, "Move", Deed::Use(Tool::Move)),
    press(Modifiers::SHIFT, Key::M, "Turn", Deed::Use(Tool::Turn)),
    press(Modifiers::SHIFT, Key::R, "Scale", Deed::Use(Tool::Scale)),
    press(NONE, Key::V, "Look", Deed::Use(Tool::Look)),
    press(Modifiers::COMMAND, Key::Z, "Undo", Deed::Undo),
    press(
        Modifiers::COMMAND.plus(Modifiers::SHIFT),
        Key::Z,
        "Redo",
        Deed::Redo,
    ),
    press(Modifiers::COMMAND, Key::Y, "Redo", Deed::Redo),
    press(NONE, Key::Delete, "Delete the selection", Deed::Delete),
    press(Modifiers::COMMAND, Key::A, "Select all", Deed::SelectAll),
    press(
        Modifiers::COMMAND.plus(Modifiers::SHIFT),
        Key::A,
        "Select nothing",
        Deed::SelectNone,
    ),
    press(
        Modifiers::COMMAND,
        Key::I,
        "Invert the selection",
        Deed::SelectInverse,
    ),
    press(NONE, Key::H, "Hide the selection", Deed::Hide),
    press(Modifiers::SHIFT, Key::H, "Show all", Deed::ShowAll),
];

const PROGRAM: &[Binding] = &[
    press(Modifiers::COMMAND, Key::O, "Open a file", Deed::Open),
    press(Modifiers::COMMAND, Key::S, "Save", Deed::Save),
    press(NONE, Key::F1, "This sheet", Deed::Flip(Pane::CheatSheet)),
    press(
        NONE,
        Key::Questionmark,
        "This sheet",
        Deed::Flip(Pane::CheatSheet),
    ),
    press(NONE, Key::F11, "Fill the screen", Deed::Fullscreen),
];

const fn press(modifiers: Modifiers, key: Key, does: &'static str, deed: Deed) -> Binding {
    Binding {
        trigger: Trigger::Press(modifiers, key),
        does,
        effect: Effect::Act(deed),
    }
}

const fn fly(key: Key, does: &'static str, axis: Vec3) -> Binding {
    Binding {
        trigger: Trigger::Hold(key),
        does,
        effect: Effect::Fly(axis),
    }
}

const fn drag(
    modifiers: Modifiers,
    button: PointerButton,
    does: &'static str,
    kind: DragKind,
) -> Binding {
    Binding {
        trigger: Trigger::Drag(modifiers, button),
        does,
        effect: Effect::Drag(kind),
    }
}

/// Whether held modifiers are those of a [`Trigger::Press`]. Where `?` lies with or without Shift
/// depends on the keyboard.
pub(crate) fn pressed_with(held: Modifiers, wanted: Modifiers, key: Key) -> bool {
    match key {
        Key::Questionmark => held.matches_logically(wanted),
        _ => held.matches_exact(wanted),
    }
}

impl Trigger {
    /// As a person reads it on this keyboard.
    pub fn label(self, is_mac: bool) -> String {
        let with = |modifiers: Modifiers, what: &str| {
            let mut parts = Vec::new();
            if modifiers.command {
                parts.push(if is_mac { "⌘" } else { "Ctrl" });
            }
            if modifiers.alt {
                parts.push(if is_mac { "Option" } else { "Alt" });
            }
            if modifiers.shift {
                parts.push("Shift");
            }
            parts.push(what);
            parts.join(" + ")
        };
        match self {
            Self::Press(modifiers, key) => with(modifiers, key_name(key)),
            Self::Hold(key) => key_name(key).to_owned(),
            Self::HoldWith(modifiers) => with(modifiers, "fly"),
            Self::Drag(modifiers, button) => with(modifiers, button_name(button)),
            Self::DragWhileHolding(button) => format!("fly + {}", button_name(button)),
            Self::Wheel(modifiers) => with(modifiers, "wheel"),
            Self::DoubleClick => "double click".to_owned(),
        }
    }
}

fn key_name(key: Key) -> &'static str {
    match key {
        Key::Questionmark => "?",
        _ => key.name(),
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

/// The keys that do this, for menus; empty where there are none.
pub fn shortcut(deed: Deed, is_mac: bool) -> String {
    all()
        .find(|it| it.effect == Effect::Act(deed))
        .map(|it| it.trigger.label(is_mac))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trigger_is_bound_twice() {
        let triggers: Vec<Trigger> = all().map(|it| it.trigger).collect();
        for (i, trigger) in triggers.iter().enumerate() {
            assert!(!triggers[..i].contains(trigger), "{trigger:?}");
        }
    }

    #[test]
    fn keys_that_fly_do_nothing_else_without_modifiers() {
        let flying = all().filter_map(|it| match it.trigger {
            Trigger::Hold(key) => Some(key),
            _ => None,
        });
        for key in flying {
            let clash = |it: &&Binding| it.trigger == Trigger::Press(NONE, key);
            assert!(all().find(clash).is_none(), "{key:?}");
        }
    }

    #[test]
    fn styles_have_the_keys_of_their_order() {
        for (style, name) in Style::ALL
            .into_iter()
            .zip(["1", "2", "3", "4", "5", "6", "7"])
        {
            assert_eq!(shortcut(Deed::Style(style), false), name);
            let binding = all().find(|it| it.effect == Effect::Act(Deed::Style(style)));
            assert_eq!(binding.map(|it| it.does), Some(style.label()));
        }
    }

    #[test]
    fn labels_read_well() {
        assert_eq!(shortcut(Deed::Open, false), "Ctrl + O");
        assert_eq!(shortcut(Deed::Open, true), "⌘ + O");
        let pan = Trigger::Drag(Modifiers::SHIFT, PointerButton::Primary);
        assert_eq!(pan.label(false), "Shift + left drag");
        assert!(pressed_with(Modifiers::SHIFT, NONE, Key::Questionmark));
        assert!(!pressed_with(Modifiers::SHIFT, NONE, Key::F));
    }
}
