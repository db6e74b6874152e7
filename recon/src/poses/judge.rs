//! Measures a model against its own observations and says what is to be done with it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use glam::{DAffine3, DVec3};

use super::{
    GOOD_OBSERVATIONS, GateReport, PhotoQuality, Photos, STOP_RATE, Standing, Verdict, WARN_RATE,
};
use crate::dataset::{Observation, Optics, PoseFile, Projection};

/// An observation farther off than this part of the photo's longer side counts for nothing.
const MAX_ERROR: f64 = 0.01;

/// A model whose mean error is more than this part of the photos' longer side is doubtful
/// (2 px at 1000 px).
const DOUBTFUL_ERROR: f64 = 0.002;

/// Fewer points per photo than this make a doubtful model.
const DOUBTFUL_POINTS: f64 = 15.0;

/// Cameras nearer to one another than this part of their distance to the points see no depth.
const MIN_BASE: f64 = 0.01;

/// Cameras of which more than this part of the observations lie behind are no cameras.
const MAX_BEHIND: f64 = 0.2;

/// Judges a model by what its cameras see: an observation counts where the point lies in front of
/// the camera and projects, through our own lens model, near to where it was seen. `engine` is
/// only passed on to the report.
///
/// A photo's reason is the warning of `poses` that begins with its name and a colon, where there
/// is one.
pub fn judge(engine: &str, poses: &PoseFile, photos: &Photos) -> GateReport {
    let frames = frames_of(poses, photos);
    let evidence = measure(poses, photos, &frames);
    let per_photo: Vec<PhotoQuality> = photos
        .images
        .iter()
        .zip(&frames)
        .map(|(image, frame)| quality(&image.path, *frame, &evidence, poses))
        .collect();
    let count = |standing| {
        per_photo
            .iter()
            .filter(|it| it.standing == standing)
            .count()
    };
    let (good, weak) = (count(Standing::Good), count(Standing::Weak));
    let registered = |it: &&PhotoQuality| it.standing != Standing::Unregistered;
    let mut counts: Vec<usize> = per_photo
        .iter()
        .filter(registered)
        .map(|it| it.observations)
        .collect();
    counts.sort_unstable();
    let points_per_photo = evidence.points as f64 / (good + weak).max(1) as f64;
    let mut report = GateReport {
        engine: engine.to_owned(),
        verdict: Verdict::Good,
        photos: photos.images.len(),
        good,
        weak,
        per_photo,
        points: evidence.points,
        median_observations: counts.get(counts.len() / 2).copied().unwrap_or(0),
        points_per_photo,
        mean_error_px: evidence.mean_error_px,
        advice: Vec::new(),
    };
    decide(&mut report, &evidence, collapse(poses, &evidence));
    report
}

/// For each photo the frame that names it: by its path, or, where that is of another folder, by a
/// file name that occurs once.
pub(super) fn frames_of(poses: &PoseFile, photos: &Photos) -> Vec<Option<usize>> {
    let key = |it: &str| it.replace('\\', "/");
    let file_name = |it: &str| it.rsplit('/').next().unwrap_or_default().to_owned();
    let mut by_path = HashMap::new();
    let mut by_name: HashMap<String, Option<usize>> = HashMap::new();
    for (i, frame) in poses.frames.iter().enumerate() {
        let path = key(&frame.image);
        let unique = by_name.entry(file_name(&path)).or_insert(Some(i));
        if *unique != Some(i) {
            *unique = None;
        }
        by_path.entry(path).or_insert(i);
    }
    let mut taken = HashSet::new();
    let paths: Vec<String> = photos
        .images
        .iter()
        .map(|it| key(&it.path.to_string_lossy()))
        .collect();
    let mut frames: Vec<Option<usize>> = paths.iter().map(|it| by_path.get(it).copied()).collect();
    taken.extend(frames.iter().flatten().copied());
    for (frame, path) in frames.iter_mut().zip(&paths) {
        let named = by_name.get(&file_name(path)).copied().flatten();
        *frame = frame.or(named.filter(|it| taken.insert(*it)));
    }
    frames
}

/// What the observations say.
#[derive(Debug, Default)]
struct Evidence {
    /// Per frame, points that it sees well.
    seen: HashMap<u32, HashSet<u32>>,
    /// Points that two frames see well.
    points: usize,
    /// Over all observations in front of their camera.
    mean_error_px: f64,
    /// The same as a part of the longer side.
    mean_error: f64,
    /// The part of the observations behind their camera.
    behind: f64,
    /// Distances from cameras to points.
    median_distance: f64,
}

fn measure(poses: &PoseFile, photos: &Photos, frames: &[Option<usize>]) -> Evidence {
    let mut evidence = Evidence::default();
    let cameras = cameras(poses, photos, frames);
    let (mut sum_px, mut sum, mut in_front, mut behind) = (0.0, 0.0, 0_usize, 0_usize);
    let mut distances = Vec::new();
    let mut views: HashMap<u32, HashSet<u32>> = HashMap::new();
    for it in &poses.points.observations {
        let Some(camera) = cameras.get(&it.frame) else {
            continue;
        };
        let Some((point, error)) = error(poses, it, camera) else {
            behind += 1;
            continue;
        };
        let part = error / camera.side;
        (sum_px, sum, in_front) = (sum_px + error, sum + part, in_front + 1);
        distances.push(point.length());
        if part <= MAX_ERROR {
            views.entry(it.point).or_default().insert(it.frame);
            evidence.seen.entry(it.frame).or_default().insert(it.point);
        }
    }
    // A point that one photo alone sees well was not triangulated.
    views.retain(|_, frames| 2 <= frames.len());
    for points in evidence.seen.values_mut() {
        points.retain(|it| views.contains_key(it));
    }
    evidence.points = views.len();
    evidence.mean_error_px = sum_px / in_front.max(1) as f64;
    evidence.mean_error = sum / in_front.max(1) as f64;
    evidence.behind = behind as f64 / (in_front + behind).max(1) as f64;
    evidence.median_distance = median(distances);
    evidence
}

/// A camera as far as observations are concerned.
struct Camera {
    w2c: DAffine3,
    projection: Projection,
    /// The photo's longer side in pixels.
    side: f64,
}

/// The frames of the photos that can be calculated with, by index.
fn cameras(poses: &PoseFile, photos: &Photos, frames: &[Option<usize>]) -> BTreeMap<u32, Camera> {
    let mut cameras = BTreeMap::new();
    let mut projections = HashMap::new();
    for (image, frame) in photos.images.iter().zip(frames) {
        let Some((index, frame)) = frame.and_then(|it| Some((it, poses.frames.get(it)?))) else {
            continue;
        };
        let Some(optics) = poses
            .optics
            .get(frame.optics)
            .filter(|_| frame.c2w.is_finite())
        else {
            continue;
        };
        // Observations are in pixels of the size that the file states.
        let lens = match optics {
            Optics::Lens(lens) => lens.clone(),
            Optics::Relative(relative) => relative.at(image.width, image.height),
        };
        let key = (frame.optics, lens.width, lens.height);
        let projection = projections.entry(key).or_insert_with(|| lens.projection());
        let camera = Camera {
            w2c: frame.c2w.inverse(),
            projection: projection.clone(),
            side: f64::from(lens.width.max(lens.height).max(1)),
        };
        cameras.insert(index as u32, camera);
    }
    cameras
}

/// The point in camera coordinates, and how far from the observation it projects; `None` behind
/// the camera.
fn error(poses: &PoseFile, seen: &Observation, camera: &Camera) -> Option<(DVec3, f64)> {
    let position = poses.points.positions.get(seen.point as usize)?;
    let point = camera.w2c.transform_point3(*position);
    let error = camera.projection.project(point)?.distance(seen.pixel);
    (0.0 < point.z && error.is_finite()).then_some((point, error))
}

fn quality(
    path: &Path,
    frame: Option<usize>,
    evidence: &Evidence,
    poses: &PoseFile,
) -> PhotoQuality {
    let name = path.to_string_lossy().into_owned();
    let observations = frame.and_then(|it| evidence.seen.get(&(it as u32)));
    let observations = observations.map_or(0, HashSet::len);
    let standing = match frame {
        None => Standing::Unregistered,
        Some(_) if observations < GOOD_OBSERVATIONS => Standing::Weak,
        Some(_) => Standing::Good,
    };
    let given = || {
        let of_photo = |it: &String| Some(it.strip_prefix(&name)?.strip_prefix(": ")?.to_owned());
        poses.warnings.iter().find_map(of_photo)
    };
    let reason = match standing {
        Standing::Good => None,
        Standing::Weak => Some(given().unwrap_or_else(|| {
            format!(
                "only {observations} of its points could be placed; {GOOD_OBSERVATIONS} are needed"
            )
        })),
        Standing::Unregistered => Some(given().unwrap_or_else(|| {
            "it found no place: too blurred, or too little in common with the others".to_owned()
        })),
    };
    PhotoQuality {
        name,
        observations,
        standing,
        reason,
    }
}

/// Why the cameras as a whole cannot be right.
fn collapse(poses: &PoseFile, evidence: &Evidence) -> Option<&'static str> {
    if MAX_BEHIND < evidence.behind {
        return Some(
            "Many points lie behind the cameras that see them: the model is turned inside out.",
        );
    }
    let positions: Vec<DVec3> = poses.frames.iter().map(|it| it.c2w.translation).collect();
    let centre = DVec3::from_array(std::array::from_fn(|axis| {
        median(positions.iter().map(|it| it[axis]).collect())
    }));
    let spread = median(positions.iter().map(|it| it.distance(centre)).collect());
    // Two cameras lie on both sides of their centre, three have one in it.
    let farthest = positions
        .iter()
        .map(|it| it.distance(centre))
        .fold(0.0, f64::max);
    let spread = if positions.len() < 4 {
        farthest
    } else {
        spread
    };
    // A comparison that NaN fails as well.
    let has_base = MIN_BASE * evidence.median_distance < spread;
    (2 <= positions.len() && !has_base).then_some(
        "All cameras lie at one place, so that nothing has depth: walk around the thing instead \
         of turning on the spot.",
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Verdict and advice, the loudest first.
fn decide(report: &mut GateReport, evidence: &Evidence, collapse: Option<&str>) {
    let rate = report.good as f64 / report.photos.max(1) as f64;
    let percent = (100.0 * rate).floor();
    let mut advice = Vec::new();
    let stands = format!(
        "{} of {} photos stand firmly ({percent} %)",
        report.good, report.photos
    );
    report.verdict = if rate < STOP_RATE {
        advice.push(format!(
            "{stands}; at least {} % are needed.",
            100.0 * STOP_RATE
        ));
        Verdict::Refused
    } else if rate < WARN_RATE {
        advice.push(format!("{stands}; results get better with more."));
        Verdict::Doubtful
    } else {
        Verdict::Good
    };
    if report.median_observations < GOOD_OBSERVATIONS && 0 < report.good + report.weak {
        advice.push(format!(
            "Half of the photos see fewer than {} placed points.",
            report.median_observations + 1
        ));
        report.verdict = Verdict::Refused;
    }
    if let Some(collapse) = collapse.filter(|_| 0 < report.points) {
        advice.insert(0, collapse.to_owned());
        report.verdict = Verdict::Refused;
    }
    if report.verdict == Verdict::Good
        && (DOUBTFUL_ERROR < evidence.mean_error || report.points_per_photo < DOUBTFUL_POINTS)
    {
        advice.push(format!(
            "The model is loose: {:.2} px mean error, {:.0} points per photo. Photos that are \
             sharper and share more make it firmer.",
            report.mean_error_px, report.points_per_photo
        ));
        report.verdict = Verdict::Doubtful;
    }
    if report.verdict != Verdict::Good {
        advice.extend(TO_DO.map(str::to_owned));
    }
    report.advice = advice;
}

/// What to do when poses are missing.
const TO_DO: [&str; 5] = [
    "Take more photos with more overlap: neighbours should share two thirds of what they show.",
    "Move between photos; do not turn on the spot, and do not let the thing itself move.",
    "Keep exposure, focus and zoom fixed, and leave out blurred photos.",
    "Try COLMAP, which is slower and finds more (`--engine colmap`).",
    "Or align the photos in RealityScan or Metashape and drop its export beside them.",
];
