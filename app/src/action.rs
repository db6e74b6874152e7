//! What panels and keys ask of the app. One place runs them: `app::logic`.

use recon::io::SplatFormat;
use recon::worker::{Command, EngineChoice};

use crate::settings::{Overlay, Settings};

/// A wish of the user. Panels only emit them.
#[derive(Clone, Debug)]
pub enum Action {
    /// Something for the worker.
    Send(Command),
    /// Choose a file to open in the system's dialog.
    AskForFile,
    /// Choose a folder of photos to open in the system's dialog.
    AskForFolder,
    /// Choose where to save in the system's dialog.
    AskWhereToSave,
    /// Open the file whose path stands in the path field.
    OpenTypedPath,
    /// Save what is shown to the path in the export field.
    Save,
    /// The text of the path field.
    EditOpenPath(String),
    /// The text of the export field.
    EditExportPath(String),
    /// The format to save in.
    ChooseExportFormat(SplatFormat),
    /// New settings, as a whole: what a widget changed is part of them.
    Change(Box<Settings>),
    /// Show or hide one overlay.
    Toggle(Overlay),
    /// Move the camera.
    Move(CameraMove),
    /// Look through the camera of a posed photo, by its index among the views.
    LookThrough(usize),
    /// The engine that is to look for poses.
    ChooseEngine(EngineChoice),
    /// Leave out cameras that are far from all others, or take them back.
    IgnoreOutliers(bool),
    /// Show or hide a window.
    Show(Pane, bool),
    /// The other of shown and hidden.
    Flip(Pane),
    /// Fill the screen, or stop doing so.
    FlipFullscreen,
    /// Remove the error bar.
    DismissError,
    /// Forget the files that were open before.
    ForgetRecents,
    /// Draw with this graphics adapter from the next start on; `None` for the best.
    KeepAdapter(Option<String>),
    /// Close the scene and show the first screen.
    CloseScene,
    /// End the program.
    Quit,
}

/// Where the camera goes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameraMove {
    /// The view that a scene begins with.
    Home,
    /// Keep the direction, see the main part of the scene.
    Focus,
    /// Keep the direction, see every splat.
    FrameAll,
    /// Keep position and direction, no roll.
    Level,
}

/// A part of the window that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// Settings and facts at the right.
    Inspector,
    /// Messages at the bottom.
    Log,
    /// Time of each kernel.
    Timings,
    /// Keys and mouse.
    CheatSheet,
    /// The field to type a path into.
    OpenPath,
}
