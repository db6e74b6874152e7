//! The jobs: each a list of steps, with a chance to be cancelled between them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use render::{GpuSplats, Splats};

use crate::camera_path::CameraPath;
use crate::dataset::{Dataset, dots};
use crate::io::{self, ExportOptions, FormatError, IoError, SplatFile, SplatFormat, losses};
use crate::synthetic;

use super::actor::{Actor, Outcome};
use super::messages::{Command, Event, Opened, Snapshot, WorkerError};
use super::poses;

/// Runs the job that a command asks for.
pub(super) fn run(actor: &mut Actor, command: Command) -> Result<Outcome, WorkerError> {
    match command {
        Command::Open(path) => open(actor, path),
        Command::OpenPart(path) => open_part(actor, path),
        Command::ShowSplats { file, name } => show_splats(actor, file, name),
        Command::FindPoses {
            photos,
            engine,
            config,
            out,
        } => poses::find(actor, &photos, &engine, &config, out.as_deref()),
        Command::TakeFrames {
            video,
            out,
            config,
            anew,
        } => poses::take_frames(actor, &video, out, &config, anew),
        Command::Demo {
            seed,
            num_splats,
            sh_degree,
        } => demo(actor, seed, num_splats, sh_degree),
        Command::Film(job) => super::film::film(actor, &job),
        Command::MeasureSplats {
            splats,
            dataset,
            antialiased,
        } => super::measure::run(actor, &splats, dataset.as_ref(), antialiased),
        Command::Reconstruct(job) => super::reconstruct::run(actor, &job),
        Command::Optimise(job) => super::optimise::optimise(actor, &job),
        Command::Export { ref path, .. } => {
            let what = format!("Writing {}", name_of(path));
            files(actor, &what, command)
        }
        Command::SaveProject { ref path, .. } | Command::SaveCameraPath { ref path, .. } => {
            let what = format!("Saving {}", name_of(path));
            files(actor, &what, command)
        }
        Command::OpenCameraPath { ref path, .. } => {
            let what = format!("Reading {}", name_of(path));
            files(actor, &what, command)
        }
        Command::Cancel
        | Command::Pause
        | Command::Resume
        | Command::Adjust(_)
        | Command::Evaluate
        | Command::TakeSnapshot
        | Command::SaveCheckpoint => Ok(Outcome::Cancelled),
    }
}

/// Opens whatever lies there.
pub(super) fn open(actor: &mut Actor, path: PathBuf) -> Result<Outcome, WorkerError> {
    let name = name_of(&path);
    let what = format!("Reading {name}");
    if actor.step(&what, 0, 2).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let opened = io::open(&path)?;
    if actor.step(&what, 1, 2).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let warnings = match opened {
        io::Opened::Splats(file) => return show(actor, file, name, Some(path)),
        io::Opened::Dataset(dataset) => {
            return show_dataset(actor, dataset);
        }
        io::Opened::Photos(photos) => {
            let warnings = photos.report.warnings.clone();
            actor.tell(Event::PhotosOpened(Arc::new(photos)));
            warnings
        }
        io::Opened::Video(path) => {
            actor.tell(Event::VideoOpened(path));
            Vec::new()
        }
        io::Opened::Project(folder, project, warnings) => {
            for warning in warnings {
                actor.tell(Event::Warned(format!("{name}: {warning}")));
            }
            actor.tell(Event::ProjectOpened {
                path: folder,
                project: Arc::new(*project),
            });
            Vec::new()
        }
    };
    for warning in warnings {
        actor.tell(Event::Warned(format!("{name}: {warning}")));
    }
    Ok(Outcome::Finished)
}

/// Puts splats on the GPU that were read already.
fn show_splats(
    actor: &mut Actor,
    file: Arc<SplatFile>,
    name: String,
) -> Result<Outcome, WorkerError> {
    let Some(gpu) = &actor.gpu else {
        return Err(WorkerError::NoGpu);
    };
    let splats = GpuSplats::upload(gpu, &file.splats)?;
    let snapshot = Snapshot::new(actor.snapshot_id(), splats, file, name, None);
    actor.tell(Event::SplatsUpdated(snapshot));
    Ok(Outcome::Finished)
}

/// Reads splats that are to join the scene.
fn open_part(actor: &mut Actor, path: PathBuf) -> Result<Outcome, WorkerError> {
    let what = format!("Reading {}", name_of(&path));
    if actor.step(&what, 0, 1).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let file = io::open_splats(&path)?;
    for warning in &file.warnings {
        actor.tell(Event::Warned(format!("{}: {warning}", name_of(&path))));
    }
    actor.tell(Event::PartOpened(path, Arc::new(file)));
    Ok(Outcome::Finished)
}

/// Tells the app of posed photos, and puts their points on the GPU.
pub(super) fn show_dataset(actor: &mut Actor, dataset: Dataset) -> Result<Outcome, WorkerError> {
    let dataset = Arc::new(dataset);
    actor.tell(Event::DatasetOpened(dataset.clone()));
    for warning in &dataset.report.warnings {
        actor.tell(Event::Warned(format!("{}: {warning}", dataset.name)));
    }
    let splats = dots(&dataset.points.positions, &dataset.points.colours);
    if let Some(snapshot) = points(actor, splats, dataset.name.clone())? {
        actor.tell(Event::PointsUpdated(snapshot));
    }
    Ok(Outcome::Finished)
}

/// Sparse points on the GPU; `None` where there is none.
pub(super) fn points(
    actor: &mut Actor,
    splats: Splats,
    name: String,
) -> Result<Option<Snapshot>, WorkerError> {
    let Some(gpu) = &actor.gpu else {
        return Ok(None);
    };
    let on_gpu = GpuSplats::upload(gpu, &splats)?;
    let file = SplatFile::new(splats, SplatFormat::Ply);
    Ok(Some(Snapshot::new(
        actor.snapshot_id(),
        on_gpu,
        file,
        name,
        None,
    )))
}

fn demo(
    actor: &mut Actor,
    seed: u64,
    num_splats: usize,
    sh_degree: u32,
) -> Result<Outcome, WorkerError> {
    if actor.step("Generating the demo scene", 0, 1).is_break() {
        return Ok(Outcome::Cancelled);
    }
    let splats = synthetic::demo_scene(seed, num_splats, sh_degree);
    let file = SplatFile::new(splats, SplatFormat::Ply);
    show(actor, file, "Demo scene".to_owned(), None)
}

/// Puts a scene on the GPU and tells the app.
fn show(
    actor: &mut Actor,
    file: SplatFile,
    name: String,
    path: Option<PathBuf>,
) -> Result<Outcome, WorkerError> {
    let opened = Opened {
        path: path.clone(),
        format: file.format,
        splats: file.splats.len(),
        warnings: file.warnings.clone(),
    };
    let Some(gpu) = &actor.gpu else {
        actor.tell(Event::Opened(opened));
        return Err(WorkerError::NoGpu);
    };
    let splats = GpuSplats::upload(gpu, &file.splats)?;
    actor.tell(Event::Opened(opened));
    for warning in &file.warnings {
        actor.tell(Event::Warned(format!("{name}: {warning}")));
    }
    let snapshot = Snapshot::new(actor.snapshot_id(), splats, file, name, path);
    actor.tell(Event::SplatsUpdated(snapshot));
    Ok(Outcome::Finished)
}

/// Reads or writes files, as [`read_or_write`] does.
fn files(actor: &mut Actor, what: &str, command: Command) -> Result<Outcome, WorkerError> {
    if actor.step(what, 0, 1).is_break() {
        return Ok(Outcome::Cancelled);
    }
    read_or_write(actor, command)?;
    Ok(Outcome::Finished)
}

/// Whether a command can be followed while an optimisation or a reconstruction is under way, which
/// goes on afterwards.
pub(super) fn is_done_meanwhile(command: &Command) -> bool {
    matches!(
        command,
        Command::Export { .. }
            | Command::SaveProject { .. }
            | Command::OpenCameraPath { .. }
            | Command::SaveCameraPath { .. }
            | Command::OpenPart(_)
            | Command::MeasureSplats { .. }
    )
}

/// Follows such a command. What goes wrong is no reason to end the work of an hour.
pub(super) fn do_meanwhile(actor: &mut Actor, command: Command) {
    let done = match command {
        Command::OpenPart(_) | Command::MeasureSplats { .. } => run(actor, command).map(|_| ()),
        other => read_or_write(actor, other),
    };
    if let Err(err) = done {
        actor.tell(Event::Warned(err.to_string()));
    }
    actor.tell(Event::DoneMeanwhile);
}

/// Exports, saves a project, reads or writes a camera path. It asks for no orders: those that wait
/// may be for another job that is under way.
fn read_or_write(actor: &Actor, command: Command) -> Result<(), WorkerError> {
    match command {
        Command::Export {
            file,
            format,
            path,
            options,
            camera_path,
        } => write(actor, &file, format, path, (&options, &camera_path)),
        Command::SaveProject { project, path } => {
            io::save_project(&path, &project)?;
            actor.tell(Event::ProjectSaved(path));
            Ok(())
        }
        Command::OpenCameraPath { path, fps } => {
            let read = io::read_path_file(&path)?;
            let read = read.into_keyframes(f64::from(fps.max(1)));
            let read = read.map_err(|it| {
                let it = FormatError::Malformed(it.to_string());
                IoError::format(&path, it)
            })?;
            actor.tell(Event::CameraPathOpened(path, read));
            Ok(())
        }
        Command::SaveCameraPath { path, camera_path } => {
            io::write_keyframes(&path, &camera_path)?;
            actor.tell(Event::CameraPathSaved(path));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn write(
    actor: &Actor,
    file: &SplatFile,
    format: SplatFormat,
    path: PathBuf,
    (options, camera_path): (&ExportOptions, &CameraPath),
) -> Result<(), WorkerError> {
    let changed;
    let file = if options.changes_nothing(file) {
        file
    } else {
        changed = options.apply(file);
        &changed
    };
    let losses = losses(file, format);
    let stem = path.file_stem().unwrap_or_default();
    let page = options.page(&stem.to_string_lossy(), camera_path);
    let bytes = if file.format == format {
        io::save_with_page(&path, file, &page)?
    } else {
        let converted = SplatFile {
            format,
            ..file.clone()
        };
        io::save_with_page(&path, &converted, &page)?
    };
    actor.tell(Event::Exported {
        path,
        bytes,
        losses,
    });
    Ok(())
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
