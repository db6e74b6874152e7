//! Projects: a folder that holds all there is about a scene but its photos.
//!
//! ```text
//! NAME.accrete/
//!   project.json           what it is made of: dataset, edits, camera path, settings, figures
//!   splats-1f0c….ply       the splats before the first edit, to the bit; named after their content
//!   part-a77b….ply         splats of other files that edits merge
//! ```
//!
//! Whatever interrupts a save, the folder holds a whole project, the older or the newer one: files
//! of splats never change, and `project.json` is replaced in one step. Splats that were saved before
//! are not written again. Photos stay where they are; the way to them is kept as one from the
//! folder, so that both can be moved together, and as one from the root.

mod dataset_place;
mod record;
mod splats;
#[cfg(test)]
mod tests;
mod view_choice;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use render::Splats;
use serde_json::Value;

pub use dataset_place::DatasetPlace;
pub use view_choice::ViewChoice;

use super::{FormatError, IoError, SplatFile, SplatFormat, replace};
use crate::camera_path::CameraPath;
use crate::edit::{EditError, EditOp, History};
use record::Record;

/// What a project's folder is called at the end.
pub const PROJECT_ENDING: &str = "accrete";

/// Name of the file that says what a project is made of.
const NAME: &str = "project.json";

/// All there is about a scene but its photos.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// Where its photos are.
    pub dataset: Option<DatasetPlace>,
    /// Which of them are used for what.
    pub views: ViewChoice,
    /// The splats before the first edit; `None` where there are none yet.
    pub base: Option<Arc<SplatFile>>,
    /// Splats of other files that edits merge.
    pub parts: Vec<Arc<Splats>>,
    /// The edits, those that were undone among them.
    pub ops: Vec<EditOp>,
    /// How many of them are done.
    pub done: usize,
    /// The path of the camera, as whoever draws it writes it.
    pub camera_path: Option<Value>,
    /// How the scene is drawn, likewise.
    pub settings: Option<Value>,
    /// What was measured of it, likewise.
    pub metrics: Option<Value>,
}

impl Project {
    /// Of a scene and its edits. `base` says what the history's first splats do not: comments,
    /// antialiasing.
    pub fn of(history: &History, base: &SplatFile) -> Self {
        let splats = history.splats();
        let base = SplatFile {
            splats: (**splats).clone(),
            format: SplatFormat::Ply,
            antialiased: base.antialiased,
            comments: base.comments.clone(),
            warnings: Vec::new(),
        };
        Self {
            base: Some(Arc::new(base)),
            parts: history.parts().to_vec(),
            ops: history.ops().cloned().collect(),
            done: history.done(),
            ..Self::default()
        }
    }

    /// The edits, done again.
    ///
    /// # Errors
    /// Where one of them does not belong to these splats.
    pub fn history(&self) -> Result<History, EditError> {
        let splats = self.base.as_ref().map(|it| Arc::new(it.splats.clone()));
        let splats = splats.unwrap_or_default();
        History::replay(splats, self.parts.clone(), self.ops.clone(), self.done)
    }
}

/// The folder of the project at `path`, be that the folder or the `project.json` in it; `None` where
/// there is something else.
pub fn project_folder(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() {
        path
    } else if path.file_name()? == NAME {
        path.parent()?
    } else {
        return None;
    };
    let is_named = folder.extension().is_some_and(|it| it == PROJECT_ENDING);
    let file = folder.join(NAME);
    (file.is_file() && (is_named || record::is_one(&file))).then(|| folder.to_owned())
}

/// Writes a project into the folder at `path`, which is made if need be. Splats that lie there
/// already are not written again; splats of an older save are removed.
///
/// # Errors
/// Naming the file, where the system refuses or the folder holds something else. What was saved
/// there before is then intact.
pub fn save_project(path: &Path, project: &Project) -> Result<(), IoError> {
    let system = |it| IoError::system(path, it);
    check_free(path)?;
    fs::create_dir_all(path).map_err(system)?;
    let folder = fs::canonicalize(path).map_err(system)?;
    let mut files = Vec::new();
    let base = match &project.base {
        None => None,
        Some(file) => {
            let file = splats::keep(path, "splats", file, &mut files)?;
            Some(file)
        }
    };
    let mut parts = Vec::new();
    for part in &project.parts {
        let file = SplatFile::new((**part).clone(), SplatFormat::Ply);
        parts.push(splats::keep(path, "part", &file, &mut files)?);
    }
    let record = Record {
        dataset: project.dataset.as_ref().map(|it| it.seen_from(&folder)),
        splats: base,
        parts,
        project,
    };
    let text = record.text();
    let file = path.join(NAME);
    let text = text.map_err(|it| IoError::format(&file, it))?;
    let same = fs::read(&file).is_ok_and(|it| it == text.as_bytes());
    if !same {
        replace(&file, text.as_bytes()).map_err(|it| IoError::system(&file, it))?;
    }
    splats::remove_others(path, &files);
    Ok(())
}

/// Opens the project in the folder at `path`, or whose `project.json` lies there. What is odd and
/// does not prevent that comes back in words for a person: a dataset that is not there, with the
/// places where it was looked for.
///
/// # Errors
/// Naming the file that cannot be read, is damaged, or was made by a newer program.
pub fn open_project(path: &Path) -> Result<(Project, Vec<String>), IoError> {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(Path::new(""))
    };
    let file = folder.join(NAME);
    let read = record::read(&file)?;
    let mut warnings = Vec::new();
    let base = match &read.splats {
        None => None,
        Some(it) => Some(Arc::new(splats::read(folder, it, &mut warnings)?)),
    };
    let mut parts = Vec::new();
    for it in &read.parts {
        let part = splats::read(folder, it, &mut warnings)?;
        parts.push(Arc::new(part.splats));
    }
    let broken = |it| IoError::format(&file, it);
    let counts = (
        base.as_ref().map_or(0, |it| it.splats.len()),
        parts.iter().map(|it| it.len()).collect::<Vec<_>>(),
    );
    let ops = read.ops(counts.0, &counts.1).map_err(broken)?;
    if ops.len() < read.done {
        return Err(broken(FormatError::Malformed(format!(
            "says that {} of {} edits are done. The file is damaged: use an older copy",
            read.done,
            ops.len()
        ))));
    }
    let dataset = read.dataset.map(|it| it.found_from(folder));
    if let Some(missing) = dataset.as_ref().and_then(DatasetPlace::missing) {
        warnings.push(missing);
    }
    let project = Project {
        dataset,
        views: read.views,
        base,
        parts,
        ops,
        done: read.done,
        camera_path: read.camera_path,
        settings: read.settings,
        metrics: read.metrics,
    };
    Ok((project, warnings))
}

/// The camera path of the project in `folder`; its splats are not read.
///
/// # Errors
/// Naming the file, where it cannot be read or has no path.
pub(super) fn camera_path_in(folder: &Path) -> Result<CameraPath, IoError> {
    let file = folder.join(NAME);
    let stored = record::read(&file)?.camera_path.unwrap_or_default();
    let stored: Option<CameraPath> = serde_json::from_value(stored).map_err(|it| {
        let what = format!("its camera path is damaged ({it}). Make another one in the window");
        IoError::format(&file, FormatError::Malformed(what))
    })?;
    let whole = stored.filter(|it| !it.keyframes().is_empty());
    whole.ok_or_else(|| {
        let what = "a project without a camera path. Open it in the window, add keyframes under \
                    Camera path and film, and save it; or give a file of keyframes or cameras";
        IoError::format(&file, FormatError::Unsupported(what.to_owned()))
    })
}

/// A folder can be made there, or is empty, or holds a project.
fn check_free(path: &Path) -> Result<(), IoError> {
    let refuse = |cause: &str| {
        let cause = FormatError::Unsupported(cause.to_owned());
        Err(IoError::format(path, cause))
    };
    if path.join(NAME).exists() {
        if record::is_one(&path.join(NAME)) || path_is_named(path) {
            return Ok(());
        }
        return refuse("its project.json is of another program. Name a new folder");
    }
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            Some(_) if !path_is_named(path) => {
                refuse("a folder with other files in it. Name a new one for the project")
            }
            _ => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            refuse("a file, and a project is a folder. Name a new one")
        }
        Err(error) => Err(IoError::system(path, error)),
    }
}

fn path_is_named(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == PROJECT_ENDING)
}
