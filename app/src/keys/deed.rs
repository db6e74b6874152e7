//! Everything that a key, a menu or the palette can do at once: one table, a line for each.

use eframe::egui::{Key, Modifiers};
use glam::Vec3;
use recon::edit::EditOp;
use recon::worker::Command;
use render::{CompareMode, Style};

use super::Chord;
use crate::action::{Action, CameraMove, Pane, ShowAction};
use crate::editor::{EditAction, Tool};
use crate::optimise::{Phase, Run};
use crate::panels::top_bar::DEMO;
use crate::settings::Overlay;
use crate::state::AppState;

/// A part of the table, as the sheet shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Where the camera stands.
    Camera,
    /// Keys that move the camera while they are held.
    Fly,
    /// How the scene is drawn, and what lies over it.
    Show,
    /// Photos, and what is made of them.
    Photos,
    /// Tools, selections, edits.
    Edit,
    /// Files, windows, the program itself.
    Program,
}

impl Group {
    /// All of them, in the order of the sheet.
    pub const ALL: [Self; 6] = [
        Self::Camera,
        Self::Fly,
        Self::Show,
        Self::Photos,
        Self::Edit,
        Self::Program,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Camera => "Camera",
            Self::Fly => "Fly",
            Self::Show => "Show",
            Self::Photos => "Photos",
            Self::Edit => "Edit",
            Self::Program => "Program",
        }
    }

    /// What belongs to it.
    pub fn deeds(self) -> impl Iterator<Item = Deed> {
        Deed::ALL
            .iter()
            .copied()
            .filter(move |it| it.group() == self)
    }
}

/// A line is: name in the code, name in stored settings, group, words for a person, keys of the
/// preset "Accrete", and what is asked for, or `None` where it cannot be done now.
macro_rules! deeds {
    ($($deed:ident $name:literal $group:ident $does:literal [$($key:expr),*] $action:expr;)*) => {
        /// Something that a key, a menu or the palette does at once, or a key while it is held.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Deed {
            $(#[doc = $does] $deed,)*
        }

        impl Deed {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$deed,)*];

            /// What it is called in stored settings: it never changes.
            pub fn name(self) -> &'static str {
                match self { $(Self::$deed => $name,)* }
            }

            /// What a person calls it.
            pub fn does(self) -> &'static str {
                match self { $(Self::$deed => $does,)* }
            }

            /// The part of the table that it stands in.
            pub fn group(self) -> Group {
                match self { $(Self::$deed => Group::$group,)* }
            }

            /// Its keys in the preset "Accrete".
            pub(super) fn own_keys(self) -> &'static [Chord] {
                match self {
                    $(Self::$deed => { const KEYS: &[Chord] = &[$($key),*]; KEYS })*
                }
            }

            /// What it asks for; `None` where it cannot be done now.
            pub fn action(self, state: &AppState) -> Option<Action> {
                let action: fn(&AppState) -> Option<Action> = match self {
                    $(Self::$deed => $action,)*
                };
                action(state)
            }
        }
    };
}

deeds! {
    Focus "focus" Camera "Focus on the main part" [key(Key::F)] |s| go(s, CameraMove::Focus);
    FrameAll "frame-all" Camera "Frame every splat" [shift(Key::F)] |s| go(s, CameraMove::FrameAll);
    Home "home" Camera "First view" [key(Key::Home)] |s| go(s, CameraMove::Home);
    Level "level" Camera "Level the horizon" [] |s| go(s, CameraMove::Level);

    FlyForward "fly-forward" Fly "Forward" [key(Key::W)] |_| None;
    FlyBack "fly-back" Fly "Back" [key(Key::S)] |_| None;
    FlyLeft "fly-left" Fly "Left" [key(Key::A)] |_| None;
    FlyRight "fly-right" Fly "Right" [key(Key::D)] |_| None;
    FlyUp "fly-up" Fly "Up" [key(Key::E)] |_| None;
    FlyDown "fly-down" Fly "Down" [key(Key::Q)] |_| None;

    Splats "splats" Show "Splats" [key(Key::Num1)] |s| Some(style(s, Style::Splats));
    Points "points" Show "Points" [key(Key::Num2)] |s| Some(style(s, Style::Points));
    Ellipsoids "ellipsoids" Show "Ellipsoids" [key(Key::Num3)] |s| Some(style(s, Style::Ellipsoids));
    Depth "depth" Show "Depth" [key(Key::Num4)] |s| Some(style(s, Style::Depth));
    Normals "normals" Show "Normals" [key(Key::Num5)] |s| Some(style(s, Style::Normals));
    Alpha "alpha" Show "Alpha" [key(Key::Num6)] |s| Some(style(s, Style::Alpha));
    AxisNormals "axis-normals" Show "Axis normals" [key(Key::Num7)] |s| Some(style(s, Style::AxisNormals));
    Grid "grid" Show "Grid" [shift(Key::G)] |_| Some(Action::Toggle(Overlay::Grid));
    Overlays "overlays" Show "All overlays" [key(Key::Tab)] |_| Some(Action::Toggle(Overlay::All));
    Inspector "inspector" Show "Inspector" [] |_| Some(Action::Flip(Pane::Inspector));
    Messages "messages" Show "Messages" [] |_| Some(Action::Flip(Pane::Log));
    FilmStrip "film-strip" Show "Film strip" [] |_| Some(Action::Flip(Pane::FilmStrip));
    Timings "timings" Show "Kernel timings" [] |_| Some(Action::Flip(Pane::Timings));
    Fullscreen "fullscreen" Show "Full screen" [key(Key::F11)] |_| Some(Action::FlipFullscreen);

    PhotoBefore "photo-before" Photos "The photo before" [key(Key::ArrowLeft)] |s| posed(s, Action::Scrub(-1));
    PhotoNext "photo-next" Photos "The next photo" [key(Key::ArrowRight)] |s| posed(s, Action::Scrub(1));
    NextWorst "next-worst" Photos "The next worst held-out photo" [key(Key::N)] |s| posed(s, Action::NextWorst);
    LeaveCompare "leave-compare" Photos "Back from photo to scene" [key(Key::Escape)] |s| compared(s, Action::LeaveCompare);
    ComparePhoto "compare-photo" Photos "Compare: the photo" [] |s| compared(s, Action::CompareAs(CompareMode::Photo));
    CompareRender "compare-render" Photos "Compare: the render" [] |s| compared(s, Action::CompareAs(CompareMode::Render));
    CompareBoth "compare-both" Photos "Compare: side by side" [] |s| compared(s, Action::CompareAs(CompareMode::SideBySide));
    CompareWipe "compare-wipe" Photos "Compare: wipe" [] |s| compared(s, Action::CompareAs(CompareMode::Wipe));
    CompareDifference "compare-difference" Photos "Compare: difference" [] |s| compared(s, Action::CompareAs(CompareMode::Difference));
    Start "start" Photos "Start making splats" [] start;
    Pause "pause" Photos "Pause the optimisation, or go on" [key(Key::P)] |s| running(s, Action::FlipPause);
    Stop "stop" Photos "Stop and keep what there is" [] stop;
    Evaluate "evaluate" Photos "Evaluate now" [] |s| optimising(s, Command::Evaluate);
    Snapshot "snapshot" Photos "Snapshot now" [] |s| optimising(s, Command::TakeSnapshot);
    Checkpoint "checkpoint" Photos "Checkpoint now" [] |s| optimising(s, Command::SaveCheckpoint);

    UseLook "tool-look" Edit "Look" [key(Key::V)] |s| tool(s, Tool::Look);
    UseRectangle "tool-rectangle" Edit "Select by rectangle" [key(Key::R)] |s| tool(s, Tool::Rectangle);
    UseLasso "tool-lasso" Edit "Select by lasso" [key(Key::L)] |s| tool(s, Tool::Lasso);
    UsePolygon "tool-polygon" Edit "Select by polygon" [key(Key::O)] |s| tool(s, Tool::Polygon);
    UseBrush "tool-brush" Edit "Select by brush" [key(Key::B)] |s| tool(s, Tool::Brush);
    UseBox "tool-box" Edit "Shape a box" [key(Key::C)] |s| tool(s, Tool::Box);
    UseBall "tool-ball" Edit "Shape a ball" [shift(Key::C)] |s| tool(s, Tool::Ball);
    UseColour "tool-colour" Edit "Select by colour" [key(Key::I)] |s| tool(s, Tool::Colour);
    UsePoints "tool-measure" Edit "Measure" [shift(Key::L)] |s| tool(s, Tool::Points);
    UseMove "tool-move" Edit "Move" [key(Key::M)] |s| tool(s, Tool::Move);
    UseTurn "tool-turn" Edit "Turn" [shift(Key::M)] |s| tool(s, Tool::Turn);
    UseScale "tool-scale" Edit "Scale" [shift(Key::R)] |s| tool(s, Tool::Scale);
    Undo "undo" Edit "Undo" [ctrl(Key::Z)] |s| edited(s, EditAction::Undo);
    Redo "redo" Edit "Redo" [shift_ctrl(Key::Z), ctrl(Key::Y)] |s| edited(s, EditAction::Redo);
    Delete "delete" Edit "Delete the selection" [key(Key::Delete)] |s| done(s, EditOp::Delete);
    SelectAll "select-all" Edit "Select all" [ctrl(Key::A)] |s| done(s, EditOp::SelectAll);
    SelectNone "select-none" Edit "Select nothing" [shift_ctrl(Key::A)] |s| done(s, EditOp::SelectNone);
    SelectInverse "select-inverse" Edit "Invert the selection" [ctrl(Key::I)] |s| done(s, EditOp::SelectInverse);
    Hide "hide" Edit "Hide the selection" [key(Key::H)] |s| done(s, EditOp::Hide);
    Isolate "isolate" Edit "Isolate the selection" [] |s| done(s, EditOp::Isolate);
    ShowAll "show-all" Edit "Show all that is hidden" [shift(Key::H)] |s| done(s, EditOp::ShowAll);
    Lock "lock" Edit "Lock the selection" [] |s| done(s, EditOp::Lock);
    UnlockAll "unlock-all" Edit "Unlock all" [] |s| done(s, EditOp::UnlockAll);
    Duplicate "duplicate" Edit "Duplicate the selection" [ctrl(Key::D)] |s| done(s, EditOp::Duplicate);
    Uncrop "uncrop" Edit "Remove crops" [] |s| done(s, EditOp::Uncrop);
    Merge "merge" Edit "Merge a splat file" [] |s| edited(s, EditAction::AskForMerge);
    OptimiseAgain "optimise-again" Edit "Optimise the edited scene" [] |s| edited(s, EditAction::OptimiseAgain);

    AddKeyframe "add-keyframe" Show "Add the present view to the camera path" [key(Key::K)] |_| Some(Action::CameraPath(ShowAction::Add));
    CameraPathPane "camera-path" Show "Camera path and film" [] |_| Some(Action::Flip(Pane::CameraPath));

    Open "open" Program "Open a file" [ctrl(Key::O)] |_| Some(Action::AskForFile);
    OpenFolder "open-folder" Program "Open a folder" [] |_| Some(Action::AskForFolder);
    OpenPath "open-path" Program "Open a path" [] |_| Some(Action::Show(Pane::OpenPath, true));
    Demo "demo" Program "Demo scene" [] |_| Some(Action::Send(DEMO));
    ForgetRecents "forget-recents" Program "Forget recent files" [] |_| Some(Action::ForgetRecents);
    Save "save" Program "Save as" [ctrl(Key::S)] |s| saved(s, Action::AskWhereToSave);
    SaveProject "save-project" Program "Save project" [shift_ctrl(Key::S)] |s| saved(s, Action::SaveProject);
    SaveProjectAs "save-project-as" Program "Save project as" [] |s| saved(s, Action::SaveProjectAs);
    Export "export" Program "Export" [] |s| saved(s, Action::Show(Pane::Export, true));
    Close "close" Program "Close scene" [] close;
    Cancel "cancel" Program "Cancel what the worker does" [] cancel;
    Palette "palette" Program "Command palette" [ctrl(Key::P)] |_| Some(Action::Flip(Pane::Palette));
    CheatSheet "keys" Program "Keys and mouse" [key(Key::F1), key(Key::Questionmark)] |_| Some(Action::Flip(Pane::CheatSheet));
    Quit "quit" Program "Quit" [] |_| Some(Action::Quit);
}

impl Deed {
    /// Of this name in stored settings.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }

    /// The camera axis along which it flies (x right, y down, z forward) while its key is held.
    pub fn direction(self) -> Option<Vec3> {
        match self {
            Self::FlyForward => Some(Vec3::Z),
            Self::FlyBack => Some(Vec3::NEG_Z),
            Self::FlyLeft => Some(Vec3::NEG_X),
            Self::FlyRight => Some(Vec3::X),
            Self::FlyUp => Some(Vec3::NEG_Y),
            Self::FlyDown => Some(Vec3::Y),
            _ => None,
        }
    }

    /// Takes this tool in hand.
    pub fn of_tool(tool: Tool) -> Self {
        match tool {
            Tool::Look => Self::UseLook,
            Tool::Rectangle => Self::UseRectangle,
            Tool::Lasso => Self::UseLasso,
            Tool::Polygon => Self::UsePolygon,
            Tool::Brush => Self::UseBrush,
            Tool::Box => Self::UseBox,
            Tool::Ball => Self::UseBall,
            Tool::Colour => Self::UseColour,
            Tool::Points => Self::UsePoints,
            Tool::Move => Self::UseMove,
            Tool::Turn => Self::UseTurn,
            Tool::Scale => Self::UseScale,
        }
    }

    /// Draws in this style.
    pub fn of_style(style: Style) -> Self {
        match style {
            Style::Splats => Self::Splats,
            Style::Points => Self::Points,
            Style::Ellipsoids => Self::Ellipsoids,
            Style::Depth => Self::Depth,
            Style::Normals => Self::Normals,
            Style::AxisNormals => Self::AxisNormals,
            Style::Alpha => Self::Alpha,
        }
    }
}

const fn key(key: Key) -> Chord {
    Chord::plain(key)
}

const fn shift(key: Key) -> Chord {
    Chord::with(Modifiers::SHIFT, key)
}

const fn ctrl(key: Key) -> Chord {
    Chord::with(Modifiers::COMMAND, key)
}

const fn shift_ctrl(key: Key) -> Chord {
    Chord::with(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

fn tool(state: &AppState, tool: Tool) -> Option<Action> {
    edited(state, EditAction::Use(tool))
}

fn done(state: &AppState, op: EditOp) -> Option<Action> {
    edited(state, EditAction::Do(Box::new(op)))
}

/// Where the scene can be edited.
fn edited(state: &AppState, action: EditAction) -> Option<Action> {
    state.can_edit().then_some(Action::Edit(action))
}

fn style(state: &AppState, style: Style) -> Action {
    let settings = state.settings.clone().with_style(style);
    Action::Change(Box::new(settings))
}

fn go(state: &AppState, to: CameraMove) -> Option<Action> {
    state.scene.as_ref().map(|_| Action::Move(to))
}

/// Where posed photos are open.
fn posed(state: &AppState, action: Action) -> Option<Action> {
    let dataset = state.project.as_ref().and_then(|it| it.dataset());
    dataset.map(|_| action)
}

fn compared(state: &AppState, action: Action) -> Option<Action> {
    state.compare.as_ref().map(|_| action)
}

/// While an optimisation or reconstruction runs or is held.
fn running(state: &AppState, action: Action) -> Option<Action> {
    let run = state.run.as_ref().filter(|it| it.can_pause());
    run.map(|_| action)
}

/// While an optimisation runs or is held.
fn optimising(state: &AppState, command: Command) -> Option<Action> {
    let is_network = state.run.as_ref().is_some_and(Run::is_reconstructing);
    running(state, Action::Send(command)).filter(|_| !is_network)
}

fn saved(state: &AppState, action: Action) -> Option<Action> {
    state.has_file().then_some(action)
}

fn start(state: &AppState) -> Option<Action> {
    posed(state, Action::Start).filter(|_| !state.is_busy())
}

fn stop(state: &AppState) -> Option<Action> {
    let run = state.run.as_ref();
    let can_stop = run.is_some_and(|it| it.is_active() && it.phase != Phase::Stopping);
    can_stop.then_some(Action::Stop)
}

fn close(state: &AppState) -> Option<Action> {
    (state.scene.is_some() || state.project.is_some()).then_some(Action::CloseScene)
}

fn cancel(state: &AppState) -> Option<Action> {
    state.job.as_ref().map(|_| Action::Send(Command::Cancel))
}
