//! `accrete poses`: camera poses for photos or a video, judged, and kept beside the photos.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use recon::dataset::Dataset;
use recon::poses::video::FrameConfig;
use recon::poses::{GateReport, Photos, PoseConfig, Standing, Verdict, results};
use recon::worker::{Command, EngineChoice, Event, Progress, Worker};
use render::gpu::Gpu;
use serde::Serialize;

use super::Console;
use crate::args::{Engine, PosesArgs};

/// Nothing may wake this program for so long; then it looks by itself.
const LOOK_EVERY: Duration = Duration::from_millis(250);

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

#[derive(Serialize)]
struct Stage {
    what: String,
    seconds: f64,
}

/// Finds poses for what lies at the path.
///
/// # Errors
/// Where it cannot be opened, no engine runs, or the poses do not hold.
pub fn run(console: &Console, args: &PosesArgs) -> anyhow::Result<()> {
    let engine = engine(args)?;
    let mut job = Job::start(console)?;
    let opened = job.open(args)?;
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
    let gate = job.find(&photos, engine, args, elsewhere)?;
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

/// The worker, and how long each stage of its job took.
struct Job {
    worker: Worker,
    woken: Receiver<()>,
    bar: ProgressBar,
    stages: Vec<(String, Instant)>,
    console: Console,
}

impl Job {
    fn start(console: &Console) -> anyhow::Result<Self> {
        let (wake, woken) = channel();
        // Nobody hears it at the very end.
        let wake = move || {
            wake.send(()).ok();
        };
        let worker =
            Worker::spawn(None::<Gpu>, wake).context("the background worker could not start")?;
        Ok(Self {
            worker,
            woken,
            bar: console.progress(0, "Opening"),
            stages: Vec::new(),
            console: console.clone(),
        })
    }

    /// Opens the path; a video's frames are taken first.
    fn open(&mut self, args: &PosesArgs) -> anyhow::Result<Opened> {
        let (mut found, mut video, mut is_scene) = (None, None, false);
        let path = args.path.clone();
        let ended = self.work(Command::Open(path.clone()), |event| match event {
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
            self.work(command, |event| match event {
                Event::DatasetOpened(it) => found = Some(Found::Posed(it)),
                Event::PhotosOpened(it) => found = Some(Found::Photos(it)),
                Event::FramesTaken(it) => taken = Some(it),
                _ => {}
            })?;
            if let Some(it) = taken {
                let folder = it.folder.display();
                self.console
                    .say(format_args!("{} frames in {folder}", it.count))?;
            }
        }
        let found = found.with_context(|| format!("{}: no photos", path.display()))?;
        Ok(Opened { found, is_video })
    }

    /// Looks for poses.
    fn find(
        &mut self,
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
        self.stages.clear();
        self.work(command, |event| {
            if let Event::PosesFound(report) = event {
                gate = Some(report);
            }
        })?;
        gate.context("the search for poses ended without a result")
    }

    /// Sends a command and listens until its job has ended.
    fn work(&mut self, command: Command, mut hear: impl FnMut(Event)) -> anyhow::Result<()> {
        self.worker.send(command);
        let ended = loop {
            let events: Vec<Event> = self.worker.events().collect();
            let mut ended = None;
            for event in events {
                match event {
                    Event::Progressed(it) => self.show(it),
                    Event::Warned(text) => self.bar.suspend(|| self.console.warn(text)),
                    Event::Finished => ended = Some(Ok(())),
                    Event::Cancelled => ended = Some(Err(anyhow::anyhow!("cancelled"))),
                    Event::Failed(err) => ended = Some(Err(err.into())),
                    other => hear(other),
                }
            }
            if let Some(ended) = ended {
                break ended;
            }
            // Woken, or not for a while: the same is to be done.
            self.woken.recv_timeout(LOOK_EVERY).ok();
        };
        self.bar.finish_and_clear();
        ended
    }

    fn show(&mut self, progress: Progress) {
        if self.stages.last().is_none_or(|it| it.0 != progress.what) {
            self.stages.push((progress.what.clone(), Instant::now()));
            self.bar.reset();
            self.bar.set_message(progress.what);
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }

    /// How long each stage took; the last one until now.
    fn stages(&self) -> Vec<Stage> {
        let ends = self.stages.iter().skip(1).map(|it| it.1);
        let ends = ends.chain([Instant::now()]);
        let stages = self.stages.iter().zip(ends);
        stages
            .map(|((what, begun), end)| Stage {
                what: what.clone(),
                seconds: end.duration_since(*begun).as_secs_f64(),
            })
            .collect()
    }
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
