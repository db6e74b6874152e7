//! The jobs that lead to posed photos: frames from a video, poses from photos.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dataset::{PoseFile, dots};
use crate::poses::video::{self, FrameConfig};
use crate::poses::{
    BuiltinEngine, ColmapEngine, GateReport, LivePoses, Photos, PoseConfig, PoseEngine, PoseError,
    PoseUpdate, Verdict, judge, remove_empty, results,
};

use super::actor::{Actor, Outcome};
use super::jobs;
use super::messages::{EngineChoice, Event, WorkerError};

/// An unfinished model is shown no more often than this: each takes an upload.
const LIVE_EVERY: Duration = Duration::from_millis(400);

/// Writes frames of a video and opens their folder.
pub(super) fn take_frames(
    actor: &mut Actor,
    video: &Path,
    out: Option<PathBuf>,
    config: &FrameConfig,
    anew: bool,
) -> Result<Outcome, WorkerError> {
    let folder = out.unwrap_or_else(|| video::frames_folder(video));
    let mut listener = Listener::new(actor, &folder);
    let frames = video::extract(video, &folder, config, anew, &mut |it| listener.hear(it));
    match frames {
        Err(PoseError::Cancelled) => Ok(Outcome::Cancelled),
        Err(err) => Err(err.into()),
        Ok(frames) => {
            let folder = frames.folder.clone();
            actor.tell(Event::FramesTaken(frames));
            jobs::open(actor, folder)
        }
    }
}

/// Looks for poses, judges them, and keeps and opens what holds.
pub(super) fn find(
    actor: &mut Actor,
    photos: &Arc<Photos>,
    choice: &EngineChoice,
    config: &PoseConfig,
    out: Option<&Path>,
) -> Result<Outcome, WorkerError> {
    // Before an hour's work: can its result be kept?
    let place = results::place(&photos.folder, out)?;
    let found = match choice {
        EngineChoice::Auto => builtin_then_colmap(actor, photos, config, &place),
        EngineChoice::Builtin => run(actor, &builtin(&place), photos, config),
        EngineChoice::Colmap {
            program,
            gpu,
            mapper,
        } => ColmapEngine::find(program.as_deref()).and_then(|mut engine| {
            engine.gpu = *gpu;
            engine.mapper = *mapper;
            run(actor, &engine, photos, config)
        }),
    };
    let found = match found {
        Err(PoseError::Cancelled) => return Ok(Outcome::Cancelled),
        other => other?,
    };
    if found.gate.verdict == Verdict::Refused {
        remove_empty(&place);
        actor.tell(Event::PosesFound(found.gate));
        return Ok(Outcome::Finished);
    }
    results::save_at(
        &place,
        &photos.folder,
        &found.poses,
        &found.gate,
        Some(config),
    )?;
    actor.tell(Event::PosesFound(found.gate));
    if out.is_some() {
        return Ok(Outcome::Finished); // Not where an opener would look for them.
    }
    jobs::open(actor, photos.report.path.clone())
}

/// What an engine found, and what it is worth.
struct Found {
    poses: PoseFile,
    gate: GateReport,
}

fn builtin(place: &Path) -> BuiltinEngine {
    BuiltinEngine::new().resuming_in(&results::partial(place))
}

/// The built-in engine; where its result is refused, COLMAP if there is one, and then the better
/// of the two.
fn builtin_then_colmap(
    actor: &mut Actor,
    photos: &Photos,
    config: &PoseConfig,
    place: &Path,
) -> Result<Found, PoseError> {
    let first = run(actor, &builtin(place), photos, config);
    let why = match &first {
        Err(PoseError::Failed(why)) => why.clone(),
        Ok(it) if it.gate.verdict == Verdict::Refused => {
            let advice = it.gate.advice.first().cloned();
            advice.unwrap_or_else(|| "too few photos found a place".to_owned())
        }
        _ => return first,
    };
    let colmap = match ColmapEngine::find(None) {
        Ok(colmap) => colmap,
        Err(none) => {
            return first.map(|mut it| {
                it.gate.advice.push(none.to_string());
                it
            });
        }
    };
    actor.tell(Event::Warned(format!(
        "The built-in engine found no poses that hold ({why}). {} is tried now",
        colmap.name()
    )));
    let second = run(actor, &colmap, photos, config);
    match (first, second) {
        (_, Err(PoseError::Cancelled)) => Err(PoseError::Cancelled),
        (Ok(first), Ok(second)) if rank(&second.gate) < rank(&first.gate) => Ok(first),
        (_, Ok(second)) => Ok(second),
        (Ok(mut first), Err(err)) => {
            first.gate.advice.push(err.to_string());
            Ok(first)
        }
        (Err(first), Err(second)) => Err(PoseError::Failed(format!("{first}. {second}"))),
    }
}

/// The more the better.
fn rank(gate: &GateReport) -> (bool, usize, usize) {
    (gate.verdict != Verdict::Refused, gate.good, gate.weak)
}

fn run(
    actor: &mut Actor,
    engine: &dyn PoseEngine,
    photos: &Photos,
    config: &PoseConfig,
) -> Result<Found, PoseError> {
    let mut listener = Listener::new(actor, photos.folder.path());
    let poses = engine.run(photos, config, &mut |it| listener.hear(it))?;
    let gate = judge(engine.name(), &poses, photos);
    Ok(Found { poses, gate })
}

/// Passes on what an engine tells.
struct Listener<'a> {
    actor: &'a mut Actor,
    /// What the unfinished scene is called.
    name: String,
    shown: Option<Instant>,
}

impl<'a> Listener<'a> {
    fn new(actor: &'a mut Actor, folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Self {
            name: name.to_string_lossy().into_owned(),
            actor,
            shown: None,
        }
    }

    fn hear(&mut self, update: PoseUpdate) -> ControlFlow<()> {
        match update {
            PoseUpdate::Progressed { what, done, total } => {
                return self.actor.step(&what, done, total);
            }
            PoseUpdate::Warned(text) => self.actor.tell(Event::Warned(text)),
            PoseUpdate::Live(live) => self.show(live),
        }
        ControlFlow::Continue(())
    }

    fn show(&mut self, live: LivePoses) {
        let is_soon = self.shown.is_some_and(|it| it.elapsed() < LIVE_EVERY);
        if is_soon {
            return;
        }
        self.shown = Some(Instant::now());
        let splats = dots(&live.points, &live.colours);
        self.actor.offer(Event::PosesGrew(live));
        // Where the device has no room for a preview, the search goes on without.
        if let Ok(Some(snapshot)) = jobs::points(self.actor, splats, self.name.clone()) {
            self.actor.offer(Event::PointsUpdated(snapshot));
        }
    }
}
