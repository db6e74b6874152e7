//! The application behind the window: state, worker, viewport. `logic` hears and acts, `ui` shows.

mod cadence;
mod compare;
mod dialog;
mod edit;
mod edited;
mod keys;
mod leave;
mod live;
mod logic;
mod optimise;
mod photos;
mod pictures;
mod projects;
mod recovery;
mod show;
mod thread_time;
mod ui;
mod versions;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use eframe::egui;
use recon::io::Project;
use recon::worker::{Command, Event, OptimiseJob, ReconstructJob, Worker};
use render::CompareMode;
use render::edit::Wardrobe;
use render::gpu::Gpu;

use crate::action::Action;
use crate::optimise::When;
use crate::settings::{STORAGE_KEY, Settings};
use crate::state::AppState;
use crate::theme;
use crate::viewport::Viewport;
use crate::viewport::paint::Painter;
use cadence::Cadence;
use dialog::Dialogs;
use edited::EditedSplats;
use optimise::Uploads;
use pictures::Pictures;
use recovery::Recovery;
use thread_time::ThreadTime;

/// What to show first.
#[derive(Clone, Debug, Default)]
pub enum Start {
    /// The first screen.
    #[default]
    Empty,
    /// A splat file.
    Open(PathBuf),
    /// Photos, with an optimisation under way.
    Optimise(Box<OptimiseJob>),
    /// Photos, with a reconstruction under way.
    Reconstruct(Box<ReconstructJob>),
}

/// The application. It needs no window: whoever draws egui can show it.
pub struct App {
    pub(crate) state: AppState,
    viewport: Viewport,
    gpu: Gpu,
    worker: Worker,
    dialogs: Dialogs,
    uploads: Uploads,
    /// Splats as they are edited, on the GPU.
    edited: EditedSplats,
    /// What shows splats in the making without those that edits have taken away.
    live_wardrobe: Option<Wardrobe>,
    /// Photos of the dataset that is open.
    pictures: Option<Pictures>,
    /// How photos are compared until another way is chosen.
    compare_mode: CompareMode,
    /// When the snapshot that is being exported was taken.
    exporting: Option<When>,
    /// A project whose splats are on their way to the GPU.
    opening: Option<(PathBuf, Arc<Project>)>,
    /// The version of the edits that is being written to the project, and when one was last.
    saving_project: Option<u64>,
    saved_project: Instant,
    recovery: Recovery,
    /// The version of the edits that is being exported.
    exporting_edits: Option<u64>,
    /// The user has agreed to close.
    may_close: bool,
    cadence: Cadence,
    thread_time: ThreadTime,
    /// Tab keys that were kept from egui, which would move the focus.
    withheld: Vec<egui::Event>,
    /// The settings differ from what the storage has.
    unsaved: bool,
}

impl App {
    /// Sets up the look, the worker and, where wgpu draws, the kernels.
    ///
    /// # Errors
    /// Where the system grants no thread or a kernel does not compile.
    pub fn new(cc: &eframe::CreationContext<'_>, gpu: &Gpu, start: Start) -> anyhow::Result<Self> {
        theme::apply(&cc.egui_ctx);
        if let Some(wgpu) = &cc.wgpu_render_state {
            let painter = Painter::new(gpu, wgpu.target_format)?;
            wgpu.renderer.write().callback_resources.insert(painter);
        }
        let settings = cc
            .storage
            .and_then(|it| it.get_string(STORAGE_KEY))
            .map(|it| Settings::from_json(&it))
            .unwrap_or_default();
        let ctx = cc.egui_ctx.clone();
        let worker = Worker::spawn(gpu.clone(), move || ctx.request_repaint())
            .context("the background worker could not start")?;
        let mut app = Self {
            state: AppState::new(gpu.capabilities().clone(), settings),
            viewport: Viewport::default(),
            gpu: gpu.clone(),
            worker,
            uploads: Uploads::default(),
            edited: EditedSplats::default(),
            live_wardrobe: None,
            pictures: None,
            compare_mode: CompareMode::default(),
            exporting: None,
            opening: None,
            saving_project: None,
            saved_project: Instant::now(),
            recovery: Recovery::default(),
            exporting_edits: None,
            may_close: false,
            dialogs: Dialogs::new(cc.egui_ctx.clone()),
            cadence: Cadence::default(),
            thread_time: ThreadTime::default(),
            withheld: Vec::new(),
            unsaved: false,
        };
        app.begin(&cc.egui_ctx, start);
        Ok(app)
    }

    fn begin(&mut self, ctx: &egui::Context, start: Start) {
        match start {
            Start::Empty => {}
            Start::Open(path) => self.worker.send(Command::Open(path)),
            Start::Optimise(job) => {
                self.hear_photos(ctx, Event::DatasetOpened(job.dataset.clone()));
                self.send_now(Command::Optimise(job));
            }
            Start::Reconstruct(job) => {
                self.hear_photos(ctx, Event::DatasetOpened(job.dataset.clone()));
                self.send_now(Command::Reconstruct(job));
            }
        }
    }

    /// What panels see, for tests.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// The same to be changed, for tests: some states take long to reach.
    pub fn state_mut(&mut self) -> &mut AppState {
        &mut self.state
    }

    /// Instead of the system's next file dialog, this is what the user has chosen in it, for tests;
    /// `None` is as on a system that shows no dialogs.
    pub fn rehearse_dialog(&mut self, answer: Option<PathBuf>) {
        self.dialogs.rehearse(answer);
    }

    /// Says which graphics adapters there are, and which was chosen for the next start.
    pub(crate) fn offer_adapters(&mut self, names: Vec<String>, kept: Option<String>) {
        self.state.adapters = names;
        self.state.kept_adapter = kept;
    }

    /// Says that files cannot be dropped here.
    pub(crate) fn refuse_drops(&mut self) {
        self.state.accepts_drops = false;
    }
}

impl eframe::App for App {
    fn raw_input_hook(&mut self, ctx: &egui::Context, input: &mut egui::RawInput) {
        self.withhold_tab(ctx, input);
    }

    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let before = frame.info().cpu_usage;
        let shown = self.viewport.mailbox.take_shown();
        self.thread_time
            .begin(before, shown, thread_time::has_input(ctx));
        if self.state.panes.timings {
            self.state.frame.ui_time = self.thread_time.summary();
        }
        self.hear(ctx);
        if self.unsaved
            && let Some(storage) = frame.storage_mut()
        {
            self.save(storage);
            storage.flush();
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let mut actions: Vec<Action> = Vec::new();
        self.draw(ui, &mut actions);
        let acted = !actions.is_empty();
        for action in actions {
            self.act(ui.ctx(), action);
        }
        if acted {
            ui.request_repaint();
        }
    }

    fn on_exit(&mut self) {
        self.end_recovery();
        if let Some(time) = self.thread_time.summary() {
            log::info!("{time}");
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        storage.set_string(STORAGE_KEY, self.state.settings.to_json());
        self.unsaved = false;
    }
}
