//! One `open` for whatever is dropped: splats, posed photos, plain photos, a video.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dataset::{Dataset, HoldOut};
use crate::poses::Photos;

use super::open_splats::{self, open_splats};
use super::photo_names::{extension, is_image, slashed};
use super::photos::open_photos;
use super::{
    Folder, FormatError, IoError, Project, SplatFile, SplatFormat, open_project, posed,
    project_folder, recognise_pose_file,
};

/// Bytes from the front of a file that tell what it is.
const FRONT_BYTES: u64 = 1 << 16;

/// Endings of videos.
const VIDEOS: [&str; 6] = ["mp4", "mov", "mkv", "avi", "webm", "m4v"];

/// What a path was found to hold.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A scene.
    Splats(SplatFile),
    /// Photos with poses.
    Dataset(Dataset),
    /// Photos without poses.
    Photos(Photos),
    /// A video. Nothing of it was decoded.
    Video(PathBuf),
    /// A project of this program: its folder, what it is made of, and what is odd, in words for a
    /// person.
    Project(PathBuf, Box<Project>, Vec<String>),
}

/// What can be chosen when photos are opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenOptions {
    /// Which views are held out. `None` leaves that to the pose file; where it does not split,
    /// every 8th is.
    pub hold_out: Option<HoldOut>,
}

/// Opens the file, folder or zip at `path`, whatever it holds.
///
/// # Errors
/// [`IoError`], naming the path: what was found there, why it cannot be used, and what can.
pub fn open(path: &Path) -> Result<Opened, IoError> {
    open_with(path, &OpenOptions::default())
}

/// The same, with choices.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: &Path, options: &OpenOptions) -> Result<Opened, IoError> {
    let system = |it| IoError::system(path, it);
    let is_folder = fs::metadata(path).map_err(system)?.is_dir();
    if let Some(folder) = project_folder(path) {
        let (project, warnings) = open_project(&folder)?;
        return Ok(Opened::Project(folder, Box::new(project), warnings));
    }
    if is_folder {
        return open_folder(path, options);
    }
    let front = front(path).map_err(system)?;
    let extension = extension(path);
    if front.starts_with(b"PK") && !["sog", "usdz"].contains(&extension.as_str()) {
        return open_folder(path, options);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if posed::is_file_of_a_model(path) || recognise_pose_file(&name, &front).is_some() {
        return posed::open_pose_file(path, options).map(Opened::Dataset);
    }
    let kind = open_splats::kind_of(&front);
    let is_named_video = VIDEOS.contains(&extension.as_str());
    if kind == "a video" || is_named_video && !front.is_empty() && kind != "text" {
        return Ok(Opened::Video(path.to_owned()));
    }
    let refuse = |cause: &str| {
        let cause = FormatError::Unsupported(format!("{cause}. {}", accepted()));
        Err(IoError::format(path, cause))
    };
    if SplatFormat::from_path(path).is_err() {
        if kind.starts_with("an image") {
            return refuse("a single photo: open the folder with all of them");
        }
        let may_have_poses =
            ["json", "xml", "csv", "npy", "bin", "txt"].contains(&extension.as_str());
        if may_have_poses && name != "meta.json" && name != "lod-meta.json" {
            return refuse("no camera poses of a known format");
        }
    }
    open_splats(path).map(Opened::Splats)
}

/// The posed photos at `path`, split by `hold_out` as [`OpenOptions`] has it; `None` where there is
/// something else.
///
/// # Errors
/// As [`open`].
pub fn open_dataset(path: &Path, hold_out: Option<&HoldOut>) -> Result<Option<Dataset>, IoError> {
    let options = OpenOptions {
        hold_out: hold_out.cloned(),
    };
    Ok(match open_with(path, &options)? {
        Opened::Dataset(dataset) => Some(dataset),
        Opened::Splats(_) | Opened::Photos(_) | Opened::Video(_) | Opened::Project(..) => None,
    })
}

/// A folder or a zip.
fn open_folder(path: &Path, options: &OpenOptions) -> Result<Opened, IoError> {
    let folder = Folder::open(path)?;
    if is_sog(&folder) {
        return open_splats(path).map(Opened::Splats);
    }
    let search = posed::find_posed(&folder, path, options)?;
    if let Some(dataset) = search.dataset {
        return Ok(Opened::Dataset(dataset));
    }
    if let Some(mut photos) = open_photos(&folder, path)? {
        photos.report.not_taken.splice(0..0, search.not_taken);
        return Ok(Opened::Photos(photos));
    }
    if let Some(scene) = finished_scene(&folder) {
        return open_splats(&scene).map(Opened::Splats);
    }
    Err(nothing_usable(path, &folder))
}

/// Whether `meta.json` is that of SOG: other programs use the name too.
fn is_sog(folder: &Folder) -> bool {
    let meta = folder.find("meta.json");
    let front = meta.and_then(|it| folder.read_front(&it, FRONT_BYTES).ok());
    let front = front.unwrap_or_default();
    let says = |word: &[u8]| front.windows(word.len()).any(|it| it == word);
    says(b"\"means\"") && says(b"\"quats\"")
}

/// The last splats that a training of 3DGS left in its folder.
fn finished_scene(folder: &Folder) -> Option<PathBuf> {
    let iteration = |path: &Path| {
        let name = path.strip_prefix("point_cloud").ok()?.to_str()?;
        let number = name
            .strip_prefix("iteration_")?
            .strip_suffix("/point_cloud.ply")?;
        number.parse::<u64>().ok()
    };
    let scenes = folder.files().filter_map(|it| Some((iteration(it)?, it)));
    folder.on_disk(scenes.max()?.1)
}

fn nothing_usable(path: &Path, folder: &Folder) -> IoError {
    let files: Vec<&Path> = folder.files().collect();
    let mut found = Vec::new();
    let mut count = |what: &str, is: &dyn Fn(&Path) -> bool| {
        let mut those = files.iter().filter(|it| is(it));
        if let Some(first) = those.next() {
            found.push(format!(
                "{} {what} (as {})",
                1 + those.count(),
                slashed(first)
            ));
        }
    };
    let is_video = |it: &Path| VIDEOS.contains(&extension(it).as_str());
    let is_splats = |it: &Path| SplatFormat::from_path(it).is_ok_and(SplatFormat::is_read);
    count("splat files: open one", &is_splats);
    count("videos: open one", &is_video);
    count("images that are no photos", &is_image);
    count("other files", &|it| {
        !is_splats(it) && !is_video(it) && !is_image(it)
    });
    let found = if found.is_empty() {
        "an empty folder".to_owned()
    } else {
        format!("no photos. There are {}", found.join("; "))
    };
    let cause = FormatError::Unsupported(format!("{found}. {}", accepted()));
    IoError::format(path, cause)
}

fn accepted() -> String {
    format!(
        "Accepted are splats ({}), a folder or zip of photos with or without poses, a pose file \
         beside its photos (COLMAP, transforms.json, Blender, opencv_cameras.json, LLFF, \
         RealityCapture, Metashape, cameras.json), or a video",
        SplatFormat::SUPPORTED
    )
}

fn front(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut front = Vec::new();
    File::open(path)?
        .take(FRONT_BYTES)
        .read_to_end(&mut front)?;
    Ok(front)
}
