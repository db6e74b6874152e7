//! What the app hears from worker, GPU, dialogs and keys, and what it does with an [`Action`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use eframe::egui::{self, ViewportCommand};
use recon::io::ExportOptions;
use recon::io::html::PageLook;
use recon::worker::{Command, Event, Snapshot};

use super::App;
use super::dialog::{Answer, Purpose};
use crate::action::{Action, CameraMove, NetworkFile, Pane};
use crate::editor::EditAction;
use crate::kept_adapter::keep_adapter;
use crate::leaving::{self, Destination};
use crate::optimise::{Run, When};
use crate::settings::Settings;
use crate::state::{Gravity, Scene};

impl App {
    /// Takes in everything that happened since the last frame.
    pub(super) fn hear(&mut self, ctx: &egui::Context) {
        self.hear_worker(ctx);
        self.hear_gpu(ctx);
        self.hear_uploads();
        self.hear_pictures(ctx);
        self.hear_dialogs(ctx);
        self.hear_drops(ctx);
        self.hear_keys(ctx);
        self.autosave(ctx);
        self.hear_leaving();
        self.hear_close(ctx);
        self.play_on(ctx);
    }

    /// Does what a panel or a key asked for.
    pub(super) fn act(&mut self, ctx: &egui::Context, action: Action) {
        match action {
            Action::Send(command) => self.send(ctx, command),
            Action::AskForFile => self.dialogs.ask_for_file(),
            Action::AskForFolder => self.dialogs.ask_for_folder(),
            Action::AskForNetwork(file) => self.dialogs.ask_for_network(file),
            Action::AskWhereToSave => self.ask_where_to_save(),
            Action::OpenTypedPath => {
                let path = PathBuf::from(self.state.open_path.trim());
                self.state.panes.open_path = false;
                self.send(ctx, Command::Open(path));
            }
            Action::Save => self.save_scene(),
            Action::EditOpenPath(path) => self.state.open_path = path,
            Action::EditExportPath(path) => {
                self.state.export.go_to(path, self.state.scene.as_ref());
            }
            Action::ChooseExportFormat(format) => self.state.choose_export_format(format),
            Action::Change(settings) => self.change(*settings),
            Action::Toggle(overlay) => self.state.settings.overlays.toggle(overlay),
            Action::Move(to) => self.move_camera(to),
            Action::LookThrough(view) => self.look_through(view),
            Action::EditPlan(plan) => self.state.plan = *plan,
            Action::Start => self.start(ctx),
            Action::Adjust(adjustment) => self.adjust(adjustment),
            Action::FlipPause => self.flip_pause(),
            Action::Stop => self.stop(),
            Action::ShowMoment(when) => self.show_moment(ctx, when),
            Action::CompareAs(mode) => self.compare_as(mode),
            Action::Wipe(part) => {
                if let Some(compare) = &mut self.state.compare {
                    compare.wipe = part;
                }
            }
            Action::LeaveCompare => self.state.compare = None,
            Action::NextWorst => self.next_worst(),
            Action::SelectView(view) => self.select_view(view),
            Action::Scrub(by) => self.scrub(by),
            Action::Leave(answer) => self.answer(ctx, answer),
            Action::EditExportOptions(options) => self.state.export.options = options,
            Action::ChooseEngine(engine) => {
                if let Some(project) = &mut self.state.project {
                    project.engine = engine;
                }
            }
            Action::IgnoreOutliers(ignored) => {
                if let Some(project) = &mut self.state.project {
                    project.ignore_outliers(ignored);
                }
            }
            Action::SaveProject => self.save_project(),
            Action::ForgetRecovered => self.forget_recovered(),
            Action::SaveProjectAs => self.ask_for_project_folder(),
            Action::Edit(action) => self.edit(action),
            Action::CameraPath(action) => self.act_on_show(ctx, action),
            Action::Show(pane, shown) => self.show_pane(pane, shown),
            Action::Flip(pane) => {
                let shown = *self.pane(pane);
                self.show_pane(pane, !shown);
            }
            Action::EditKeys(edit) => self.edit_keys(edit),
            Action::EditPalette(palette) => self.state.palette = palette,
            Action::FlipFullscreen => {
                let full = ctx.input(|it| it.viewport().fullscreen.unwrap_or_default());
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!full));
            }
            Action::DismissError => self.state.error = None,
            Action::ForgetRecents => {
                self.state.settings.recents.clear();
                self.unsaved = true;
            }
            Action::KeepAdapter(name) => self.keep_adapter(name),
            Action::CloseScene => self.leave(ctx, Destination::Close),
            Action::Quit => self.leave(ctx, Destination::Quit),
        }
    }

    fn ask_where_to_save(&mut self) {
        if self.state.has_file() {
            let path = Path::new(&self.state.export.path);
            self.dialogs.ask_where_to_save(path);
        }
    }

    fn move_camera(&mut self, to: CameraMove) {
        if let Some(scene) = &self.state.scene {
            self.viewport.go(to, scene, &self.state);
            self.state.compare = None;
        }
    }

    fn hear_worker(&mut self, ctx: &egui::Context) {
        let events: Vec<Event> = self.worker.events().collect();
        for event in events {
            match event {
                Event::Opened(opened) => {
                    if let Some(path) = &opened.path {
                        self.state.settings.remember(path);
                        self.unsaved = true;
                    }
                    self.state.close();
                    self.change_pictures(ctx);
                    let text = format!("Opened {} splats ({})", opened.splats, opened.format);
                    self.state.say(Gravity::Note, text);
                }
                Event::DatasetOpened(_)
                | Event::PhotosOpened(_)
                | Event::VideoOpened(_)
                | Event::FramesTaken(_)
                | Event::PosesGrew(_)
                | Event::PosesFound(_)
                | Event::PointsUpdated(_) => self.hear_photos(ctx, event),
                Event::PartOpened(path, file) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    self.merge(Arc::new(file.splats.clone()), &name);
                }
                Event::Warned(text) => self.state.say(Gravity::Warning, text),
                Event::Progressed(progress) => self.state.job = Some(progress),
                Event::SplatsUpdated(snapshot) if snapshot.moment.is_some() => {
                    self.hear_moment(snapshot);
                }
                Event::SplatsUpdated(snapshot) => self.show(ctx, snapshot),
                Event::ChunkEvaluated(_)
                | Event::DatasetGrew(_)
                | Event::Paused
                | Event::Resumed
                | Event::SceneKept { .. }
                | Event::Reconstructed(_) => self.hear_reconstruction(ctx, event),
                Event::SplatsGrew(_)
                | Event::Trained(_)
                | Event::Evaluated(_)
                | Event::CheckpointSaved { .. }
                | Event::Optimised(_) => self.hear_optimisation(event),
                Event::Exported {
                    path,
                    bytes,
                    losses,
                } => self.exported(ctx, &path, bytes, losses),
                Event::Filmed(report) => self.hear_film(report),
                Event::CameraPathOpened(..) | Event::CameraPathSaved(_) => self.hear_path(event),
                Event::ProjectOpened { path, project } => self.open_project(ctx, path, project),
                Event::ProjectSaved(path) => self.project_saved(path),
                Event::SplatsMeasured(measured) => self.measured(measured),
                Event::DoneMeanwhile => self.done_meanwhile(),
                Event::Finished => self.end_job(),
                Event::Cancelled => {
                    self.end_job();
                    self.state.say(Gravity::Note, "Cancelled");
                }
                Event::Failed(err) => {
                    self.end_job();
                    self.state.fail(err.to_string());
                }
            }
        }
    }

    fn exported(&mut self, ctx: &egui::Context, path: &Path, bytes: u64, losses: Vec<String>) {
        let size = crate::panels::bytes(bytes);
        let text = format!("Saved {} ({size})", path.display());
        self.state.export.saved = Some(text.clone());
        self.state.say(Gravity::Note, text);
        for loss in losses {
            self.state.say(Gravity::Note, loss);
        }
        if let (Some(when), Some(run)) = (self.exporting.take(), &mut self.state.run) {
            run.save(when);
        }
        let document = &mut self.state.editor.document;
        if let (Some(version), Some(document)) = (self.exporting_edits.take(), document) {
            document.saved = version;
        }
        self.leave_if_saved(ctx);
    }

    fn hear_gpu(&mut self, ctx: &egui::Context) {
        let returned = self.viewport.mailbox.take();
        let frame = &mut self.state.frame;
        if let Some(stats) = returned.stats {
            frame.stats = stats;
        }
        if let Some(done) = returned.done {
            frame.latency_ms = Some(1e3 * done.latency.as_secs_f32());
            frame.reduction = done.reduction;
            self.viewport.note(done);
        }
        if 0 < returned.bytes {
            frame.bytes = returned.bytes;
        }
        for at in returned.started {
            self.cadence.add(at);
        }
        let was_moving = frame.fps.is_some();
        frame.fps = self.cadence.fps(Instant::now());
        if frame.fps.is_some() || was_moving {
            // Once more, to say that nothing moves any longer.
            ctx.request_repaint_after(super::cadence::PAUSE);
        }
        if let Some((at, depth)) = returned.picked {
            let point = self.viewport.picked(at, depth, &self.state.settings);
            if let Some(point) = point {
                self.edit(EditAction::Point(point));
            }
        }
        if let Some(err) = returned.failure {
            self.state.fail(err.to_string());
        }
    }

    fn hear_dialogs(&mut self, ctx: &egui::Context) {
        for answer in self.dialogs.answers() {
            match answer {
                Answer::Open(path) => self.send(ctx, Command::Open(path)),
                Answer::Save(path) => {
                    let path = path.to_string_lossy().into_owned();
                    self.state.export.go_to(path, self.state.scene.as_ref());
                    self.save_scene();
                }
                Answer::Network(file, path) => {
                    let mut settings = self.state.settings.clone();
                    match file {
                        NetworkFile::Weights => settings.network.weights = Some(path),
                        NetworkFile::Config => settings.network.config = Some(path),
                    }
                    self.change(settings);
                    self.unsaved = true;
                }
                Answer::Project(path) => self.save_project_to(path),
                Answer::Merge(path) => self.send_now(Command::OpenPart(path)),
                Answer::Show(file, path) => self.take_show_file(file, path),
                Answer::Nothing => self.stay(),
                Answer::NoDialog(purpose) => {
                    self.stay();
                    self.do_without_dialog(purpose);
                }
            }
        }
    }

    /// Paths can be typed where no dialog opens.
    fn do_without_dialog(&mut self, purpose: Purpose) {
        let instead = match purpose {
            Purpose::Open => {
                // The first screen has a path field of its own.
                self.state.panes.open_path =
                    self.state.scene.is_some() || self.state.project.is_some();
                "type the path of the file"
            }
            Purpose::Network => "type the path of the file",
            Purpose::Show(file) => self.show_without_dialog(file),
            Purpose::Save => {
                self.state.settings.inspector = true;
                "type the path under Export and press Save"
            }
        };
        let text = format!("no file dialog opened on this system: {instead}");
        self.state.fail(text);
    }

    fn hear_drops(&mut self, ctx: &egui::Context) {
        let dropped = ctx.input_mut(|it| std::mem::take(&mut it.raw.dropped_files));
        let mut paths = dropped.iter().map(|it| it.path().to_owned());
        let Some(path) = paths.next() else {
            return;
        };
        let more = paths.count();
        if 0 < more {
            let text = format!(
                "Dropped {} files: only {} is opened",
                more + 1,
                path.display()
            );
            self.state.say(Gravity::Warning, text);
        }
        self.send(ctx, Command::Open(path));
    }

    /// Sends a command, after a question where what it replaces would be lost.
    pub(super) fn send(&mut self, ctx: &egui::Context, command: Command) {
        if leaving::replaces(&command) {
            self.leave(ctx, Destination::Command(command));
        } else {
            self.send_now(command);
        }
    }

    fn save_scene(&mut self) {
        let Some(file) = self.state.file() else {
            return;
        };
        let moment = self.state.scene.as_ref().map(Scene::at_hand);
        let moment = moment.and_then(|it| it.moment.as_ref());
        self.exporting = moment.map(When::of);
        let document = self.state.editor.document.as_ref();
        self.exporting_edits = document.map(|it| it.version);
        let up = self.state.up();
        let export = &self.state.export;
        let command = Command::Export {
            file,
            format: export.format,
            path: PathBuf::from(export.path.trim()),
            options: ExportOptions {
                up,
                look: PageLook {
                    background: self.state.settings.render.background,
                    fov_degrees: self.state.settings.fov_degrees,
                },
                ..export.options
            },
            camera_path: self.state.show.path.clone(),
        };
        self.send_now(command);
    }

    fn show(&mut self, ctx: &egui::Context, snapshot: Snapshot) {
        let title = format!("{} – Accrete", snapshot.name);
        self.state.set_scene(snapshot);
        if let Some(scene) = &self.state.scene {
            if let Some(antialiased) = scene.snapshot.summary.antialiased {
                self.state.settings.render.antialiased = antialiased;
            }
            self.viewport.begin_anew();
        }
        ctx.send_viewport_cmd(ViewportCommand::Title(title));
        self.begin_project();
    }

    fn keep_adapter(&mut self, name: Option<String>) {
        match keep_adapter(name.as_deref()) {
            Ok(()) => {
                let label = name.as_deref().unwrap_or("the best adapter");
                let text = format!("From the next start on {label} draws.");
                self.state.say(Gravity::Note, text);
                self.state.kept_adapter = name;
            }
            Err(err) => {
                let text = format!("The choice of the adapter could not be kept: {err}");
                self.state.fail(text);
            }
        }
    }

    pub(super) fn close_scene(&mut self, ctx: &egui::Context) {
        if self.state.run.as_ref().is_some_and(Run::is_active) {
            self.worker.send(Command::Cancel);
        }
        self.state.close();
        self.change_pictures(ctx);
        self.viewport.begin_anew();
        ctx.send_viewport_cmd(ViewportCommand::Title("Accrete".to_owned()));
    }

    fn change(&mut self, settings: Settings) {
        let before = std::mem::replace(&mut self.state.settings, settings);
        self.state.find_weights();
        let settings = &self.state.settings;
        if settings.fov_degrees != before.fov_degrees {
            self.viewport.put_down_lens();
        }
        if settings.up != before.up {
            // What the user says counts for more than what the cameras say.
            if let Some(project) = &mut self.state.project {
                project.up = None;
            }
            self.viewport.begin_anew();
        }
    }

    pub(super) fn pane(&mut self, pane: Pane) -> &mut bool {
        match pane {
            Pane::Inspector => &mut self.state.settings.inspector,
            Pane::Log => &mut self.state.settings.log,
            Pane::FilmStrip => &mut self.state.settings.film_strip,
            Pane::Export => &mut self.state.panes.export,
            Pane::Timings => &mut self.state.panes.timings,
            Pane::CheatSheet => &mut self.state.panes.cheat_sheet,
            Pane::OpenPath => &mut self.state.panes.open_path,
            Pane::CameraPath => &mut self.state.panes.show,
            Pane::Palette => &mut self.state.panes.palette,
        }
    }
}
