//! Projects: a scene with its edits, its camera path and the way to its photos, in a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use recon::io::{DatasetPlace, PROJECT_ENDING, Project};
use recon::worker::Command;
use render::RenderConfig;

use super::App;
use crate::editor::Document;
use crate::state::Gravity;

/// Edits of a project that has a folder are written there so often.
const AUTOSAVE: Duration = Duration::from_mins(1);

impl App {
    /// A project was read: its photos are opened, then its splats are shown.
    pub(super) fn open_project(
        &mut self,
        ctx: &egui::Context,
        path: PathBuf,
        project: Arc<Project>,
    ) {
        self.state.close();
        self.change_pictures(ctx);
        if !self.is_recovered(&path) {
            self.state.settings.remember(&path);
            self.unsaved = true;
        }
        if let Some(photos) = project.dataset.as_ref().and_then(DatasetPlace::path) {
            self.send_now(Command::Open(photos.to_owned()));
        }
        match &project.base {
            Some(file) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                let (file, name) = (file.clone(), name.into_owned());
                self.send_now(Command::ShowSplats { file, name });
                self.opening = Some((path, project));
            }
            None => self
                .state
                .say(Gravity::Note, "The project holds no splats yet"),
        }
    }

    /// The splats of a project are shown: its edits are done.
    pub(super) fn begin_project(&mut self) {
        let (Some((path, project)), Some(scene)) = (self.opening.take(), &self.state.scene) else {
            return;
        };
        match project.history() {
            Ok(history) => {
                let document = Document {
                    history,
                    ..Document::new(&scene.snapshot)
                };
                self.state.editor.document = Some(document);
            }
            Err(err) => {
                let text = format!("{}: its edits cannot be done: {err}", path.display());
                self.state.fail(text);
            }
        }
        let written = project.camera_path.clone();
        if let Some(read) = written.and_then(|it| serde_json::from_value(it).ok()) {
            self.state.show.path = read;
        }
        let written = project.settings.clone();
        let settings = written.and_then(|it| serde_json::from_value::<RenderConfig>(it).ok());
        if let Some(render) = settings {
            self.state.settings.render = render;
        }
        let text = format!("Opened the project {}", path.display());
        self.state.say(Gravity::Note, text);
        if self.is_recovered(&path) {
            self.take_recovered();
        } else {
            self.state.project_folder = Some(path);
        }
        self.show_edits();
    }

    /// Writes the project to its folder, which is asked for where there is none.
    pub(super) fn save_project(&mut self) {
        match self.state.project_folder.clone() {
            Some(path) => self.save_project_to(path),
            None => self.ask_for_project_folder(),
        }
    }

    /// Asks for the folder of the project.
    pub(super) fn ask_for_project_folder(&mut self) {
        if !self.state.has_file() {
            return;
        }
        let beside = Path::new(&self.state.export.path).with_extension(PROJECT_ENDING);
        self.dialogs.ask_for_project(&beside);
    }

    /// Writes the project to this folder from now on.
    pub(super) fn save_project_to(&mut self, path: PathBuf) {
        let is_named = path.extension().is_some_and(|it| it == PROJECT_ENDING);
        let path = if is_named {
            path
        } else {
            let mut name = path.into_os_string();
            name.push(".");
            name.push(PROJECT_ENDING);
            name.into()
        };
        let Some((version, project)) = self.as_project() else {
            let text = "a project can be saved when the scene is shown as it is now and nothing \
                        works on it";
            return self.state.fail(text);
        };
        self.saving_project = Some(version);
        self.saved_project = Instant::now();
        self.send_now(Command::SaveProject { project, path });
    }

    /// The scene with all that belongs to it, and the version of its edits; `None` where it is not to
    /// be edited.
    pub(super) fn as_project(&mut self) -> Option<(u64, Arc<Project>)> {
        let scene = self
            .state
            .scene
            .as_ref()
            .filter(|_| self.state.can_edit())?;
        let document = self.state.editor.document_of(&scene.snapshot);
        let mut project = Project::of(&document.history, &scene.snapshot.file);
        let version = document.version;
        let state = &self.state;
        let dataset = state.project.as_ref().and_then(|it| it.dataset());
        project.dataset = dataset.map(|it| DatasetPlace::new(&it.report.path));
        let photos = state.project.as_ref();
        project.views = photos
            .map(crate::project::Project::view_choice)
            .unwrap_or_default();
        project.camera_path = serde_json::to_value(&state.show.path).ok();
        project.settings = serde_json::to_value(&state.settings.render).ok();
        let evaluation = state.run.as_ref().and_then(|it| it.evaluation.as_ref());
        project.metrics = evaluation.and_then(|it| serde_json::to_value(&it.report).ok());
        Some((version, Arc::new(project)))
    }

    /// A project was written.
    pub(super) fn project_saved(&mut self, path: PathBuf) {
        if self.unsaved_is_kept(&path) {
            return;
        }
        if let (Some(version), Some(document)) =
            (self.saving_project.take(), &mut self.state.editor.document)
        {
            document.saved = version;
        }
        if let Some(run) = self.state.run.as_mut().filter(|it| !it.is_active()) {
            run.saved = run.newest;
        }
        let text = format!("Saved the project {}", path.display());
        self.state.say(Gravity::Note, text);
        self.state.project_folder = Some(path);
    }

    /// Writes what was edited since to the project's folder, now and then.
    pub(super) fn autosave(&mut self, ctx: &egui::Context) {
        let document = self.state.editor.document.as_ref();
        let (Some(path), Some(document)) = (self.state.project_folder.clone(), document) else {
            return self.keep_unsaved(ctx);
        };
        let is_idle = self.state.job.is_none() && self.saving_project.is_none();
        if document.version == document.saved || !is_idle || !self.state.can_edit() {
            return;
        }
        let since = self.saved_project.elapsed();
        if AUTOSAVE <= since {
            self.save_project_to(path);
        } else {
            ctx.request_repaint_after(AUTOSAVE.saturating_sub(since));
        }
    }
}
