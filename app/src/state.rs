//! What panels read: the scene, the job, messages, settings, and how the last frame went.

mod export;
mod scene;
mod show;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use glam::Vec3;
use recon::edit::{Bits, DELETED, EditOp, Edited};
use recon::io::{Folder, SplatFile, SplatFormat, checkpoint};
use recon::worker::{LiveSplats, Progress, Snapshot};
use render::gpu::Capabilities;
use render::{FrameStats, Splats};

use crate::compare::Compare;
use crate::editor::{Document, Editor};
use crate::film::Film;
use crate::keys::Deed;
use crate::leaving::Leaving;
use crate::optimise::{Phase, Plan, Run, Weights, When};
use crate::palette::Palette;
use crate::project::{Project, Source};
use crate::settings::Settings;

pub use export::{EXPORT_FORMATS, Export};
use scene::extent;
pub use scene::{Drawn, Scene};
pub(crate) use show::with_ending;
pub use show::{FilmKind, FilmSize, MAX_SIDE_PX, Show};

/// Messages that are kept.
const MAX_MESSAGES: usize = 500;

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
    /// What is wanted of the next optimisation or reconstruction.
    pub plan: Plan,
    /// Whether the network's weights were there when they were looked for last.
    pub weights: Weights,
    /// The optimisation or reconstruction that runs, or ran last.
    pub run: Option<Run>,
    /// The photo that is looked at through its own camera.
    pub compare: Option<Compare>,
    /// Tools, and the edits of the scene.
    pub editor: Editor,
    /// The folder that the project was saved in or opened from.
    pub project_folder: Option<PathBuf>,
    /// A project of edits that an earlier run did not come to save.
    pub recovered: Option<PathBuf>,
    /// Small copies of the photos.
    pub film: Film,
    /// Work that would be lost by what the user was about to do.
    pub leaving: Option<Leaving>,
    /// What happened, oldest first.
    pub messages: Vec<Message>,
    /// What failed last, until it is dismissed.
    pub error: Option<String>,
    /// Text of the path field.
    pub open_path: String,
    /// Where to save, and as what.
    pub export: Export,
    /// A film in the making.
    pub show: Show,
    /// The last frame.
    pub frame: FrameReport,
    /// Windows that are not remembered.
    pub panes: Panes,
    /// What is typed and chosen in the palette.
    pub palette: Palette,
    /// The deed, and the place among its keys, that the next key pressed is for.
    pub listening: Option<(Deed, usize)>,
    /// What the last change of a key took away, in words.
    pub key_note: Option<String>,
    /// Whether files can be dropped on the window: not where only Wayland is.
    pub accepts_drops: bool,
    /// Whether this is a Mac's keyboard.
    pub is_mac: bool,
    /// Number of the next splats in the making.
    pub(crate) next_live: u64,
}

/// Windows that begin hidden.
#[expect(
    clippy::struct_excessive_bools,
    reason = "windows that are independent of each other"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// Keys and mouse.
    pub cheat_sheet: bool,
    /// Time of each kernel.
    pub timings: bool,
    /// The field to type a path into.
    pub open_path: bool,
    /// Format, box, axes and place of an export.
    pub export: bool,
    /// Camera path and film.
    pub show: bool,
    /// Everything that can be done, by its name.
    pub palette: bool,
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
    /// Work of the window's own thread; `None` before it was measured.
    pub ui_time: Option<UiTime>,
}

/// How the window's own thread keeps up, of the last frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UiTime {
    /// How long it works for a frame, waiting left out.
    pub work: Quantiles,
    /// From an input to the end of the frame that shows it, at most; `None` before the first.
    pub input: Option<Quantiles>,
    /// Whether the work is the processor's time. Else it is time that passed, which others may
    /// have used.
    pub is_cpu: bool,
}

/// Many times in two numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    /// The middle one, milliseconds.
    pub median_ms: f32,
    /// 95 in a hundred stay below this, milliseconds.
    pub p95_ms: f32,
    /// How many there are.
    pub count: usize,
}

impl fmt::Display for UiTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = if self.is_cpu {
            "processor time"
        } else {
            "elapsed time"
        };
        let work = self.work;
        write!(
            f,
            "Window's thread, {clock} a frame: {work} of {} frames",
            work.count
        )?;
        if let Some(input) = self.input {
            write!(
                f,
                "\nFrom input to the next frame: {input} of {} inputs",
                input.count
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (median, p95) = (self.median_ms, self.p95_ms);
        write!(f, "{median:.1} ms, 95 % below {p95:.1} ms")
    }
}

impl AppState {
    /// Before anything is open.
    pub fn new(adapter: Capabilities, settings: Settings) -> Self {
        Self {
            plan: Plan::new(adapter.is_cpu()),
            weights: Weights::of(settings.network.weights.as_deref()),
            run: None,
            compare: None,
            editor: Editor::default(),
            project_folder: None,
            recovered: None,
            film: Film::default(),
            leaving: None,
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
            show: Show::default(),
            frame: FrameReport::default(),
            panes: Panes::default(),
            palette: Palette::default(),
            listening: None,
            key_note: None,
            accepts_drops: true,
            is_mac: cfg!(target_os = "macos"),
            next_live: 0,
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
        self.editor.begin(Some(&snapshot));
        let scene = Scene::new(snapshot);
        self.export.propose(&scene);
        self.show.begin_anew(&self.export.path);
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

    /// Draws splats in the making. What the camera frames stays as it is.
    pub fn set_live(&mut self, live: LiveSplats) {
        // Late news of what was closed meanwhile.
        let Some(run) = &mut self.run else {
            return;
        };
        run.see(When::Step(live.step));
        let id = self.next_live;
        self.next_live += 1;
        if self.scene.is_none() {
            // There were no points to show before.
            let file = SplatFile::new(Splats::default(), SplatFormat::Ply);
            let name = self.project.as_ref().map(Project::name);
            let (centre, radius) = live.splats.extent();
            let splats = live.splats.clone();
            let snapshot = Snapshot::new(0, splats, file, name.unwrap_or_default(), None);
            self.set_points(snapshot);
            if let Some(scene) = &mut self.scene
                && scene.main_part == extent(None)
            {
                scene.main_part = extent(Some((centre - radius, centre + radius)));
            }
        }
        if let Some(scene) = &mut self.scene {
            scene.live = Some((id, live));
        }
    }

    /// Keeps a snapshot of the running optimisation or reconstruction. What the camera frames stays as it is.
    pub fn set_moment(&mut self, snapshot: Snapshot) {
        let when = snapshot.moment.as_ref().map(When::of);
        let is_first = self.scene.as_ref().is_none_or(|it| it.is_sparse);
        let Some(run) = &mut self.run else {
            return;
        };
        run.keep(&snapshot);
        match &mut self.scene {
            Some(scene) => {
                scene.whole = extent(snapshot.bounds);
                scene.is_sparse = false;
                let live = scene.live.as_ref().map(|(_, it)| When::Step(it.step));
                if live <= when {
                    scene.live = None;
                }
                scene.snapshot = snapshot;
            }
            None => self.scene = Some(Scene::new(snapshot)),
        }
        if is_first && let Some(dataset) = self.project.as_ref().and_then(Project::dataset) {
            self.export.propose_beside(dataset);
            self.show.propose(&self.export.path);
        }
        let format = self.export.format;
        self.choose_export_format(format);
    }

    /// Opens photos; what was open before is closed.
    pub fn set_project(&mut self, source: Source) {
        self.close();
        self.project = Some(Project::new(source));
    }

    /// Looks for what earlier runs have left beside the photos that are open: a checkpoint, and what
    /// the network knows of the scene.
    pub fn find_checkpoint(&mut self) {
        let dataset = self.project.as_ref().and_then(Project::dataset);
        let find = |place: fn(&Folder) -> Option<PathBuf>| {
            let place = dataset.and_then(|it| place(&it.folder));
            place.filter(|it| it.is_file())
        };
        self.plan.checkpoint = find(checkpoint::place);
        self.plan.memory = find(checkpoint::memory_place);
    }

    /// Looks for the network's weights.
    pub fn find_weights(&mut self) {
        self.weights = Weights::of(self.settings.network.weights.as_deref());
    }

    /// Nothing is open any longer.
    pub fn close(&mut self) {
        self.scene = None;
        self.project = None;
        self.run = None;
        self.compare = None;
        self.project_folder = None;
        self.editor.begin(None);
        self.film = Film::default();
        self.show.begin_anew("");
        self.plan.start = Default::default();
        self.plan.checkpoint = None;
        self.plan.memory = None;
        self.plan.instant.continues = false;
    }

    /// Whether what is shown would be lost by closing.
    pub fn is_unsaved(&self) -> bool {
        let edits = self.editor.document.as_ref();
        let run = self.run.as_ref();
        run.is_some_and(Run::is_unsaved) || edits.is_some_and(Document::is_unsaved)
    }

    /// Whether the device is busy with an optimisation.
    pub fn is_training(&self) -> bool {
        self.run.as_ref().is_some_and(Run::is_busy)
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

    /// Whether there is something to save.
    pub fn has_file(&self) -> bool {
        let scene = self.scene.as_ref();
        scene.is_some_and(|it| !it.is_sparse || it.past.is_some())
    }

    /// The file behind the scene as it is edited, for saving.
    pub fn file(&self) -> Option<Arc<SplatFile>> {
        let scene = self.scene.as_ref().filter(|_| self.has_file())?;
        let file = &scene.at_hand().file;
        let now = self.editor.now().filter(|_| scene.past.is_none());
        let Some(now) = now else {
            return Some(file.clone());
        };
        Some(Arc::new(SplatFile {
            splats: now.result(),
            format: file.format,
            antialiased: file.antialiased,
            comments: file.comments.clone(),
            warnings: file.warnings.clone(),
        }))
    }

    /// Whether a job is under way, held or not, which another one would end.
    pub fn is_busy(&self) -> bool {
        self.job.is_some() || self.run.as_ref().is_some_and(Run::is_active)
    }

    /// Whether the scene that is shown can be edited: it is whole, the newest, and nothing works
    /// on it, or what does is held.
    pub fn can_edit(&self) -> bool {
        let works = |it: &Run| it.is_active() && it.phase != Phase::Paused;
        let is_idle = !self.run.as_ref().is_some_and(works);
        let scene = self.scene.as_ref();
        let is_whole = |it: &Scene| !it.is_sparse && it.live.is_none() && it.past.is_none();
        is_idle && scene.is_some_and(is_whole) && self.compare.is_none()
    }

    /// Which splats an edit would delete.
    pub fn doomed_by(&self, op: &EditOp) -> Option<Bits> {
        let scene = self.scene.as_ref()?;
        let now = match self.editor.now() {
            Some(now) => now.clone(),
            None => Edited::new(Arc::new(scene.snapshot.file.splats.clone())),
        };
        let after = now.after(op, &[]).ok()?;
        let goes = |i: usize| after.marks[i] & !now.marks[i] & DELETED != 0;
        Some(Bits::of(now.marks.len(), goes))
    }
}
