//! Edits that have no project of their own are kept all the same, for when the program ends otherwise
//! than it should.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eframe::egui;
use recon::io::project_folder;
use recon::worker::Command;

use super::App;

/// What is kept while the program runs.
const UNSAVED: &str = "unsaved.accrete";

/// What an earlier run has left.
const RECOVERED: &str = "recovered.accrete";

/// Where edits are kept that are in no project, and which.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    folder: Option<PathBuf>,
    every: Duration,
    /// The version of the edits that lies there, and since when.
    kept: Option<(u64, Instant)>,
    /// It is being written.
    is_writing: bool,
    /// What an earlier run has left was opened: it is part of the scene now.
    is_opened: bool,
}

impl App {
    /// From now on edits that are in no project are kept in `folder` so often. What an earlier run has
    /// left there is offered.
    pub fn keep_unsaved_in(&mut self, folder: &Path, every: Duration) {
        let (unsaved, recovered) = (folder.join(UNSAVED), folder.join(RECOVERED));
        if project_folder(&unsaved).is_some() {
            remove(&recovered);
            if let Err(err) = fs::rename(&unsaved, &recovered) {
                log::warn!("{}: {err}", unsaved.display());
            }
        }
        self.state.recovered = project_folder(&recovered);
        self.recovery.folder = Some(folder.to_owned());
        self.recovery.every = every;
    }

    /// Whether this project is what an earlier run has left.
    pub(super) fn is_recovered(&self, path: &Path) -> bool {
        self.state.recovered.as_deref() == Some(path)
    }

    /// What an earlier run has left is shown: it is not saved yet.
    pub(super) fn take_recovered(&mut self) {
        self.recovery.is_opened = true;
        if let Some(document) = &mut self.state.editor.document {
            document.version += 1;
        }
    }

    /// What an earlier run has left is not wanted.
    pub(super) fn forget_recovered(&mut self) {
        if let Some(path) = self.state.recovered.take() {
            remove(&path);
        }
    }

    /// Keeps edits that are in no project, now and then; those that are saved meanwhile need it no
    /// longer.
    pub(super) fn keep_unsaved(&mut self, ctx: &egui::Context) {
        let document = self.state.editor.document.as_ref();
        let document = document.filter(|it| it.is_unsaved());
        let (Some(folder), Some(document)) = (&self.recovery.folder, document) else {
            if document.is_none() && !self.recovery.is_writing {
                self.forget_unsaved();
            }
            return;
        };
        let is_idle = self.state.job.is_none() && !self.recovery.is_writing;
        let kept = self.recovery.kept;
        if kept.map(|it| it.0) == Some(document.version) || !is_idle || !self.state.can_edit() {
            return;
        }
        // From the first edit on, so that it does not come between two of them.
        let since = kept.map_or(Duration::ZERO, |it| it.1.elapsed());
        if kept.is_some() && self.recovery.every <= since {
            let path = folder.join(UNSAVED);
            if let Some((version, project)) = self.as_project() {
                self.recovery.kept = Some((version, Instant::now()));
                self.recovery.is_writing = true;
                self.send_now(Command::SaveProject { project, path });
            }
        } else {
            if kept.is_none() {
                self.recovery.kept = Some((document.saved, Instant::now()));
            }
            ctx.request_repaint_after(self.recovery.every.saturating_sub(since));
        }
    }

    /// Whether it was this that was written.
    pub(super) fn unsaved_is_kept(&mut self, path: &Path) -> bool {
        let place = self.recovery.folder.as_ref().map(|it| it.join(UNSAVED));
        let is_it = place.as_deref() == Some(path);
        self.recovery.is_writing &= !is_it;
        is_it
    }

    /// What was being written was not.
    pub(super) fn unsaved_failed(&mut self) {
        self.recovery.is_writing = false;
    }

    fn forget_unsaved(&mut self) {
        if let (Some(_), Some(folder)) = (self.recovery.kept.take(), &self.recovery.folder) {
            remove(&folder.join(UNSAVED));
        }
    }

    /// The program ends as it should: whoever had unsaved edits was asked.
    pub(super) fn end_recovery(&mut self) {
        self.forget_unsaved();
        if self.recovery.is_opened {
            self.forget_recovered();
        }
    }
}

/// Removes a project's folder, and nothing that is none.
fn remove(path: &Path) {
    if project_folder(path).is_none() {
        return;
    }
    if let Err(err) = fs::remove_dir_all(path) {
        log::warn!("{}: {err}", path.display());
    }
}
