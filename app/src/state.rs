//! What panels read: the scene, the job, messages, settings, and how the last frame went.

use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam::Vec3;
use recon::io::{SplatFormat, losses};
use recon::worker::{Progress, Snapshot};
use render::FrameStats;
use render::gpu::Capabilities;

use crate::project::{Project, Source};
use crate::settings::Settings;
use crate::viewport::navigate::Extent;

/// Messages that are kept.
const MAX_MESSAGES: usize = 500;

/// The formats that are offered for saving: the format, the ending of its files, what a person
/// calls it.
pub const EXPORT_FORMATS: [(SplatFormat, &str, &str); 6] = [
    (SplatFormat::Ply, ".ply", ".ply"),
    (
        SplatFormat::CompressedPly,
        ".compressed.ply",
        ".compressed.ply",
    ),
    (SplatFormat::Splat, ".splat", ".splat"),
    (SplatFormat::Spz { version: 4 }, ".spz", ".spz"),
    (
        SplatFormat::Spz { version: 3 },
        ".spz",
        ".spz (version 3, older programs)",
    ),
    (SplatFormat::Sog, ".sog", ".sog"),
];

/// Everything that panels show.
#[derive(Clone, Debug)]
pub struct AppState {
    /// What draws.
    pub adapter: Capabilities,
    /// Names of all graphics adapters, best first.
    pub adapters: Vec<String>,
    /// The one that is to draw from the next start on; `None` for the best.
    pub kept_adapter: Option<String>,
    /// What is remembered.
    pub settings: Settings,
    /// What is shown; `None` is the first screen.
    pub scene: Option<Scene>,
    /// Photos that are open, with or without a scene.
    pub project: Option<Project>,
    /// What the worker does.
    pub job: Option<Progress>,
    /// What happened, oldest first.
    pub messages: Vec<Message>,
    /// What failed last, until it is dismissed.
    pub error: Option<String>,
    /// Text of the path field.
    pub open_path: String,
    /// Where to save, and as what.
    pub export: Export,
    /// The last frame.
    pub frame: FrameReport,
    /// Windows that are not remembered.
    pub panes: Panes,
    /// Whether files can be dropped on the window: not where only Wayland is.
    pub accepts_drops: bool,
    /// Whether this is a Mac's keyboard.
    pub is_mac: bool,
}

/// Windows that begin hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// Keys and mouse.
    pub cheat_sheet: bool,
    /// Time of each kernel.
    pub timings: bool,
    /// The field to type a path into.
    pub open_path: bool,
}

/// A scene that is shown.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What to draw.
    pub snapshot: Snapshot,
    /// The main part of it.
    pub main_part: Extent,
    /// All of it.
    pub whole: Extent,
    /// These are known points, not splats: there is nothing to save.
    pub is_sparse: bool,
}

impl Scene {
    /// What the worker has put on the GPU and measured.
    pub fn new(snapshot: Snapshot) -> Self {
        let extent = |bounds: Option<_>| {
            let (low, high) = bounds.unwrap_or_default();
            Extent { low, high }
        };
        Self {
            main_part: extent(snapshot.main_bounds),
            whole: extent(snapshot.bounds),
            snapshot,
            is_sparse: false,
        }
    }
}

/// What the inspector's export part shows.
#[derive(Clone, Debug)]
pub struct Export {
    /// The format to save in.
    pub format: SplatFormat,
    /// Where to.
    pub path: String,
    /// What the format cannot hold, in words.
    pub losses: Vec<String>,
    /// What was saved last, until something else is chosen.
    pub saved: Option<String>,
}

impl Default for Export {
    fn default() -> Self {
        Self {
            format: SplatFormat::Ply,
            path: String::new(),
            losses: Vec::new(),
            saved: None,
        }
    }
}

impl Export {
    /// The ending of the format's files.
    pub fn ending(&self) -> &'static str {
        self.offered().1
    }

    /// What a person calls the format.
    pub fn label(&self) -> &'static str {
        self.offered().2
    }

    fn offered(&self) -> (SplatFormat, &'static str, &'static str) {
        let mut offered = EXPORT_FORMATS.into_iter();
        offered
            .find(|(format, ..)| *format == self.format)
            .unwrap_or(EXPORT_FORMATS[0])
    }

    /// Another format: the path gets its ending, the losses are those of the scene.
    pub(crate) fn choose(&mut self, format: SplatFormat, scene: Option<&Scene>) {
        let stem = without_ending(&self.path).to_owned();
        self.format = format;
        self.saved = None;
        if !stem.is_empty() {
            self.path = stem + self.ending();
        }
        self.losses = scene.map_or_else(Vec::new, |it| losses(&it.snapshot.file, format));
    }

    /// A path typed or chosen by the user; its ending chooses the format.
    pub(crate) fn go_to(&mut self, path: String, scene: Option<&Scene>) {
        self.path = path;
        self.saved = None;
        // An ending does not tell the version: the one that was chosen stays.
        if let Ok(format) = SplatFormat::from_path(Path::new(&self.path))
            && discriminant(&format) != discriminant(&self.format)
        {
            self.format = format;
            self.losses = scene.map_or_else(Vec::new, |it| losses(&it.snapshot.file, format));
        }
    }

    /// Beside the file that was opened, under another name.
    pub(crate) fn propose(&mut self, scene: &Scene) {
        let folder = scene.snapshot.path.as_deref().and_then(Path::parent);
        let name = &scene.snapshot.name;
        let name = format!("{} copy{}", without_ending(name), self.ending());
        let path = folder.map_or_else(|| PathBuf::from(&name), |it| it.join(&name));
        self.path = path.to_string_lossy().into_owned();
        self.losses = losses(&scene.snapshot.file, self.format);
        self.saved = None;
    }
}

/// `path` without the ending of a splat file.
fn without_ending(path: &str) -> &str {
    let lower = path.to_ascii_lowercase();
    EXPORT_FORMATS
        .iter()
        .map(|(_, ending, _)| ending)
        .filter(|it| lower.ends_with(**it))
        .max_by_key(|it| it.len())
        .map_or(path, |it| &path[..path.len() - it.len()])
}

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gravity {
    /// Something was done.
    Note,
    /// Something is odd.
    Warning,
    /// Something failed.
    Failure,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How grave it is.
    pub gravity: Gravity,
    /// In words.
    pub text: String,
}

/// How the last frames went.
#[derive(Clone, Debug, Default)]
pub struct FrameReport {
    /// Numbers from the GPU.
    pub stats: FrameStats,
    /// From handing a frame to the GPU until it was done, in milliseconds.
    pub latency_ms: Option<f32>,
    /// Frames per second while frames follow each other; `None` while nothing moves.
    pub fps: Option<f32>,
    /// Size of the frame's arrays and of the splats, on the GPU.
    pub bytes: u64,
    /// The frame has a pixel for this many of the screen's, along each axis.
    pub reduction: u32,
}

impl AppState {
    /// Before anything is open.
    pub fn new(adapter: Capabilities, settings: Settings) -> Self {
        Self {
            adapter,
            adapters: Vec::new(),
            kept_adapter: None,
            settings,
            scene: None,
            project: None,
            job: None,
            messages: Vec::new(),
            error: None,
            open_path: String::new(),
            export: Export::default(),
            frame: FrameReport::default(),
            panes: Panes::default(),
            accepts_drops: true,
            is_mac: cfg!(target_os = "macos"),
        }
    }

    /// Adds a message; the oldest make room.
    pub(crate) fn say(&mut self, gravity: Gravity, text: impl Into<String>) {
        let text = text.into();
        match gravity {
            Gravity::Note => log::info!("{text}"),
            Gravity::Warning => log::warn!("{text}"),
            Gravity::Failure => log::error!("{text}"),
        }
        let excess = (self.messages.len() + 1).saturating_sub(MAX_MESSAGES);
        self.messages.drain(..excess);
        self.messages.push(Message { gravity, text });
    }

    /// Shows an error over the window and keeps it among the messages.
    pub(crate) fn fail(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.error = Some(text.clone());
        self.say(Gravity::Failure, text);
    }

    /// Shows a scene.
    pub fn set_scene(&mut self, snapshot: Snapshot) {
        let scene = Scene::new(snapshot);
        self.export.propose(&scene);
        self.scene = Some(scene);
    }

    /// Shows known points around the cameras of the photos that are open.
    pub fn set_points(&mut self, snapshot: Snapshot) {
        let mut scene = Scene::new(snapshot);
        scene.is_sparse = true;
        if let Some(extent) = self.project.as_ref().and_then(Project::extent) {
            scene.main_part = extent;
        }
        self.scene = Some(scene);
    }

    /// Opens photos; what was open before is closed.
    pub fn set_project(&mut self, source: Source) {
        self.scene = None;
        self.project = Some(Project::new(source));
    }

    /// The world's upward direction: the cameras' own, or the axis that was chosen.
    pub fn up(&self) -> Vec3 {
        let own = self.project.as_ref().and_then(|it| it.up);
        own.unwrap_or_else(|| self.settings.up.vector())
    }

    /// Saves in another format from now on.
    pub fn choose_export_format(&mut self, format: SplatFormat) {
        self.export.choose(format, self.scene.as_ref());
    }

    /// The file behind the scene, for saving.
    pub(crate) fn file(&self) -> Option<Arc<recon::io::SplatFile>> {
        let scene = self.scene.as_ref().filter(|it| !it.is_sparse);
        scene.map(|it| it.snapshot.file.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choosing_a_format_changes_the_ending() {
        let mut export = Export::default();
        export.go_to("out/A.PLY".to_owned(), None);
        assert_eq!(export.format, SplatFormat::Ply);
        export.choose(SplatFormat::CompressedPly, None);
        assert_eq!(export.path, "out/A.compressed.ply");
        export.choose(SplatFormat::Sog, None);
        assert_eq!(export.path, "out/A.sog");
        export.go_to("out/b.spz".to_owned(), None);
        assert_eq!(
            (export.format, export.ending()),
            (SplatFormat::Spz { version: 4 }, ".spz")
        );
        export.go_to("out/b".to_owned(), None);
        assert_eq!(export.format, SplatFormat::Spz { version: 4 }, "kept");
    }
}
