//! The built-in pose engine: global structure from motion on the processor, no other program.

#[cfg(feature = "sfm")]
pub(super) mod sfm;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{Photos, PoseConfig, PoseEngine, PoseError, PoseUpdate};
use crate::dataset::PoseFile;

/// Finds poses with the `cumulus3d` crates (cargo feature `sfm`, on by default).
///
/// The same photos, settings and seed give the same poses, whatever the number of threads.
/// A warning of the result that begins with a photo's name and a colon is the reason why that
/// photo stands badly; [`super::judge`] looks for it.
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
    /// interrupted run goes on where it was; see [`super::results::partial`]. A folder that
    /// cannot be written to is no error: then nothing is kept. Cleared after a full run.
    #[must_use]
    pub fn resuming_in(mut self, partial: &Path) -> Self {
        self.partial = Some(partial.to_owned());
        self
    }

    /// Finds poses for those `photos` that `known` does not name. Those it does name keep their
    /// poses; the result has both. `photos` must hold the known ones too.
    ///
    /// # Errors
    /// As [`PoseEngine::run`]; also where `known` has no points with tracks, or a lens that is
    /// neither a pinhole nor has OpenCV's k1, k2, p1, p2 only.
    pub fn register_images(
        &self,
        known: &PoseFile,
        photos: &Photos,
        config: &PoseConfig,
        report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
    ) -> Result<PoseFile, PoseError> {
        #[cfg(feature = "sfm")]
        return sfm::register(known, photos, config, report);
        #[cfg(not(feature = "sfm"))]
        {
            let _ = (known, photos, config, report);
            Err(not_built_in())
        }
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
        #[cfg(feature = "sfm")]
        return sfm::run(photos, config, self.partial.as_deref(), report);
        #[cfg(not(feature = "sfm"))]
        {
            let _ = (photos, config, report);
            Err(not_built_in())
        }
    }
}

#[cfg(not(feature = "sfm"))]
fn not_built_in() -> PoseError {
    let cause = "this program was built without its own pose engine. Build it with the cargo \
                 feature `sfm` (on by default), or use COLMAP";
    PoseError::Failed(cause.to_owned())
}
