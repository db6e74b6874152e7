//! What the app does with wishes about edits.

use std::sync::Arc;

use glam::Vec3;
use recon::edit::{
    Bits, EditOp, History, Measured, Mode, Pick, Region, Scope, Shape, Subject, removals,
};
use recon::io::SplatFile;
use recon::optim::Part;
use recon::worker::{Command, Start};
use render::gpu::GpuError;
use render::{Camera, Splats};

use super::App;
use crate::editor::{Again, EditAction, Editor, MOST_POINTS, Preview, Sequel, Tool, Version};
use crate::state::Gravity;

impl App {
    /// Does what a panel, a key or a tool asks of edits.
    pub(super) fn edit(&mut self, action: EditAction) {
        let editor = &mut self.state.editor;
        match action {
            EditAction::Use(tool) => return self.take_tool(tool),
            EditAction::Set(tools) => {
                editor.tools = *tools;
                return;
            }
            EditAction::ForgetPoints => {
                editor.points.clear();
                return;
            }
            _ => {}
        }
        if !self.state.can_edit() {
            return;
        }
        match action {
            EditAction::Do(op) => self.do_edit(*op),
            EditAction::Outline {
                camera,
                shape,
                mode,
            } => self.select_outline(camera, shape, mode),
            EditAction::Pick(pick, mode) => self.select(*pick, mode),
            EditAction::Try(preview) => {
                if self.state.editor.preview.as_ref() == preview.as_deref() {
                    return;
                }
                if let Some(scene) = &self.state.scene {
                    self.state.editor.document_of(&scene.snapshot);
                }
                self.state.editor.preview = preview.map(|it| *it);
            }
            EditAction::Point(point) => self.click(point),
            EditAction::Undo => self.undo(),
            EditAction::Redo => self.redo(),
            EditAction::GoToVersion(way) => self.go_to_version(way),
            EditAction::GoTo(done) => self.state.editor.go(|it| it.go_to(done)),
            EditAction::AskForMerge => self.dialogs.ask_for_merge(),
            EditAction::OptimiseAgain => self.optimise_again(),
            EditAction::Measure => self.measure(),
            EditAction::CleanWith(strengths) => {
                self.state.editor.cleaning.strengths = strengths;
                self.preview_cleaning();
            }
            EditAction::Clean => self.clean(),
            EditAction::Use(_) | EditAction::Set(_) | EditAction::ForgetPoints => {}
        }
        self.show_edits();
    }

    fn take_tool(&mut self, tool: Tool) {
        let editor = &mut self.state.editor;
        editor.tool = tool;
        editor.points.clear();
        let region = editor.tools.region;
        let (centre, half) = (region.centre(), region.half());
        match (tool, region) {
            (Tool::Ball, Region::Box { .. }) => {
                let radius = half.max_element();
                editor.tools.region = Region::Ball { centre, radius };
            }
            (Tool::Box, Region::Ball { .. }) => {
                editor.tools.region = Region::between(centre - half, centre + half);
            }
            _ => {}
        }
        if editor.preview.take().is_some() {
            self.show_edits();
        }
    }

    fn do_edit(&mut self, op: EditOp) {
        let Some(scene) = &self.state.scene else {
            return;
        };
        if matches!(
            op,
            EditOp::Transform {
                scope: Scope::All,
                ..
            }
        ) {
            self.state.editor.points.clear();
        }
        if let Err(err) = self.state.editor.apply(op, &scene.snapshot) {
            self.state.fail(err.to_string());
        }
    }

    /// Splats of another file join the scene.
    pub(super) fn merge(&mut self, splats: Arc<Splats>, name: &str) {
        let Some(scene) = self.state.scene.as_ref().filter(|_| self.state.can_edit()) else {
            return;
        };
        let count = splats.len();
        let document = self.state.editor.document_of(&scene.snapshot);
        match document.history.merge(splats, name.to_owned()) {
            Ok(()) => {
                document.version += 1;
                self.state.editor.preview = None;
                self.state.editor.versions.forget_after();
                let text = format!("Merged {count} splats of {name}: they are selected");
                self.state.say(Gravity::Note, text);
            }
            Err(err) => self.state.fail(err.to_string()),
        }
        self.show_edits();
    }

    /// What a shape on the screen picks: all behind it, or only what can be seen.
    fn select_outline(&mut self, camera: Camera, shape: Shape, mode: Mode) {
        let pick = Pick::Screen { camera, shape };
        if !self.state.editor.tools.seen_only {
            return self.select(pick, mode);
        }
        match self.seen(&pick) {
            Ok(hits) => {
                let what = format!("{} of what is seen", pick.label());
                let pick = Pick::Seen { what };
                self.do_edit(EditOp::Select { pick, mode, hits });
            }
            Err(err) => self.state.fail(err.to_string()),
        }
    }

    fn select(&mut self, pick: Pick, mode: Mode) {
        match self.hits(&pick) {
            Ok(hits) => self.do_edit(EditOp::Select { pick, mode, hits }),
            Err(err) => self.state.fail(err.to_string()),
        }
    }

    fn hits(&mut self, pick: &Pick) -> Result<Bits, GpuError> {
        let Some(scene) = &self.state.scene else {
            return Ok(Bits::default());
        };
        self.edited.hits(&self.gpu, scene, &self.state.editor, pick)
    }

    fn seen(&mut self, pick: &Pick) -> Result<Bits, GpuError> {
        let Some(scene) = &self.state.scene else {
            return Ok(Bits::default());
        };
        let config = &self.state.settings.render;
        let editor = &self.state.editor;
        self.edited.seen(&self.gpu, scene, (editor, config), pick)
    }

    /// A point of the scene was clicked.
    fn click(&mut self, point: Vec3) {
        match self.state.editor.tool {
            Tool::Points => {
                let points = &mut self.state.editor.points;
                if MOST_POINTS <= points.len() {
                    points.clear();
                }
                points.push(point);
            }
            Tool::Colour => {
                let Some(scene) = &self.state.scene else {
                    return;
                };
                let editor = &self.state.editor;
                let rgb = match editor.now() {
                    Some(now) => Editor::colour_at(&now.splats, Some(&now.marks), point),
                    None => Editor::colour_at(&scene.snapshot.file.splats, None, point),
                };
                if let Some(rgb) = rgb {
                    let (tolerance, mode) = (editor.tools.tolerance, editor.tools.mode);
                    self.select(Pick::Colour { rgb, tolerance }, mode);
                }
            }
            _ => {}
        }
    }

    /// Brings the edits on the screen.
    pub(super) fn show_edits(&mut self) {
        let Some(scene) = &mut self.state.scene else {
            return;
        };
        match self.edited.show(&self.gpu, scene, &mut self.state.editor) {
            Ok(()) => {}
            Err(text) => self.state.fail(text),
        }
    }

    /// The scene has become another one: the edits are done again on it, as far as they can be.
    pub(super) fn rebase_edits(&mut self) {
        let editor = &mut self.state.editor;
        let (Some(scene), Some(document)) = (&self.state.scene, &mut editor.document) else {
            return;
        };
        let snapshot = &scene.snapshot;
        if document.snapshot == snapshot.id {
            return;
        }
        let splats = Arc::new(snapshot.file.splats.clone());
        let lineage = snapshot.lineage.as_ref();
        let lineage = lineage.filter(|it| it.from == document.snapshot);
        // Once: from then on they are edits like all others.
        let dropped = if let Some(again) = document.again.take() {
            let mut history = History::new(splats);
            let ops = again.ops.into_iter();
            let failed = ops.filter(|it| history.apply(it.clone()).is_err());
            let failed: Vec<String> = failed.map(|it| it.label()).collect();
            editor.versions.keep(Version {
                history: std::mem::replace(&mut document.history, history),
                file: again.file,
                name: again.name,
            });
            failed
        } else {
            let origins = lineage.map(|it| it.origins.as_slice());
            document.history.rebase(splats, origins).dropped
        };
        document.snapshot = snapshot.id;
        document.version += 1;
        editor.preview = None;
        if !dropped.is_empty() {
            let text = format!(
                "These edits do not hold for the new splats: {}",
                dropped.join(", ")
            );
            self.state.say(Gravity::Warning, text);
        }
        self.show_edits();
    }

    /// Begins to optimise the scene as it is edited.
    pub(super) fn optimise_again(&mut self) {
        let state = &mut self.state;
        let dataset = state.project.as_ref().and_then(|it| it.dataset()).cloned();
        let (Some(dataset), Some(scene)) = (dataset, &state.scene) else {
            let text = "there are no posed photos to optimise for: open their folder first";
            return state.fail(text);
        };
        let tools = &state.editor.tools;
        let only_selected = tools.again == Again::Selection;
        let region = (tools.again == Again::Region).then_some(tools.region);
        let document = state.editor.document_of(&scene.snapshot);
        let restart = match document.history.restart(only_selected, region) {
            Ok(it) => it,
            Err(err) => return state.fail(err.to_string()),
        };
        let file = SplatFile {
            splats: Arc::unwrap_or_clone(restart.splats),
            format: scene.snapshot.file.format,
            antialiased: scene.snapshot.file.antialiased,
            comments: scene.snapshot.file.comments.clone(),
            warnings: Vec::new(),
        };
        let has_frozen = restart.frozen.iter().any(|it| *it);
        let part = Part {
            frozen: has_frozen.then(|| Arc::new(restart.frozen)),
            region: restart.region,
        };
        let lpips = state.settings.lpips.clone();
        let mut job = state.plan.job(&dataset, None, lpips);
        job.start = Start::Splats(Arc::new(file), part);
        let sequel = Sequel {
            ops: restart.again,
            file: scene.snapshot.file.clone(),
            name: scene.snapshot.name.clone(),
        };
        self.send_now(Command::Optimise(Box::new(job)));
        if let Some(document) = &mut self.state.editor.document {
            document.again = Some(sequel);
        }
    }

    /// Splats were measured for clean-up.
    pub(super) fn measured(&mut self, measured: Arc<Measured>) {
        self.state.editor.cleaning.measured = Some(measured);
        self.preview_cleaning();
    }

    /// Asks the worker to measure what clean-up goes by.
    fn measure(&mut self) {
        let Some(scene) = &self.state.scene else {
            return;
        };
        let dataset = self.state.project.as_ref().and_then(|it| it.dataset());
        let document = self.state.editor.document_of(&scene.snapshot);
        let subject = Subject::of(document.history.now());
        let version = document.version;
        let command = Command::MeasureSplats {
            splats: subject.splats.clone(),
            dataset: dataset.cloned(),
            antialiased: scene.snapshot.file.antialiased.unwrap_or_default(),
        };
        let cleaning = &mut self.state.editor.cleaning;
        cleaning.subject = Some((version, subject));
        cleaning.measured = None;
        self.send_now(command);
    }

    /// Shows what clean-up would remove.
    fn preview_cleaning(&mut self) {
        let editor = &mut self.state.editor;
        let version = editor.document.as_ref().map(|it| it.version);
        let Some((found, all)) = editor.cleaning.find(version) else {
            editor.cleaning.found.clear();
            return;
        };
        editor.cleaning.found = found;
        editor.preview = Some(Preview::Doomed(all));
        self.show_edits();
    }

    /// Removes what clean-up has found.
    fn clean(&mut self) {
        let found = std::mem::take(&mut self.state.editor.cleaning.found);
        for op in removals(found) {
            self.do_edit(op);
        }
        self.state.editor.cleaning.forget();
    }
}

/// Whether a preview is of splats that would go.
pub(super) fn doomed(preview: Option<&Preview>) -> Option<&Bits> {
    match preview {
        Some(Preview::Doomed(bits)) => Some(bits),
        _ => None,
    }
}
