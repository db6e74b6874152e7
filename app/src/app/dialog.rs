//! The system's file dialogs, each on a thread of its own: the window goes on meanwhile.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use eframe::egui;

use crate::action::{NetworkFile, ShowFile};
use crate::state::FilmKind;

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
    /// A file of the camera path or of what becomes of it.
    Show(ShowFile, PathBuf),
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
    /// To choose a file of the camera path or of what becomes of it.
    Show(ShowFile),
}

/// Opens dialogs and collects their answers.
#[derive(Debug)]
pub(super) struct Dialogs {
    ctx: egui::Context,
    outbox: Sender<Answer>,
    inbox: Receiver<Answer>,
    is_open: bool,
    /// What the next dialogs come to, without being shown.
    rehearsed: VecDeque<Option<PathBuf>>,
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
            rehearsed: VecDeque::new(),
        }
    }

    /// Instead of the next dialog, this is what the user has chosen; `None` is as where no dialog
    /// can be shown.
    pub(super) fn rehearse(&mut self, answer: Option<PathBuf>) {
        self.rehearsed.push_back(answer);
    }

    /// Asks for a file to open.
    pub(super) fn ask_for_file(&mut self) {
        let splats = ["ply", "splat", "spz", "sog"];
        let photos = ["zip", "json", "npy", "csv", "xml"];
        let videos = ["mp4", "mov", "mkv", "avi", "webm", "m4v"];
        self.ask(Purpose::Open, Answer::Open, move || {
            let all = [&splats[..], &photos, &videos].concat();
            let dialog = rfd::FileDialog::new()
                .set_title("Open a splat file, zipped photos, a pose file or a video")
                .add_filter("All that can be opened", &all)
                .add_filter("Splat files", &splats)
                .add_filter("All files", &["*"]);
            dialog.pick_file()
        });
    }

    /// Asks for a folder of photos to open.
    pub(super) fn ask_for_folder(&mut self) {
        self.ask(Purpose::Open, Answer::Open, || {
            let dialog = rfd::FileDialog::new().set_title("Open a folder of photos");
            dialog.pick_folder()
        });
    }

    /// Asks for the folder of a project, beginning at `proposed`.
    pub(super) fn ask_for_project(&mut self, proposed: &Path) {
        let dialog = saving("Save the project as a folder", proposed);
        self.ask(Purpose::Save, Answer::Project, || dialog.save_file());
    }

    /// Asks for a splat file to merge.
    pub(super) fn ask_for_merge(&mut self) {
        self.ask(Purpose::Open, Answer::Merge, || {
            let dialog = rfd::FileDialog::new()
                .set_title("Merge a splat file")
                .add_filter("Splat files", &["ply", "splat", "spz", "sog"]);
            dialog.pick_file()
        });
    }

    /// Asks for a file of the network.
    pub(super) fn ask_for_network(&mut self, file: NetworkFile) {
        let (title, endings): (_, &[&str]) = match file {
            NetworkFile::Weights => ("The network's weights", &["safetensors", "pt", "pth"]),
            NetworkFile::Config => ("The network's settings", &["toml", "json"]),
        };
        let answer = move |it| Answer::Network(file, it);
        self.ask(Purpose::Network, answer, move || {
            let dialog = rfd::FileDialog::new()
                .set_title(title)
                .add_filter(title, endings)
                .add_filter("All files", &["*"]);
            dialog.pick_file()
        });
    }

    /// Asks where to save, beginning at `proposed`.
    pub(super) fn ask_where_to_save(&mut self, proposed: &Path) {
        let dialog = saving("Save splats", proposed);
        self.ask(Purpose::Save, Answer::Save, || dialog.save_file());
    }

    /// Asks for a file of the camera path or of what becomes of it; `proposed` is where to write.
    /// A film of this `kind` goes there.
    pub(super) fn ask_for_show(&mut self, file: ShowFile, kind: FilmKind, proposed: &Path) {
        let ending = kind.ending().trim_start_matches('.');
        let dialog = match file {
            ShowFile::Film if ending.is_empty() => saving("Save the images to a folder", proposed),
            ShowFile::Film => saving("Save the film", proposed).add_filter(kind.label(), &[ending]),
            ShowFile::Picture => saving("Save the picture", proposed).add_filter("PNG", &["png"]),
            ShowFile::SavePath => {
                saving("Save the camera path", proposed).add_filter("Camera path", &["json"])
            }
            ShowFile::OpenPath => rfd::FileDialog::new()
                .set_title("Open a camera path, a list of cameras, or a project's project.json")
                .add_filter("Camera path", &["json"])
                .add_filter("All files", &["*"]),
        };
        let answer = move |it| Answer::Show(file, it);
        self.ask(Purpose::Show(file), answer, move || {
            if file == ShowFile::OpenPath {
                dialog.pick_file()
            } else {
                dialog.save_file()
            }
        });
    }

    /// The answers that have come.
    pub(super) fn answers(&mut self) -> Vec<Answer> {
        let answers: Vec<Answer> = self.inbox.try_iter().collect();
        self.is_open &= answers.is_empty();
        answers
    }

    /// One dialog at a time.
    fn ask(
        &mut self,
        purpose: Purpose,
        answer: impl FnOnce(PathBuf) -> Answer + Send + 'static,
        show: impl FnOnce() -> Option<PathBuf> + Send + 'static,
    ) {
        if self.is_open {
            return;
        }
        if let Some(chosen) = self.rehearsed.pop_front() {
            let answer = chosen.map_or(Answer::NoDialog(purpose), answer);
            self.outbox.send(answer).ok(); // It is received by the same struct.
            return self.ctx.request_repaint();
        }
        let (outbox, ctx) = (self.outbox.clone(), self.ctx.clone());
        let thread = std::thread::Builder::new().name("file dialog".to_owned());
        let started = thread.spawn(move || {
            let asked = Instant::now();
            let chosen = show();
            let answer = match chosen {
                Some(path) => answer(path),
                None if asked.elapsed() < TOO_FAST => Answer::NoDialog(purpose),
                None => Answer::Nothing,
            };
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

/// A dialog that begins at `proposed`.
fn saving(title: &str, proposed: &Path) -> rfd::FileDialog {
    let folder = proposed.parent().unwrap_or(Path::new(""));
    let name = proposed.file_name().unwrap_or_default();
    rfd::FileDialog::new()
        .set_title(title)
        .set_directory(folder)
        .set_file_name(name.to_string_lossy())
}
