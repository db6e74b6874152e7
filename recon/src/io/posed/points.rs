//! The points a dataset begins with: those of the pose file, or of a point cloud beside it.

use std::path::{Path, PathBuf};

use glam::DVec2;

use crate::dataset::{Observation, Points, PoseFile, PoseFormat};
use crate::io::photo_names::slashed;
use crate::io::{Folder, point_cloud};

use super::locate::Locator;

/// Point clouds that are looked for where the pose file has and names none.
const USUAL_NAMES: [&str; 5] = [
    "sparse.ply",
    "init.ply",
    "points3D.ply",
    "input.ply",
    "sparse_pc.ply",
];

/// More points start no scene better.
const MAX_POINTS: usize = 2_000_000;

/// Where a frame went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Index of the view.
    pub(super) view: u32,
    /// Photo over pose entry, along x and y.
    pub(super) scale: DVec2,
}

/// Points, where they come from in words, and what was odd.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) points: Points,
    pub(super) source: Option<String>,
    pub(super) warnings: Vec<String>,
}

/// Points of the pose file with their observations by view; else of the point cloud that it names;
/// else of one of the usual names.
pub(super) fn find(
    poses: &mut PoseFile,
    places: &[Option<Place>],
    folder: &Folder,
    locator: &Locator,
) -> Found {
    let mut found = Found::default();
    if !poses.points.is_empty() {
        let points = std::mem::take(&mut poses.points);
        found.points = by_view(&points, places, &mut found.warnings);
        found.source = Some(match poses.format {
            PoseFormat::ColmapBinary => "points3D.bin".to_owned(),
            PoseFormat::ColmapText => "points3D.txt".to_owned(),
            other => other.to_string(),
        });
        return found;
    }
    let mut files: Vec<PathBuf> = Vec::new();
    if let Some(name) = &poses.point_file {
        match locator.file(name) {
            Some(path) => files.push(path),
            None => found.warnings.push(format!(
                "{name}, which the pose file names for its points, is not there"
            )),
        }
    }
    files.extend(USUAL_NAMES.iter().filter_map(|it| folder.find(it)));
    files.dedup();
    for path in files {
        let read = folder.read(&path).map_err(|it| it.to_string());
        let read = read.and_then(|it| {
            point_cloud::read(&it, MAX_POINTS).map_err(|it| format!("{}: {it}", slashed(&path)))
        });
        match read {
            Ok((points, warnings)) => {
                let named = |it: String| format!("{}: {it}", slashed(&path));
                found.warnings.extend(warnings.into_iter().map(named));
                found.points = points;
                found.source = Some(slashed(Path::new(&path)));
                break;
            }
            Err(cause) => found
                .warnings
                .push(format!("its points are not used: {cause}")),
        }
    }
    found
}

/// The same points with observations of the views that are there. Points that are not finite are
/// dropped, as is what refers to nothing.
fn by_view(points: &Points, places: &[Option<Place>], warnings: &mut Vec<String>) -> Points {
    let mut kept = Points::default();
    let mut index = vec![None; points.len()];
    for (i, position) in points.positions.iter().enumerate() {
        if !position.is_finite() {
            continue;
        }
        index[i] = Some(kept.positions.len() as u32);
        kept.positions.push(*position);
        kept.colours
            .push(points.colours.get(i).copied().unwrap_or([128; 3]));
        kept.errors_px.extend(points.errors_px.get(i));
    }
    let dropped = points.len() - kept.len();
    if 0 < dropped {
        warnings.push(format!("{dropped} points are not finite: left out"));
    }
    if kept.errors_px.len() != kept.len() {
        kept.errors_px.clear();
    }
    let observation = |it: &Observation| {
        let place = (*places.get(it.frame as usize)?)?;
        let point = (*index.get(it.point as usize)?)?;
        it.pixel.is_finite().then_some(Observation {
            point,
            frame: place.view,
            pixel: it.pixel * place.scale,
        })
    };
    kept.observations = points.observations.iter().filter_map(observation).collect();
    kept
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;

    #[test]
    fn observations_follow_their_photos() {
        let observation = |point, frame| Observation {
            point,
            frame,
            pixel: DVec2::new(10.0, 20.0),
        };
        let points = Points {
            positions: vec![DVec3::ONE, DVec3::NAN, DVec3::ZERO],
            colours: vec![[1; 3], [2; 3], [3; 3]],
            errors_px: vec![0.1, 0.2, 0.3],
            observations: vec![
                observation(0, 0),
                observation(0, 1),
                observation(1, 1),
                observation(2, 1),
                observation(9, 1),
                observation(2, 9),
            ],
        };
        let place = Place {
            view: 0,
            scale: DVec2::new(0.5, 0.25),
        };
        let mut warnings = Vec::new();
        let kept = by_view(&points, &[None, Some(place)], &mut warnings);
        assert_eq!(kept.colours, [[1; 3], [3; 3]]);
        assert_eq!(kept.errors_px, [0.1, 0.3]);
        let expected = |point| Observation {
            point,
            frame: 0,
            pixel: DVec2::new(5.0, 5.0),
        };
        assert_eq!(kept.observations, [expected(0), expected(1)]);
        assert_eq!(warnings, ["1 points are not finite: left out"]);
    }
}
