//! The built-in pose engine: global structure from motion on the processor, no other program.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{Photos, PoseConfig, PoseEngine, PoseError, PoseUpdate};
use crate::dataset::PoseFile;

/// Finds poses with the `cumulus3d` crates (cargo feature `sfm`).
#[derive(Clone, Debug, Default)]
pub struct BuiltinEngine {
    partial: Option<PathBuf>,
}

impl BuiltinEngine {
    /// One that keeps nothing of an interrupted run.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with a folder in which features and matches are kept while it runs, so that an
    /// interrupted run goes on where it was. See [`super::results::partial`].
    #[must_use]
    pub fn resuming_in(mut self, partial: &Path) -> Self {
        self.partial = Some(partial.to_owned());
        self
    }

    /// Finds poses for the photos that `known` does not name, without moving those it does.
    ///
    /// # Errors
    /// As [`PoseEngine::run`].
    pub fn register_images(
        &self,
        known: &PoseFile,
        photos: &Photos,
        config: &PoseConfig,
        report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
    ) -> Result<PoseFile, PoseError> {
        let _ = (known, photos, config, report);
        Err(PoseError::Failed("not there yet".to_owned()))
    }
}

impl PoseEngine for BuiltinEngine {
    fn name(&self) -> &'static str {
        "built-in"
    }

    fn run(
        &self,
        photos: &Photos,
        config: &PoseConfig,
        report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
    ) -> Result<PoseFile, PoseError> {
        let _ = (photos, config, report);
        Err(PoseError::Failed("not there yet".to_owned()))
    }
}
