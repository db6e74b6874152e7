//! One run of COLMAP, command by command.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::model::{self, Snapshots};
use super::options::Options;
use super::progress::{self, Step};
use super::{ColmapEngine, Mapper, command, upright};
use crate::dataset::{ImageFile, PoseFile};
use crate::poses::program;
use crate::poses::workplace::Workplace;
use crate::poses::{Photos, PoseConfig, PoseError, PoseUpdate};

/// One run: where everything lies, and what was asked for.
pub(super) struct Job<'a> {
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
    pub(super) fn new(
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

    /// From photos to the model that is left at the end.
    pub(super) fn run(
        &self,
        workplace: &mut Workplace,
        report: &mut Report<'_>,
    ) -> Result<PoseFile, PoseError> {
        self.lay_out(report)?;
        self.extract(workplace, report)?;
        self.match_photos(workplace, report)?;
        self.place(workplace, report)?;
        model::read_result(&self.models, self.photos)
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
        self.run_command("feature_extractor", &options, workplace, &mut |text| {
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
        self.run_command(name, &options, workplace, &mut |text| {
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
        self.run_command(name, &options, workplace, &mut |text| {
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

    fn run_command(
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

/// Which photos are taken to be of one camera.
#[derive(Debug, PartialEq, Eq)]
enum Sharing {
    /// All, of this stored size.
    All([u32; 2]),
    /// Those of one folder.
    PerFolder,
    /// COLMAP decides by what EXIF says.
    None,
}

fn sharing(images: &[ImageFile]) -> Sharing {
    let sizes: HashSet<[u32; 2]> = images.iter().map(stored_size).collect();
    if let (Some(size), 1) = (sizes.iter().next(), sizes.len()) {
        return Sharing::All(*size);
    }
    let folder = |it: &ImageFile| it.path.parent().map(Path::to_owned);
    let folders: HashSet<_> = images.iter().map(folder).collect();
    let pairs: HashSet<_> = images
        .iter()
        .map(|it| (folder(it), stored_size(it)))
        .collect();
    if 1 < folders.len() && pairs.len() == folders.len() {
        Sharing::PerFolder
    } else {
        Sharing::None
    }
}

/// Of the pixels as they lie in the file.
fn stored_size(image: &ImageFile) -> [u32; 2] {
    if image.orientation.swaps_sides() {
        [image.height, image.width]
    } else {
        [image.width, image.height]
    }
}

/// Of an OPENCV camera without distortion. A 35 mm frame is 36 mm wide.
fn camera_parameters(focal_35mm: f64, [width, height]: [u32; 2]) -> String {
    let focal_px = focal_35mm / 36.0 * f64::from(width.max(height));
    let (cx, cy) = (0.5 * f64::from(width), 0.5 * f64::from(height));
    format!("{focal_px},{focal_px},{cx},{cy},0,0,0,0")
}

/// Why a photo cannot be handed over.
fn unusable(image: &ImageFile, name: &str) -> Option<&'static str> {
    if upright::is_mirrored(image.orientation) {
        return Some("as EXIF says that it is mirrored: save it again the right way round");
    }
    let is_plain = image.path.to_str().is_some()
        && !name.contains(['\n', '\r'])
        && name.trim() == name
        && !name.starts_with('#');
    (!is_plain).then_some("as its list of photos cannot hold such a name: rename it")
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
    use crate::dataset::Orientation;

    fn image(path: &str, width: u32, height: u32) -> ImageFile {
        ImageFile {
            path: path.into(),
            width,
            height,
            orientation: Orientation::Stored,
            has_alpha: false,
            bits: 8,
        }
    }

    #[test]
    fn photos_of_one_size_share_a_camera() {
        let mut images = vec![image("a/1.jpg", 40, 30), image("b/2.jpg", 40, 30)];
        assert_eq!(sharing(&images), Sharing::All([40, 30]));
        images[1].orientation = Orientation::Rotate90;
        (images[1].width, images[1].height) = (30, 40);
        assert_eq!(sharing(&images), Sharing::All([40, 30]), "only turned");
        images[1] = image("b/2.jpg", 80, 60);
        assert_eq!(sharing(&images), Sharing::PerFolder);
        images.push(image("b/3.jpg", 60, 80));
        assert_eq!(sharing(&images), Sharing::None);
    }

    #[test]
    fn odd_photos_are_not_handed_over() {
        assert_eq!(unusable(&image("a b.jpg", 4, 3), "a b.jpg"), None);
        for name in [" a.jpg", "a\n.jpg", "#a.jpg"] {
            assert!(unusable(&image(name, 4, 3), name).is_some(), "{name:?}");
        }
        let mut mirrored = image("a.jpg", 4, 3);
        mirrored.orientation = Orientation::FlipHorizontal;
        assert!(unusable(&mirrored, "a.jpg").is_some());
    }
}
