//! COLMAP as a pose engine, where it is installed: another program, run stage by stage.
//!
//! ```text
//! feature_extractor ──► exhaustive_matcher │ sequential_matcher ──► mapper │ global_mapper
//! ```
//!
//! Everything it writes goes into a workplace that is removed afterwards; photos are only read.
//! Its own word that all went well counts for nothing: without a model there is an error.

mod job;
mod model;
mod options;
mod progress;
mod upright;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::{self, Found, find_program};
use super::workplace::Workplace;
use super::{Photos, PoseConfig, PoseEngine, PoseError, PoseUpdate};
use crate::dataset::PoseFile;
use job::Job;

/// Names the program where it is not on PATH.
pub const COLMAP_VARIABLE: &str = "ACCRETE_COLMAP";

/// A program that does not say what it is in this time is no COLMAP.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which of COLMAP's mappers places the cameras.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mapper {
    /// One photo after the other: slow and firm.
    #[default]
    Incremental,
    /// All at once, in versions that have it (4.0 and later); else the incremental one.
    Global,
}

/// COLMAP, found and asked for its version.
#[derive(Clone, Debug)]
pub struct ColmapEngine {
    /// The program.
    pub program: PathBuf,
    /// Let it use a graphics card; only versions built with CUDA can without a display.
    pub gpu: bool,
    /// Which mapper.
    pub mapper: Mapper,
    name: String,
    has_global_mapper: bool,
}

impl ColmapEngine {
    /// Finds COLMAP: the `explicit` program or folder, else what [`COLMAP_VARIABLE`] names, else
    /// the one on PATH; and asks it for its version.
    ///
    /// # Errors
    /// [`PoseError::Failed`], with what to do, where there is none, or what was named is none.
    pub fn find(explicit: Option<&Path>) -> Result<Self, PoseError> {
        let Some(found) = find_program("colmap", explicit, COLMAP_VARIABLE) else {
            return Err(PoseError::Failed(format!(
                "COLMAP is not installed: it is neither on PATH nor named by {COLMAP_VARIABLE}. \
                 Install it (`apt-get install colmap`, `brew install colmap`) or use the built-in \
                 engine"
            )));
        };
        let help = Self::ask_for_help(found.path())?;
        let version = version(&help).ok_or_else(|| {
            let path = found.path().display();
            let who = match &found {
                Found::Named(_) => "which was named as COLMAP",
                Found::OnPath(_) => "found on PATH",
            };
            PoseError::Failed(format!(
                "{path}, {who}, does not introduce itself as COLMAP when asked for `help`"
            ))
        })?;
        Ok(Self {
            name: format!("COLMAP {version}"),
            has_global_mapper: help.split_whitespace().any(|it| it == "global_mapper"),
            program: found.path().to_owned(),
            gpu: false,
            mapper: Mapper::default(),
        })
    }

    fn ask_for_help(program: &Path) -> Result<String, PoseError> {
        let mut workplace = Workplace::new(None)?;
        let begun = Instant::now();
        let ended = program::run(&mut workplace, command(program).arg("help"), &mut |_| {
            if begun.elapsed() < PATIENCE {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        match ended {
            Ok(ended) => Ok(ended.said),
            Err(PoseError::Cancelled) => Err(PoseError::Failed(format!(
                "{} does not answer when asked for `help`; is it COLMAP?",
                program.display()
            ))),
            Err(err) => Err(err),
        }
    }

    /// Whether this version has [`Mapper::Global`].
    pub fn has_global_mapper(&self) -> bool {
        self.has_global_mapper
    }
}

/// `3.8` of `COLMAP 3.8 -- Structure-from-Motion …`.
fn version(help: &str) -> Option<&str> {
    let (_, rest) = help.split_once("COLMAP ")?;
    let word = rest.split_whitespace().next()?;
    let begins = word.trim_start_matches('v');
    begins
        .starts_with(|it: char| it.is_ascii_digit())
        .then_some(begins)
}

/// Neither a display nor the settings of a desktop shall be needed.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("QT_QPA_PLATFORM", "offscreen");
    command
}

impl PoseEngine for ColmapEngine {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(
        &self,
        photos: &Photos,
        config: &PoseConfig,
        report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
    ) -> Result<PoseFile, PoseError> {
        let near = photos.folder.on_disk(Path::new(""));
        let mut workplace = Workplace::new(near.as_deref())?;
        Job::new(self, photos, config, &workplace).run(&mut workplace, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let debian = "COLMAP 3.8 -- Structure-from-Motion and Multi-View Stereo\n(Commit Unknown)";
        assert_eq!(version(debian), Some("3.8"));
        assert_eq!(version("COLMAP v4.0.3 (Commit 17cb8503)"), Some("4.0.3"));
        assert_eq!(version("the COLMAP of dreams"), None);
        assert_eq!(version("cp: missing operand"), None);
    }
}
