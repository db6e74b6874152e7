//! Which pose files and models a folder holds, the best first, and why the others come later.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::dataset::PoseFormat;
use crate::io::photo_names::{extension, is_photo, slashed};
use crate::io::{Folder, IoError, RESULTS_FOLDER, colmap, recognise_pose_file};

/// Bytes from the front of a file that tell its format.
const FRONT_BYTES: u64 = 1 << 16;

/// Files that are looked into: beyond them lie annotations by the photo, never the pose file.
const MAX_LOOKED_INTO: usize = 300;

/// Names that pose files usually have; they are looked into first.
const USUAL_NAMES: [&str; 7] = [
    "transforms.json",
    "transforms_train.json",
    "transforms_test.json",
    "transforms_val.json",
    "opencv_cameras.json",
    "poses_bounds.npy",
    "cameras.json",
];

/// Where COLMAP models lie in a dataset, of two alike the first counts.
const USUAL_MODELS: [&str; 5] = ["sparse/0", "sparse", "", "colmap/sparse/0", "colmap/sparse"];

/// A pose file or model that may be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) format: PoseFormat,
    /// The files that its reader takes. Of a COLMAP model cameras, images and, where there is one,
    /// points.
    pub(super) files: Vec<PathBuf>,
    /// The folder of these files.
    pub(super) beside: PathBuf,
    /// The folder of the dataset: of the photos too.
    pub(super) home: PathBuf,
    /// Photos in a COLMAP model, where it was counted.
    pub(super) images: Option<u64>,
    /// The cameras of a finished 3DGS scene: those of undistorted copies of the photos.
    pub(super) of_finished_scene: bool,
}

impl Candidate {
    /// What a person calls it: the file, or the folder of a model.
    pub(super) fn place(&self) -> PathBuf {
        match self.format {
            PoseFormat::ColmapBinary | PoseFormat::ColmapText => self.beside.clone(),
            _ => self.files.first().cloned().unwrap_or_default(),
        }
    }

    pub(super) fn is_colmap(&self) -> bool {
        matches!(
            self.format,
            PoseFormat::ColmapBinary | PoseFormat::ColmapText
        )
    }

    fn has_points(&self) -> bool {
        self.files.len() == 3
    }

    /// Found earlier by this program.
    fn is_kept_result(&self) -> bool {
        self.beside
            .components()
            .any(|it| it.as_os_str() == RESULTS_FOLDER)
    }

    /// Not found earlier by this program, and not what is left of a finished scene.
    pub(super) fn is_the_folders_own(&self) -> bool {
        !self.is_kept_result() && !self.of_finished_scene
    }

    pub(super) fn name(&self) -> String {
        let name = slashed(&self.place());
        if name.is_empty() {
            ".".to_owned()
        } else {
            name
        }
    }

    /// Its name, and its format where that does not say it.
    pub(super) fn told(&self) -> String {
        let (name, format) = (self.name(), self.format.to_string());
        if name.ends_with(&format) {
            name
        } else {
            format!("{name} ({format})")
        }
    }

    /// COLMAP, transforms.json, Blender, opencv_cameras.json, Metashape, RealityCapture, LLFF,
    /// cameras.json: what is exact and complete before what is derived. Another name than
    /// `transforms.json` comes after it.
    fn rank(&self) -> u8 {
        match self.format {
            PoseFormat::ColmapBinary | PoseFormat::ColmapText => 0,
            PoseFormat::Transforms if self.has_name("transforms.json") => 1,
            PoseFormat::Transforms => 2,
            PoseFormat::Blender => 3,
            PoseFormat::OpencvCameras => 4,
            PoseFormat::Metashape => 5,
            PoseFormat::RealityCapture => 6,
            PoseFormat::Llff => 7,
            PoseFormat::InriaCameras => 8,
        }
    }

    fn has_name(&self, name: &str) -> bool {
        let file = self.files.first().and_then(|it| it.file_name());
        file.is_some_and(|it| it.eq_ignore_ascii_case(name))
    }

    /// Its place among the usual ones of COLMAP models.
    fn habit(&self) -> usize {
        let below = self.beside.strip_prefix(&self.home).unwrap_or(&self.beside);
        let below = slashed(below);
        let usual = USUAL_MODELS.iter().position(|it| *it == below);
        usual.unwrap_or(USUAL_MODELS.len())
    }
}

/// Pose files and models in all of `folder`, the best first.
pub(super) fn find(folder: &Folder) -> Vec<Candidate> {
    let files: Vec<&Path> = folder.files().collect();
    let homes = Homes::of(&files);
    let mut candidates = colmap_models(&files);
    candidates.extend(other_files(folder, &files));
    let finished: BTreeSet<&Path> = files.iter().filter_map(|it| finished_scene(it)).collect();
    for it in &mut candidates {
        it.home = homes.of_pose_file(&it.beside);
        it.of_finished_scene =
            it.format == PoseFormat::InriaCameras && finished.contains(it.beside.as_path());
    }
    // Photos are counted only where that decides.
    if 1 < candidates.iter().filter(|it| it.is_colmap()).count() {
        for it in candidates.iter_mut().filter(|it| it.is_colmap()) {
            it.images = count(folder, it).ok();
        }
    }
    candidates.sort_by_cached_key(|it| {
        let depth = it.home.components().count();
        (
            it.of_finished_scene,
            depth,
            it.is_kept_result(),
            it.rank(),
            (
                Reverse(it.images),
                Reverse(it.has_points()),
                it.format == PoseFormat::ColmapText,
            ),
            (it.habit(), it.place()),
        )
    });
    candidates
}

/// The candidate whose files are those at `path`, which a person chose.
pub(super) fn chosen(folder: &Folder, path: &Path) -> Option<Candidate> {
    let files: Vec<&Path> = folder.files().collect();
    let homes = Homes::of(&files);
    let mut models = colmap_models(&files).into_iter();
    let named = |it: &Candidate| it.files.iter().any(|it| it == path);
    let mut candidate = models.find(named).or_else(|| look_into(folder, path))?;
    candidate.home = homes.of_pose_file(&candidate.beside);
    Some(candidate)
}

/// Why `other` was not taken though `best` was.
pub(super) fn reason(best: &Candidate, other: &Candidate) -> String {
    let winner = best.name();
    let depth = |it: &Candidate| it.home.components().count();
    let of = |it: &Candidate| {
        it.images
            .map_or_else(String::new, |it| format!(" with {it} photos"))
    };
    let because = if other.of_finished_scene && !best.of_finished_scene {
        "belongs to a finished 3DGS scene".to_owned()
    } else if depth(best) < depth(other) {
        format!("lies deeper than {winner}")
    } else if best.home != other.home {
        "another dataset: open its folder".to_owned()
    } else if other.is_kept_result() != best.is_kept_result() {
        "found earlier; the folder has a pose file of its own".to_owned()
    } else if best.is_colmap() && other.is_colmap() && best.images != other.images {
        format!("a model{}; {winner} is one{}", of(other), of(best))
    } else if best.is_colmap() && other.is_colmap() {
        let binary = best.format != other.format;
        let why = if binary {
            "binary is exact"
        } else {
            "it comes first"
        };
        format!("as many photos as {winner}; {why}")
    } else {
        format!("{winner} comes first")
    };
    format!("{}: {because}", other.told())
}

fn count(folder: &Folder, candidate: &Candidate) -> Result<u64, IoError> {
    let path = candidate
        .files
        .get(1)
        .map_or(Path::new(""), PathBuf::as_path);
    let bytes = folder.read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    colmap::count_images(&name, &bytes).map_err(|it| IoError::format(path, it))
}

/// Every folder with the files of a COLMAP model.
fn colmap_models(files: &[&Path]) -> Vec<Candidate> {
    let mut by_folder: BTreeMap<&Path, BTreeMap<String, &Path>> = BTreeMap::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = path.parent().unwrap_or(Path::new(""));
        by_folder
            .entry(folder)
            .or_default()
            .insert(name.to_lowercase(), path);
    }
    let mut models = Vec::new();
    // Of what this program keeps only the finished model counts, nothing that was interrupted.
    let kept = Path::new(RESULTS_FOLDER).join("sparse");
    let is_unfinished = |folder: &Path| {
        let mut ancestors = folder.ancestors();
        folder
            .components()
            .any(|it| it.as_os_str() == RESULTS_FOLDER)
            && !ancestors.any(|it| it.ends_with(&kept))
    };
    for (folder, names) in by_folder {
        if is_unfinished(folder) {
            continue;
        }
        for (format, ending) in [
            (PoseFormat::ColmapBinary, "bin"),
            (PoseFormat::ColmapText, "txt"),
        ] {
            let file = |it: &str| {
                names
                    .get(&format!("{it}.{ending}"))
                    .copied()
                    .map(Path::to_owned)
            };
            if let (Some(cameras), Some(images)) = (file("cameras"), file("images")) {
                let mut files = vec![cameras, images];
                files.extend(file("points3d"));
                models.push(Candidate {
                    format,
                    files,
                    beside: folder.to_owned(),
                    home: PathBuf::new(),
                    images: None,
                    of_finished_scene: false,
                });
            }
        }
    }
    models
}

/// What is no COLMAP model. The parts of a Blender scene are one.
fn other_files(folder: &Folder, files: &[&Path]) -> Vec<Candidate> {
    let is_usual = |it: &Path| {
        let name = it.file_name().unwrap_or_default();
        USUAL_NAMES.iter().any(|it| name.eq_ignore_ascii_case(it))
    };
    let of_this_kind = |it: &&&Path| {
        let is_result = it.components().any(|it| it.as_os_str() == RESULTS_FOLDER);
        ["json", "csv", "txt", "xml", "npy"].contains(&extension(it).as_str()) && !is_result
    };
    let mut files: Vec<&Path> = files.iter().filter(of_this_kind).copied().collect();
    files.sort_by_key(|it| (!is_usual(it), it.components().count()));
    let mut candidates: Vec<Candidate> = Vec::new();
    for path in files.into_iter().take(MAX_LOOKED_INTO) {
        let Some(found) = look_into(folder, path) else {
            continue;
        };
        let part_of = candidates.iter_mut().find(|it| {
            found.format == PoseFormat::Blender
                && it.format == found.format
                && it.beside == found.beside
        });
        match part_of {
            Some(whole) => {
                whole.files.extend(found.files);
                whole.files.sort_by_key(|it| part_of_split(it));
            }
            None => candidates.push(found),
        }
    }
    candidates
}

/// What is trained on comes first.
fn part_of_split(path: &Path) -> usize {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    let part = ["train", "val", "test"]
        .iter()
        .position(|it| name.contains(it));
    part.unwrap_or_default()
}

fn look_into(folder: &Folder, path: &Path) -> Option<Candidate> {
    let front = folder.read_front(path, FRONT_BYTES).ok()?;
    let name = path.file_name()?.to_string_lossy();
    let format = recognise_pose_file(&name, &front)?;
    let candidate = Candidate {
        format,
        files: vec![path.to_owned()],
        beside: path.parent().unwrap_or(Path::new("")).to_owned(),
        home: PathBuf::new(),
        images: None,
        of_finished_scene: false,
    };
    // One file of a model is none.
    Some(candidate).filter(|it| !it.is_colmap())
}

/// Folders that have photos somewhere below.
struct Homes<'a>(BTreeSet<&'a Path>);

impl<'a> Homes<'a> {
    fn of(files: &[&'a Path]) -> Self {
        let photos = files.iter().filter(|it| is_photo(it));
        Self(photos.flat_map(|it| it.ancestors().skip(1)).collect())
    }

    /// The folder of the photos that go with a pose file in `beside`: the nearest with photos
    /// below, but never a part of a COLMAP model's path.
    fn of_pose_file(&self, beside: &Path) -> PathBuf {
        let mut home = beside;
        while let Some(Component::Normal(name)) = home.components().next_back() {
            if !is_part_of_model_path(&name.to_string_lossy()) && self.0.contains(home) {
                break;
            }
            home = home.parent().unwrap_or(Path::new(""));
        }
        home.to_owned()
    }
}

/// `sparse`, `0`, `colmap`, `.accrete`: no dataset is called so.
pub(super) fn is_part_of_model_path(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with("sparse")
        || name == "colmap"
        || name == RESULTS_FOLDER
        || name.bytes().all(|it| it.is_ascii_digit())
}

/// The folder of a finished 3DGS scene that `path` belongs to, if it does.
fn finished_scene(path: &Path) -> Option<&Path> {
    if path.file_name()? == "cfg_args" {
        return path.parent();
    }
    let mut ancestors = path.ancestors();
    let splats = ancestors.find(|it| it.file_name().is_some_and(|it| it == "point_cloud"))?;
    splats.parent()
}
