//! Writes a dataset as a folder of its own: photos, masks, poses and points, in another format.

mod photos;
pub(super) mod staging;

use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::dataset::{
    Dataset, Distortion, Frame, Lens, Observation, Optics, Points, PoseFile, PoseFormat,
};

use super::{FormatError, IoError, colmap, inria_cameras, opencv_cameras, point_cloud, transforms};
use photos::{Written, write_photos};
use staging::Staging;

/// The folder of photos.
const IMAGES: &str = "images";

/// A format that posed photos are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetFormat {
    /// `opencv_cameras.json`, tttLRM's and Long-LRM's. Pinholes only.
    OpencvCameras,
    /// COLMAP's binary model in `sparse/0`. Every lens.
    Colmap,
    /// COLMAP's model as text in `sparse/0`. Every lens.
    ColmapText,
    /// nerfstudio's `transforms.json`. Most lenses.
    Transforms,
    /// `cameras.json` of 3DGS. Pinholes only.
    Inria,
}

impl DatasetFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OpencvCameras,
        Self::Colmap,
        Self::ColmapText,
        Self::Transforms,
        Self::Inria,
    ];

    /// Whether it can describe this lens. Photos of another are undistorted.
    pub fn holds(self, lens: &Lens) -> bool {
        match self {
            Self::Colmap | Self::ColmapText => true,
            Self::OpencvCameras | Self::Inria => lens.is_pinhole(),
            Self::Transforms => !matches!(
                lens.distortion,
                Distortion::RadTanThinPrismFisheye { .. } | Distortion::Fov { .. }
            ),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SavedDataset {
    /// Photos in all.
    pub photos: usize,
    /// Of these, undistorted.
    pub undistorted: usize,
    /// Of these, turned upright as EXIF asks.
    pub turned: usize,
    /// Masks.
    pub masks: usize,
    /// Points.
    pub points: usize,
    /// What the format could not hold, in words for a person.
    pub losses: Vec<String>,
}

/// Writes `dataset` to the folder `out`, which must be new or empty: it gets its contents in one
/// step at the end, so that whatever happens before leaves nothing behind. Photos are copied as
/// they are, except those that EXIF turns or whose lens the format does not hold: these are written
/// upright and undistorted, as JPEG where they were, else as PNG. Views that are ignored are left
/// out. `report` is told how many photos are done and how many there are.
///
/// `None` where `report` broke it off.
///
/// # Errors
/// Where `out` is not free, a photo cannot be read, or the system refuses.
pub fn save_dataset(
    dataset: &Arc<Dataset>,
    out: &Path,
    format: DatasetFormat,
    report: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Option<SavedDataset>, IoError> {
    let staging = Staging::beside(out)?;
    let Some(written) = write_photos(dataset, format, staging.path(), report)? else {
        return Ok(None);
    };
    let lost = |what: &str| format!("{what}, which this format does not hold, are left out");
    let mut saved = SavedDataset {
        photos: written.len(),
        undistorted: written.iter().filter(|it| it.undistorted).count(),
        turned: written.iter().filter(|it| it.turned).count(),
        masks: written.iter().filter(|it| it.mask.is_some()).count(),
        points: dataset.points.len(),
        losses: Vec::new(),
    };
    let poses = pose_file(dataset, &written, format);
    let has_tracks = !dataset.points.observations.is_empty();
    if has_tracks && poses.points.observations.is_empty() {
        saved.losses.push(lost("tracks of the points"));
    }
    if 0 < saved.undistorted {
        let text = "the lens's distortion: photos are undistorted, which samples them anew";
        saved.losses.push(text.to_owned());
    }
    write_poses(&poses, format, staging.path()).map_err(|it| match it {
        Failure::Format(it) => IoError::format(out, it),
        Failure::Io(it) => it,
    })?;
    staging.finish(out)?;
    Ok(Some(saved))
}

/// What the pose file of the new folder says.
fn pose_file(dataset: &Dataset, written: &[Written], format: DatasetFormat) -> PoseFile {
    let is_colmap = matches!(format, DatasetFormat::Colmap | DatasetFormat::ColmapText);
    let mut optics: Vec<Lens> = Vec::new();
    let mut index_of = |lens: &Lens| {
        optics.iter().position(|it| it == lens).unwrap_or_else(|| {
            optics.push(lens.clone());
            optics.len() - 1
        })
    };
    let mut frames = Vec::new();
    let mut frame_of_view: HashMap<usize, usize> = HashMap::new();
    for it in written {
        let view = &dataset.views[it.view];
        frame_of_view.insert(it.view, frames.len());
        frames.push(Frame {
            // Names in COLMAP's models count from the folder of photos.
            image: if is_colmap {
                it.name.clone()
            } else {
                format!("{IMAGES}/{}", it.name)
            },
            mask: it.mask.clone(),
            optics: index_of(&it.lens),
            c2w: view.c2w,
            split: Some(view.split),
        });
    }
    let points = points_of(dataset, written, &frame_of_view, is_colmap);
    let lists = dataset.input_lists.iter().filter_map(|(count, views)| {
        let frames = views.iter().map(|it| frame_of_view.get(it).copied());
        Some((*count, frames.collect::<Option<_>>()?))
    });
    PoseFile {
        scene_name: Some(dataset.name.clone()),
        optics: optics.into_iter().map(Optics::Lens).collect(),
        frames,
        point_file: (!points.is_empty()).then(|| point_file(format).to_owned()),
        points,
        input_lists: lists.collect(),
        ..PoseFile::new(PoseFormat::ColmapBinary)
    }
}

/// The points, with the observations of photos that were not undistorted where tracks are kept.
fn points_of(
    dataset: &Dataset,
    written: &[Written],
    frame_of_view: &HashMap<usize, usize>,
    tracks: bool,
) -> Points {
    let mut points = dataset.points.clone();
    let bent: Vec<usize> = written
        .iter()
        .filter(|it| it.undistorted)
        .map(|it| it.view)
        .collect();
    let frame = |it: &Observation| {
        let view = it.frame as usize;
        let frame = *frame_of_view.get(&view).filter(|_| !bent.contains(&view))?;
        Some(Observation {
            frame: frame as u32,
            ..*it
        })
    };
    points.observations = if tracks {
        points.observations.iter().filter_map(frame).collect()
    } else {
        Vec::new()
    };
    points
}

/// Where points go that the pose file does not hold itself.
fn point_file(format: DatasetFormat) -> &'static str {
    match format {
        DatasetFormat::Inria => "input.ply",
        _ => "sparse.ply",
    }
}

enum Failure {
    Format(FormatError),
    Io(IoError),
}

fn write_poses(poses: &PoseFile, format: DatasetFormat, out: &Path) -> Result<(), Failure> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, bytes| files.push((name.to_owned(), bytes));
    let result = match format {
        DatasetFormat::Colmap | DatasetFormat::ColmapText => {
            let model = if format == DatasetFormat::Colmap {
                colmap::write_binary(poses)
            } else {
                colmap::write_text(poses)
            };
            model.map(|parts| {
                for (name, bytes) in parts {
                    add(&format!("sparse/0/{name}"), bytes);
                }
            })
        }
        DatasetFormat::OpencvCameras => {
            opencv_cameras::write(poses).map(|it| add("opencv_cameras.json", it))
        }
        DatasetFormat::Transforms => transforms::write(poses).map(|it| add("transforms.json", it)),
        DatasetFormat::Inria => inria_cameras::write(poses).map(|it| add("cameras.json", it)),
    };
    result.map_err(Failure::Format)?;
    if !matches!(format, DatasetFormat::Colmap | DatasetFormat::ColmapText)
        && !poses.points.is_empty()
    {
        add(point_file(format), point_cloud::write(&poses.points));
    }
    for (name, bytes) in files {
        write_file(&out.join(name), &bytes).map_err(Failure::Io)?;
    }
    Ok(())
}

/// Writes a file and the folders above it.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let system = |it| IoError::system(path, it);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(system)?;
    }
    fs::write(path, bytes).map_err(system)
}
