//! What keys and mouse do at first: our own way, and those of two other programs.

use eframe::egui::{Key, Modifiers, PointerButton};

use super::gesture::{COMMON, drag};
use super::{Chord, Deed, DragKind, Gesture};

/// A set of keys and drags to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Ours.
    #[default]
    Accrete,
    /// As far as there is the like in SuperSplat.
    SuperSplat,
    /// As far as there is the like in Blender.
    Blender,
}

const NONE: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const ALT: Modifiers = Modifiers::ALT;
const CTRL: Modifiers = Modifiers::COMMAND;

const LEFT: PointerButton = PointerButton::Primary;
const RIGHT: PointerButton = PointerButton::Secondary;
const MIDDLE: PointerButton = PointerButton::Middle;

/// Keys of SuperSplat that differ from ours.
const SUPER_SPLAT: &[(Deed, &[Chord])] = &[
    (
        Deed::Home,
        &[Chord::with(SHIFT, Key::F), Chord::plain(Key::Home)],
    ),
    (Deed::FrameAll, &[]),
    (Deed::Grid, &[Chord::plain(Key::G)]),
    (
        Deed::PhotoBefore,
        &[Chord::plain(Key::Comma), Chord::plain(Key::ArrowLeft)],
    ),
    (
        Deed::PhotoNext,
        &[Chord::plain(Key::Period), Chord::plain(Key::ArrowRight)],
    ),
    (Deed::Pause, &[Chord::plain(Key::Space)]),
    (Deed::UsePolygon, &[Chord::plain(Key::P)]),
    (Deed::AddKeyframe, &[Chord::plain(Key::Enter)]),
];

/// Keys of Blender that differ from ours.
const BLENDER: &[(Deed, &[Chord])] = &[
    (Deed::Focus, &[Chord::plain(Key::Period)]),
    (Deed::FrameAll, &[Chord::plain(Key::Home)]),
    (Deed::Home, &[Chord::with(ALT, Key::Home)]),
    (Deed::Inspector, &[Chord::plain(Key::N)]),
    (Deed::NextWorst, &[Chord::with(SHIFT, Key::N)]),
    (Deed::Pause, &[Chord::plain(Key::Space)]),
    (
        Deed::Palette,
        &[Chord::plain(Key::F3), Chord::with(CTRL, Key::P)],
    ),
    (Deed::Quit, &[Chord::with(CTRL, Key::Q)]),
    (Deed::UseRectangle, &[Chord::plain(Key::B)]),
    (Deed::UseBrush, &[Chord::plain(Key::C)]),
    (Deed::UseBox, &[]),
    (Deed::UseMove, &[Chord::plain(Key::G)]),
    (Deed::UseTurn, &[Chord::plain(Key::R)]),
    (
        Deed::Delete,
        &[Chord::plain(Key::X), Chord::plain(Key::Delete)],
    ),
    (Deed::ShowAll, &[Chord::with(ALT, Key::H)]),
];

const OWN_DRAGS: &[Gesture] = &[
    drag(NONE, LEFT, DragKind::Orbit),
    drag(NONE, RIGHT, DragKind::Pan),
    drag(NONE, MIDDLE, DragKind::Pan),
    drag(SHIFT, LEFT, DragKind::Pan),
    drag(ALT, LEFT, DragKind::Look),
];

const SUPER_SPLAT_DRAGS: &[Gesture] = &[
    drag(NONE, LEFT, DragKind::Orbit),
    drag(NONE, MIDDLE, DragKind::Orbit),
    drag(NONE, RIGHT, DragKind::Pan),
    drag(SHIFT, MIDDLE, DragKind::Pan),
    drag(SHIFT, RIGHT, DragKind::Orbit),
    drag(ALT, LEFT, DragKind::Look),
];

const BLENDER_DRAGS: &[Gesture] = &[
    drag(NONE, MIDDLE, DragKind::Orbit),
    drag(SHIFT, MIDDLE, DragKind::Pan),
    drag(NONE, LEFT, DragKind::Orbit),
    drag(ALT, LEFT, DragKind::Orbit),
    drag(SHIFT, LEFT, DragKind::Pan),
    drag(NONE, RIGHT, DragKind::Look),
];

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Accrete, Self::SuperSplat, Self::Blender];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accrete => "Accrete",
            Self::SuperSplat => "SuperSplat-like",
            Self::Blender => "Blender-like",
        }
    }

    /// What it is called in stored settings.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accrete => "accrete",
            Self::SuperSplat => "supersplat",
            Self::Blender => "blender",
        }
    }

    /// The keys of a deed.
    pub fn keys(self, deed: Deed) -> &'static [Chord] {
        let other = match self {
            Self::Accrete => &[],
            Self::SuperSplat => SUPER_SPLAT,
            Self::Blender => BLENDER,
        };
        let own = other.iter().find(|it| it.0 == deed).map(|it| it.1);
        own.unwrap_or(deed.own_keys())
    }

    /// What the mouse does.
    pub fn gestures(self) -> impl Iterator<Item = &'static Gesture> {
        let drags = match self {
            Self::Accrete => OWN_DRAGS,
            Self::SuperSplat => SUPER_SPLAT_DRAGS,
            Self::Blender => BLENDER_DRAGS,
        };
        drags.iter().chain(COMMON)
    }
}
