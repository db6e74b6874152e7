//! What panels and keys ask of the app. One place runs them: `app::logic`.

use std::path::PathBuf;

use recon::io::{ExportOptions, SplatFormat};
use recon::worker::{Adjustment, Command, EngineChoice};
use render::CompareMode;

use crate::editor::EditAction;
use crate::keys::{Deed, Preset};
use crate::leaving::Answer;
use crate::optimise::{Plan, When};
use crate::palette::Palette;
use crate::settings::{Overlay, Settings};
use crate::state::Show;

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
    /// What is changed on the way to the file.
    EditExportOptions(ExportOptions),
    /// Settings of the next optimisation or reconstruction, as a whole.
    EditPlan(Box<Plan>),
    /// Choose a file of the network in the system's dialog.
    AskForNetwork(NetworkFile),
    /// Make splats of the photos that are open, as planned.
    Start,
    /// Change a setting of the running optimisation.
    Adjust(Adjustment),
    /// Hold the optimisation, or let it go on.
    FlipPause,
    /// End the optimisation; it keeps what there is.
    Stop,
    /// Go back to the snapshot of then, or to the present.
    ShowMoment(Option<When>),
    /// How photo and render are shown.
    CompareAs(CompareMode),
    /// Where the wiped photo ends, 0 to 1 from the left.
    Wipe(f32),
    /// The camera is free again.
    LeaveCompare,
    /// Look at the held-out photo that looks worst, or worst after this one.
    NextWorst,
    /// Choose a view.
    SelectView(usize),
    /// Choose the view so many places further on.
    Scrub(isize),
    /// What is to happen to work that was not exported.
    Leave(Answer),
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
    /// Write the project to its folder; ask for one where there is none yet.
    SaveProject,
    /// Choose another folder for the project in the system's dialog.
    SaveProjectAs,
    /// Do away with edits that an earlier run did not come to save.
    ForgetRecovered,
    /// Something about edits of the scene.
    Edit(EditAction),
    /// Something about the camera path, films and pictures.
    CameraPath(ShowAction),
    /// Show or hide a window.
    Show(Pane, bool),
    /// The other of shown and hidden.
    Flip(Pane),
    /// Change what keys do.
    EditKeys(KeyEdit),
    /// What is typed and chosen in the palette.
    EditPalette(Palette),
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

/// What is asked of the camera path.
#[derive(Clone, Debug)]
pub enum ShowAction {
    /// New settings and keyframes, as a whole: what a widget changed is part of them.
    Edit(Box<Show>),
    /// Add the present view as the last keyframe.
    Add,
    /// Give a keyframe the present view.
    Update(usize),
    /// Stand where the path's camera is at a time, in seconds.
    Seek(f64),
    /// Go along the path, or stop doing so.
    FlipPlay,
    /// Make a path around the scene.
    Turntable,
    /// Make a path along the cameras of the photos.
    ThroughPhotos,
    /// Choose a file in the system's dialog.
    Ask(ShowFile),
    /// Take the camera path of a file in the place of what there is.
    OpenPath(PathBuf),
    /// Write the camera path to a file.
    SavePath(PathBuf),
    /// Write the film.
    RenderFilm,
    /// Write a picture of the present view.
    RenderPicture,
}

/// A file of the camera path, or of what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowFile {
    /// Where the film goes.
    Film,
    /// Where the picture goes.
    Picture,
    /// A camera path to open.
    OpenPath,
    /// Where the camera path goes.
    SavePath,
}

/// A file of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkFile {
    /// Its weights.
    Weights,
    /// Its settings.
    Config,
}

/// A change of what keys do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEdit {
    /// The next key that is pressed becomes the deed's key at this place, or one more.
    Listen(Deed, usize),
    /// It does not.
    Ignore,
    /// Take the deed's key at this place away.
    Unbind(Deed, usize),
    /// Begin with another preset, without changes.
    Choose(Preset),
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
    /// Format, box, axes and place of an export.
    Export,
    /// Small copies of the photos.
    FilmStrip,
    /// Camera path and film.
    CameraPath,
    /// Everything that can be done, by its name.
    Palette,
}
