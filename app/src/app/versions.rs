//! Undo and redo, also beyond an optimisation that began with the edited scene.

use recon::worker::Snapshot;
use render::GpuSplats;

use super::App;
use crate::editor::{Document, Version, Way};

/// Ids of scenes that were gone back to: far from those of the worker and of the timeline.
const FIRST_ID: u64 = 1 << 42;

impl App {
    /// Takes the last edit back; before the first, what an optimisation made of the scene.
    pub(super) fn undo(&mut self) {
        let document = self.state.editor.document.as_ref();
        if document.is_none_or(|it| it.history.last().is_none()) {
            self.go_to_version(Way::Back);
        } else {
            self.state.editor.go(|it| {
                it.undo();
            });
        }
    }

    /// Does again what was taken back.
    pub(super) fn redo(&mut self) {
        let document = self.state.editor.document.as_ref();
        if document.is_none_or(|it| it.history.next().is_none()) {
            self.go_to_version(Way::Forth);
        } else {
            self.state.editor.go(|it| {
                it.redo();
            });
        }
    }

    /// Shows the scene before it was optimised again, or what was made of it; each with its edits.
    pub(super) fn go_to_version(&mut self, way: Way) {
        let state = &mut self.state;
        let editor = &mut state.editor;
        let (Some(scene), Some(document)) = (&mut state.scene, &editor.document) else {
            return;
        };
        let Some(next) = editor.versions.next(way) else {
            return;
        };
        let on_gpu = match GpuSplats::upload(&self.gpu, &next.file.splats) {
            Ok(it) => it,
            Err(err) => return state.fail(err.to_string()),
        };
        let now = Version {
            history: document.history.clone(),
            file: scene.snapshot.file.clone(),
            name: scene.snapshot.name.clone(),
        };
        let (version, saved) = (document.version + 1, document.saved);
        let Some(next) = editor.versions.go(way, now) else {
            return;
        };
        let id = FIRST_ID + state.next_live;
        state.next_live += 1;
        scene.snapshot = Snapshot::new(id, on_gpu, next.file, next.name, None);
        editor.document = Some(Document {
            history: next.history,
            snapshot: id,
            again: None,
            version,
            saved,
        });
        editor.preview = None;
        editor.cleaning.forget();
    }
}
