//! The system's file dialogs, each on a thread of its own: the window goes on meanwhile.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use eframe::egui;

use crate::action::NetworkFile;

/// Nobody closes a dialog that fast: it did not open.
const TOO_FAST: Duration = Duration::from_millis(250);

/// What a dialog was for, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A file to open.
    Open(PathBuf),
    /// Where to save.
    Save(PathBuf),
    /// A file of the network.
    Network(NetworkFile, PathBuf),
    /// A splat file to merge.
    Merge(PathBuf),
    /// Where to save the project.
    Project(PathBuf),
    /// The user chose nothing.
    Nothing,
    /// This system could not show a dialog.
    NoDialog(Purpose),
}

/// What a dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To choose a file to open.
    Open,
    /// To choose where to save.
    Save,
    /// To choose a file of the network.
    Network,
}

/// Opens dialogs and collects their answers.
#[derive(Debug)]
pub(super) struct Dialogs {
    ctx: egui::Context,
    outbox: Sender<Answer>,
    inbox: Receiver<Answer>,
    is_open: bool,
}

impl Dialogs {
    /// `ctx` is woken when an answer comes.
    pub(super) fn new(ctx: egui::Context) -> Self {
        let (outbox, inbox) = channel();
        Self {
            ctx,
            outbox,
            inbox,
            is_open: false,
        }
    }

    /// Asks for a file to open.
    pub(super) fn ask_for_file(&mut self) {
        let splats = ["ply", "splat", "spz", "sog"];
        let photos = ["zip", "json", "npy", "csv", "xml"];
        let videos = ["mp4", "mov", "mkv", "avi", "webm", "m4v"];
        self.ask(Purpose::Open, move || {
            let all = [&splats[..], &photos, &videos].concat();
            let dialog = rfd::FileDialog::new()
                .set_title("Open a splat file, zipped photos, a pose file or a video")
                .add_filter("All that can be opened", &all)
                .add_filter("Splat files", &splats)
                .add_filter("All files", &["*"]);
            dialog.pick_file().map(Answer::Open)
        });
    }

    /// Asks for a folder of photos to open.
    pub(super) fn ask_for_folder(&mut self) {
        self.ask(Purpose::Open, || {
            let dialog = rfd::FileDialog::new().set_title("Open a folder of photos");
            dialog.pick_folder().map(Answer::Open)
        });
    }

    /// Asks for the folder of a project, beginning at `proposed`.
    pub(super) fn ask_for_project(&mut self, proposed: &Path) {
        let folder = proposed.parent().map(Path::to_owned).unwrap_or_default();
        let name = proposed.file_name().unwrap_or_default().to_owned();
        self.ask(Purpose::Save, move || {
            let dialog = rfd::FileDialog::new()
                .set_title("Save the project as a folder")
                .set_directory(folder)
                .set_file_name(name.to_string_lossy());
            dialog.save_file().map(Answer::Project)
        });
    }

    /// Asks for a splat file to merge.
    pub(super) fn ask_for_merge(&mut self) {
        self.ask(Purpose::Open, || {
            let dialog = rfd::FileDialog::new()
                .set_title("Merge a splat file")
                .add_filter("Splat files", &["ply", "splat", "spz", "sog"]);
            dialog.pick_file().map(Answer::Merge)
        });
    }

    /// Asks for a file of the network.
    pub(super) fn ask_for_network(&mut self, file: NetworkFile) {
        let (title, endings): (_, &[&str]) = match file {
            NetworkFile::Weights => ("The network's weights", &["safetensors", "pt", "pth"]),
            NetworkFile::Config => ("The network's settings", &["toml", "json"]),
        };
        self.ask(Purpose::Network, move || {
            let dialog = rfd::FileDialog::new()
                .set_title(title)
                .add_filter(title, endings)
                .add_filter("All files", &["*"]);
            dialog.pick_file().map(|it| Answer::Network(file, it))
        });
    }

    /// Asks where to save, beginning at `proposed`.
    pub(super) fn ask_where_to_save(&mut self, proposed: &Path) {
        let folder = proposed.parent().map(Path::to_owned).unwrap_or_default();
        let name = proposed.file_name().unwrap_or_default().to_owned();
        self.ask(Purpose::Save, move || {
            let dialog = rfd::FileDialog::new()
                .set_title("Save splats")
                .set_directory(folder)
                .set_file_name(name.to_string_lossy());
            dialog.save_file().map(Answer::Save)
        });
    }

    /// The answers that have come.
    pub(super) fn answers(&mut self) -> Vec<Answer> {
        let answers: Vec<Answer> = self.inbox.try_iter().collect();
        self.is_open &= answers.is_empty();
        answers
    }

    /// One dialog at a time.
    fn ask(&mut self, purpose: Purpose, show: impl FnOnce() -> Option<Answer> + Send + 'static) {
        if self.is_open {
            return;
        }
        let (outbox, ctx) = (self.outbox.clone(), self.ctx.clone());
        let thread = std::thread::Builder::new().name("file dialog".to_owned());
        let started = thread.spawn(move || {
            let asked = Instant::now();
            let chosen = show();
            let answer = chosen.unwrap_or(if asked.elapsed() < TOO_FAST {
                Answer::NoDialog(purpose)
            } else {
                Answer::Nothing
            });
            outbox.send(answer).ok(); // The window may have closed meanwhile.
            ctx.request_repaint();
        });
        self.is_open = started.is_ok();
        if started.is_err() {
            self.outbox.send(Answer::NoDialog(purpose)).ok();
            self.ctx.request_repaint();
        }
    }
}
