//! COLMAP as a pose engine, where it is installed: another program, run stage by stage.
//!
//! ```text
//! feature_extractor ──► exhaustive_matcher │ sequential_matcher ──► mapper │ global_mapper
//! ```
//!
//! Everything it writes goes into a workplace that is removed afterwards; photos are only read.
//! Its own word that all went well counts for nothing: without a model there is an error.

mod model;
mod options;
mod progress;
mod sharing;
mod upright;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::{self, Found, find_program};
use super::workplace::Workplace;
use super::{Photos, PoseConfig, PoseEngine, PoseError, PoseUpdate};
use crate::dataset::PoseFile;
use model::Snapshots;
use options::Options;
use progress::Step;
use sharing::{Sharing, camera_parameters, sharing, unusable};

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
        let job = Job::new(self, photos, config, &workplace);
        job.lay_out(report)?;
        job.extract(&mut workplace, report)?;
        job.match_photos(&mut workplace, report)?;
        job.place(&mut workplace, report)?;
        model::read_result(&job.models, photos)
    }
}

/// One run: where everything lies, and what was asked for.
struct Job<'a> {
    engine: &'a ColmapEngine,
    photos: &'a Photos,
    config: &'a PoseConfig,
    /// What photos' names are relative to.
    images: PathBuf,
    list: PathBuf,
    database: PathBuf,
    models: PathBuf,
    snapshots: PathBuf,
}

type Report<'a> = dyn FnMut(PoseUpdate) -> ControlFlow<()> + 'a;

impl<'a> Job<'a> {
    fn new(
        engine: &'a ColmapEngine,
        photos: &'a Photos,
        config: &'a PoseConfig,
        workplace: &Workplace,
    ) -> Self {
        let inside = |name: &str| workplace.path().join(name);
        let on_disk = photos.folder.on_disk(Path::new(""));
        Self {
            engine,
            photos,
            config,
            images: on_disk.unwrap_or_else(|| inside("photos")),
            list: inside("photos.txt"),
            database: inside("database.db"),
            models: inside("sparse"),
            snapshots: inside("snapshots"),
        }
    }

    /// Unpacks what lies in a zip and lists the photos.
    fn lay_out(&self, report: &mut Report<'_>) -> Result<(), PoseError> {
        model::make_folder(&self.models)?;
        model::make_folder(&self.snapshots)?;
        let mut listed = Vec::new();
        let total = self.photos.images.len() as u64;
        let is_packed = self.photos.folder.on_disk(Path::new("")).is_none();
        for (done, image) in (0..).zip(&self.photos.images) {
            let name = model::name_of(&image.path);
            if let Some(why) = unusable(image, &name) {
                let text = format!("{name}: left out for COLMAP, {why}");
                go_on(report(PoseUpdate::Warned(text)))?;
                continue;
            }
            if is_packed {
                go_on(report(progressed("Unpacking photos", done, total)))?;
                model::unpack(&self.photos.folder, &image.path, &self.images)?;
            }
            listed.push(name);
        }
        model::write(&self.list, (listed.join("\n") + "\n").as_bytes())?;
        Ok(())
    }

    fn extract(&self, workplace: &mut Workplace, report: &mut Report<'_>) -> Result<(), PoseError> {
        let what = format!("Looking for features ({})", self.engine.name);
        let mut options = self.options("feature_extractor", &what, workplace, report)?;
        options
            .path("database_path", &self.database)
            .path("image_path", &self.images)
            .path("image_list_path", &self.list)
            .set(&["ImageReader.camera_model"], "OPENCV")
            .set(
                &[
                    "FeatureExtraction.max_image_size",
                    "SiftExtraction.max_image_size",
                ],
                &self.config.max_side.to_string(),
            )
            .set(
                &["SiftExtraction.max_num_features"],
                &self.config.max_features.to_string(),
            )
            .set(
                &["FeatureExtraction.use_gpu", "SiftExtraction.use_gpu"],
                self.gpu(),
            );
        match sharing(&self.photos.images) {
            Sharing::All(size) => {
                options.set(&["ImageReader.single_camera"], "1");
                if let Some(focal) = self.config.focal_35mm {
                    let parameters = camera_parameters(focal, size);
                    options.set(&["ImageReader.camera_params"], &parameters);
                }
            }
            Sharing::PerFolder => {
                options.set(&["ImageReader.single_camera_per_folder"], "1");
            }
            Sharing::None => {}
        }
        let total = self.photos.images.len() as u64;
        self.run("feature_extractor", &options, workplace, &mut |text| {
            let (done, total) = match progress::newest_step(text) {
                Some(Step::Files(done, total)) => (done, total),
                _ => (0, total),
            };
            report(progressed(&what, done, total))
        })
    }

    fn match_photos(
        &self,
        workplace: &mut Workplace,
        report: &mut Report<'_>,
    ) -> Result<(), PoseError> {
        let name = match self.config.sequential {
            Some(_) => "sequential_matcher",
            None => "exhaustive_matcher",
        };
        let what = format!("Matching photos ({})", self.engine.name);
        let mut options = self.options(name, &what, workplace, report)?;
        options.path("database_path", &self.database).set(
            &["FeatureMatching.use_gpu", "SiftMatching.use_gpu"],
            self.gpu(),
        );
        if let Some(neighbours) = self.config.sequential {
            let neighbours = neighbours.max(1).to_string();
            options.set(&["SequentialMatching.overlap"], &neighbours);
        }
        let mut last = (0, 1);
        self.run(name, &options, workplace, &mut |text| {
            if let Some(Step::Matches(done, total)) = progress::newest_step(text) {
                last = (done, total);
            }
            report(progressed(&what, last.0, last.1))
        })
    }

    fn place(&self, workplace: &mut Workplace, report: &mut Report<'_>) -> Result<(), PoseError> {
        let is_global = self.engine.mapper == Mapper::Global;
        if is_global && !self.engine.has_global_mapper {
            let text = format!(
                "{} has no global mapper; the other is used",
                self.engine.name
            );
            go_on(report(PoseUpdate::Warned(text)))?;
        }
        let name = if is_global && self.engine.has_global_mapper {
            "global_mapper"
        } else {
            "mapper"
        };
        let what = format!("Placing cameras ({})", self.engine.name);
        let mut options = self.options(name, &what, workplace, report)?;
        options
            .path("database_path", &self.database)
            .path("image_path", &self.images)
            .path("output_path", &self.models);
        if options.has("Mapper.snapshot_path") {
            options.path("Mapper.snapshot_path", &self.snapshots).set(
                &["Mapper.snapshot_frames_freq", "Mapper.snapshot_images_freq"],
                "5",
            );
        }
        let total = self.photos.images.len() as u64;
        let mut placed = 0;
        let mut snapshots = Snapshots::new(&self.snapshots);
        self.run(name, &options, workplace, &mut |text| {
            if let Some(Step::Placed(now)) = progress::newest_step(text) {
                placed = now.min(total);
            }
            if let Some(live) = snapshots.newest() {
                report(PoseUpdate::Live(live))?;
            }
            report(progressed(&what, placed, total))
        })
    }

    /// The options that this version's command has.
    fn options(
        &self,
        name: &str,
        what: &str,
        workplace: &mut Workplace,
        report: &mut Report<'_>,
    ) -> Result<Options, PoseError> {
        let mut help = command(&self.engine.program);
        help.args([name, "--help"]);
        let ended = program::run(workplace, &mut help, &mut |_| {
            report(progressed(what, 0, 1))
        })?;
        let mut options = Options::new(ended.said);
        let seed = i32::try_from(self.config.seed).unwrap_or_default();
        options.set(&["random_seed"], &seed.to_string());
        Ok(options)
    }

    fn run(
        &self,
        name: &str,
        options: &Options,
        workplace: &mut Workplace,
        hear: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<(), PoseError> {
        let mut command = command(&self.engine.program);
        command.arg(name).args(options.arguments());
        let ended = program::run(workplace, &mut command, hear)?;
        let what = format!("{}'s {name}", self.engine.name);
        if name.ends_with("mapper") && !ended.status.success() && model::is_there(&self.models) {
            // Some versions complain at the very end about what is no matter here.
            return Ok(());
        }
        let words = ended.last_words();
        ended.check(&what)?;
        if name.ends_with("mapper") && !model::is_there(&self.models) {
            return Err(PoseError::Failed(format!(
                "{what} found no place for any photo. Photos need to overlap by more than half, \
                 be sharp, and show things with texture. Its last words:\n{words}"
            )));
        }
        Ok(())
    }

    fn gpu(&self) -> &'static str {
        if self.engine.gpu { "1" } else { "0" }
    }
}

fn progressed(what: &str, done: u64, total: u64) -> PoseUpdate {
    PoseUpdate::Progressed {
        what: what.to_owned(),
        done,
        total,
    }
}

fn go_on(flow: ControlFlow<()>) -> Result<(), PoseError> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(PoseError::Cancelled),
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
