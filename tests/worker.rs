//! The worker answers commands with events, cancels, survives failures, and stops when dropped.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use recon::camera_path::CameraPath;
use recon::dataset::PoseFormat;
use recon::io::{ExportOptions, SplatFile, SplatFormat};
use recon::worker::{Opened, Snapshot};
use recon::{Command, Event, Worker};
use tests::capture::{Capture, straight_lens};
use tests::gpu;

const PATIENCE: Duration = Duration::from_mins(1);

fn worker() -> Option<Worker> {
    let gpu = gpu::gpu()?;
    Some(Worker::spawn(gpu.clone(), || ()).unwrap())
}

/// All events up to and with the first that ends a job.
fn events_of_a_job(worker: &Worker) -> Vec<Event> {
    let start = Instant::now();
    let mut seen = Vec::new();
    while start.elapsed() < PATIENCE {
        for event in worker.events() {
            let last = matches!(event, Event::Finished | Event::Cancelled | Event::Failed(_));
            seen.push(event);
            if last {
                return seen;
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("no end after {PATIENCE:?}: {seen:?}");
}

fn demo(num_splats: usize) -> Command {
    Command::Demo {
        seed: 1,
        num_splats,
        sh_degree: 1,
    }
}

fn snapshot(events: &[Event]) -> Option<&Snapshot> {
    events.iter().find_map(|it| match it {
        Event::SplatsUpdated(snapshot) => Some(snapshot),
        _ => None,
    })
}

fn export(worker: &Worker, file: &Arc<SplatFile>, format: SplatFormat, path: &Path) -> Vec<Event> {
    worker.send(Command::Export {
        file: file.clone(),
        format,
        path: path.to_owned(),
        options: ExportOptions::default(),
        camera_path: CameraPath::default(),
    });
    events_of_a_job(worker)
}

#[test]
fn a_scene_is_generated_exported_and_opened_again() {
    let Some(worker) = worker() else { return };
    worker.send(demo(500));
    let events = events_of_a_job(&worker);
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    let generated = snapshot(&events).unwrap().clone();
    assert_eq!(generated.splats.len(), generated.file.splats.len());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.splat");
    let events = export(&worker, &generated.file, SplatFormat::Splat, &path);
    let written = events.iter().find_map(|it| match it {
        Event::Exported { bytes, losses, .. } => Some((*bytes, losses.clone())),
        _ => None,
    });
    let (bytes, losses) = written.unwrap();
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    assert!(
        losses.iter().any(|it| it.contains("SH degree 1")),
        "{losses:?}"
    );

    worker.send(Command::Open(path.clone()));
    let events = events_of_a_job(&worker);
    let opened = events.iter().find_map(|it| match it {
        Event::Opened(Opened { path, splats, .. }) => Some((path.clone(), *splats)),
        _ => None,
    });
    assert_eq!(opened, Some((Some(path), generated.splats.len())));
    assert!(generated.id < snapshot(&events).unwrap().id, "ids count up");
}

#[test]
fn a_broken_file_fails_and_the_worker_goes_on() {
    let Some(worker) = worker() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.ply");
    std::fs::write(&path, "ply\nformat ascii 1.0\n").unwrap();
    worker.send(Command::Open(path));
    let events = events_of_a_job(&worker);
    let Some(Event::Failed(err)) = events.last() else {
        panic!("{events:?}")
    };
    assert!(err.to_string().contains("broken.ply"), "{err}");

    worker.send(demo(100));
    let events = events_of_a_job(&worker);
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
}

#[test]
fn folders_of_photos_are_described() {
    let Some(worker) = worker() else { return };
    let folder = tempfile::tempdir().unwrap();
    let capture = Capture::new(4, &straight_lens(40, 30));
    capture.write(folder.path(), PoseFormat::Transforms);
    worker.send(Command::Open(folder.path().to_owned()));
    let events = events_of_a_job(&worker);
    let dataset = events.iter().find_map(|it| match it {
        Event::DatasetOpened(dataset) => Some(dataset),
        _ => None,
    });
    assert_eq!(dataset.unwrap().views.len(), 4);
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");

    worker.send(Command::Open(folder.path().join("images")));
    let events = events_of_a_job(&worker);
    let photos = events.iter().find_map(|it| match it {
        Event::PhotosOpened(photos) => Some(photos),
        _ => None,
    });
    assert_eq!(photos.unwrap().images.len(), 4);
    assert!(snapshot(&events).is_none());
}

#[test]
fn a_newer_scene_replaces_the_one_being_made() {
    let Some(worker) = worker() else { return };
    // Both are in the inbox before the first job takes its first step, or soon after: the second
    // must be shown in the end, and every job must end in one way only.
    worker.send(demo(20_000));
    worker.send(demo(300));
    let mut ends = Vec::new();
    let mut newest = None;
    while ends.len() < 2 {
        let events = events_of_a_job(&worker);
        newest = snapshot(&events).map(|it| it.splats.len()).or(newest);
        ends.push(events.last().unwrap().clone());
    }
    assert!(
        matches!(ends[0], Event::Cancelled | Event::Finished),
        "{ends:?}"
    );
    assert!(matches!(ends[1], Event::Finished), "{ends:?}");
    assert!(newest.unwrap() < 1000);
}

#[test]
fn cancel_when_idle_does_nothing() {
    let Some(worker) = worker() else { return };
    worker.send(Command::Cancel);
    worker.send(demo(100));
    let events = events_of_a_job(&worker);
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
}

#[test]
fn drop_joins_even_when_nobody_reads() {
    let Some(worker) = worker() else { return };
    for _ in 0..40 {
        worker.send(Command::Open(PathBuf::from("nowhere.ply")));
        worker.send(demo(50));
    }
    drop(worker);
}
