//! `accrete poses`: camera poses for photos or a video, judged, and kept beside the photos.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use recon::dataset::Dataset;
use recon::poses::video::FrameConfig;
use recon::poses::{GateReport, Photos, PoseConfig, Standing, Verdict, results};
use recon::worker::{Command, EngineChoice, Event};
use serde::Serialize;

use super::Console;
use super::job::{Job, Stage};
use crate::args::{Engine, PosesArgs};

/// Shorter stages are no news.
const LEAST_TOLD_SECS: f64 = 0.05;

#[derive(Serialize)]
struct Report<'a> {
    path: &'a Path,
    /// The poses were there before.
    existed: bool,
    /// Where they are kept; nowhere where they were refused.
    kept: Option<PathBuf>,
    gate: Option<&'a GateReport>,
    stages: &'a [Stage],
}

/// Finds poses for what lies at the path.
///
/// # Errors
/// Where it cannot be opened, no engine runs, or the poses do not hold.
pub fn run(console: &Console, args: &PosesArgs) -> anyhow::Result<()> {
    let engine = engine(args)?;
    let mut job = Job::start(console, None)?;
    let opened = open(&mut job, args)?;
    let photos = match opened.found {
        Found::Posed(dataset) if !args.force => return tell_existing(console, args, &dataset),
        Found::Posed(dataset) => Arc::new(recon::io::open_plain_photos(&dataset.report.path)?),
        Found::Photos(photos) => photos,
    };
    // Of a video `--out` is where its frames go; their poses lie beside them.
    let elsewhere = args.out.as_deref().filter(|_| !opened.is_video);
    console.say(format_args!(
        "{}: {}",
        args.path.display(),
        photos.report.headline()
    ))?;
    let place = results::place(&photos.folder, elsewhere)?;
    if !args.force
        && let Some(kept) = results::load_at(&place, &photos.folder)
    {
        console.say(format_args!(
            "poses are there already, in {}",
            place.display()
        ))?;
        return tell(console, args, &kept.gate, Some(place), true, &[]);
    }
    let gate = find(&mut job, &photos, engine, args, elsewhere)?;
    let holds = gate.verdict != Verdict::Refused;
    let stages = job.stages();
    tell(console, args, &gate, holds.then_some(place), false, &stages)?;
    if !holds {
        bail!("the poses do not hold and were not kept; the lines above say what to do");
    }
    Ok(())
}

fn engine(args: &PosesArgs) -> anyhow::Result<EngineChoice> {
    let colmap = || EngineChoice::Colmap {
        program: args.colmap.clone(),
        gpu: args.gpu,
        mapper: args.mapper.into(),
    };
    Ok(match (args.engine, &args.colmap) {
        (None | Some(Engine::Colmap), Some(_)) | (Some(Engine::Colmap), None) => colmap(),
        (None | Some(Engine::Auto), None) => EngineChoice::Auto,
        (Some(Engine::Builtin), None) => EngineChoice::Builtin,
        (Some(_), Some(_)) => bail!("--colmap names a program for --engine colmap only"),
    })
}

/// What the path holds.
enum Found {
    Posed(Arc<Dataset>),
    Photos(Arc<Photos>),
}

struct Opened {
    found: Found,
    is_video: bool,
}

/// Opens the path; a video's frames are taken first.
fn open(job: &mut Job, args: &PosesArgs) -> anyhow::Result<Opened> {
    let (mut found, mut video, mut is_scene) = (None, None, false);
    let path = args.path.clone();
    let ended = job.work(Command::Open(path.clone()), |_, event| match event {
        Event::Opened(_) => is_scene = true,
        Event::DatasetOpened(it) => found = Some(Found::Posed(it)),
        Event::PhotosOpened(it) => found = Some(Found::Photos(it)),
        Event::VideoOpened(it) => video = Some(it),
        _ => {}
    });
    if is_scene {
        let path = path.display();
        bail!("{path}: a splat file. Poses are found for photos and videos");
    }
    ended?;
    let is_video = video.is_some();
    if let Some(video) = video {
        let command = Command::TakeFrames {
            video,
            out: args.out.clone(),
            config: FrameConfig {
                frames: args.frames as usize,
                ..FrameConfig::default()
            },
            anew: args.force,
        };
        let mut taken = None;
        job.work(command, |_, event| match event {
            Event::DatasetOpened(it) => found = Some(Found::Posed(it)),
            Event::PhotosOpened(it) => found = Some(Found::Photos(it)),
            Event::FramesTaken(it) => taken = Some(it),
            _ => {}
        })?;
        if let Some(it) = taken {
            let folder = it.folder.display();
            job.console
                .say(format_args!("{} frames in {folder}", it.count))?;
        }
    }
    let found = found.with_context(|| format!("{}: no photos", path.display()))?;
    Ok(Opened { found, is_video })
}

/// Looks for poses.
fn find(
    job: &mut Job,
    photos: &Arc<Photos>,
    engine: EngineChoice,
    args: &PosesArgs,
    elsewhere: Option<&Path>,
) -> anyhow::Result<GateReport> {
    let defaults = PoseConfig::default();
    let command = Command::FindPoses {
        photos: photos.clone(),
        engine,
        config: PoseConfig {
            max_side: args.max_side.unwrap_or(defaults.max_side),
            max_features: args
                .max_features
                .map_or(defaults.max_features, |it| it as usize),
            focal_35mm: args.focal_35mm,
            sequential: args.sequential.map(|it| it as usize),
            seed: args.seed,
        },
        out: elsewhere.map(Path::to_owned),
    };
    let mut gate = None;
    job.forget_stages();
    job.work(command, |_, event| {
        if let Event::PosesFound(report) = event {
            gate = Some(report);
        }
    })?;
    gate.context("the search for poses ended without a result")
}

/// Poses were there before anything was started.
fn tell_existing(console: &Console, args: &PosesArgs, dataset: &Dataset) -> anyhow::Result<()> {
    console.say(format_args!(
        "{}: {}",
        args.path.display(),
        dataset.report.headline()
    ))?;
    let from = dataset.report.pose_file.as_ref().map(|it| it.display());
    let from = from.map_or_else(String::new, |it| format!(", in {it}"));
    console.say(format_args!(
        "poses are there already{from}; --force finds them anew"
    ))?;
    let kept = results::load(&dataset.folder).map(|it| it.1);
    if let Some(gate) = &kept {
        rows(console, gate, &[])?;
    }
    console.report(&Report {
        path: &args.path,
        existed: true,
        kept: dataset.report.pose_file.clone(),
        gate: kept.as_ref(),
        stages: &[],
    })
}

fn tell(
    console: &Console,
    args: &PosesArgs,
    gate: &GateReport,
    kept: Option<PathBuf>,
    existed: bool,
    stages: &[Stage],
) -> anyhow::Result<()> {
    rows(console, gate, stages)?;
    if let Some(kept) = &kept {
        console.say(format_args!("  {:<13} {}", "kept in", kept.display()))?;
    }
    console.report(&Report {
        path: &args.path,
        existed,
        kept,
        gate: Some(gate),
        stages,
    })
}

/// The gate's report for a person.
fn rows(console: &Console, gate: &GateReport, stages: &[Stage]) -> anyhow::Result<()> {
    let verdict = match gate.verdict {
        Verdict::Good => "the poses hold",
        Verdict::Doubtful => "the poses are doubtful",
        Verdict::Refused => "the poses do not hold",
    };
    let lost = gate.photos.saturating_sub(gate.good + gate.weak);
    console.say(format_args!("{}: {verdict}", gate.engine))?;
    let mut rows = vec![
        (
            "photos",
            format!(
                "{} of {} stand firmly, {} weakly, {lost} found no place",
                gate.good, gate.photos, gate.weak
            ),
        ),
        (
            "points",
            format!("{}, {:.0} per photo", gate.points, gate.points_per_photo),
        ),
        (
            "observations",
            format!("{} per photo in the middle", gate.median_observations),
        ),
        ("error", format!("{:.2} px on average", gate.mean_error_px)),
    ];
    for photo in &gate.per_photo {
        let label = match photo.standing {
            Standing::Good => continue,
            Standing::Weak => "weak",
            Standing::Unregistered => "no place",
        };
        let reason = photo.reason.as_deref().unwrap_or("no reason is known");
        let text = format!(
            "{} ({} observations): {reason}",
            photo.name, photo.observations
        );
        rows.push((label, text));
    }
    rows.extend(gate.advice.iter().map(|it| ("advice", it.clone())));
    let told = stages.iter().filter(|it| LEAST_TOLD_SECS < it.seconds);
    rows.extend(told.map(|it| {
        let text = format!("{:.1} s, {}", it.seconds, it.what);
        ("time", text)
    }));
    for (label, text) in rows {
        console.say(format_args!("  {label:<13} {text}"))?;
    }
    Ok(())
}
