//! The worker measures splats for clean-up, and saves and opens projects.

mod photos;

use std::sync::Arc;
use std::time::{Duration, Instant};

use glam::Vec3;
use recon::edit::{CleanConfig, EditOp, History, Measured, Rule, Subject, find, removals};
use recon::io::{self, DatasetPlace, Opened, Project, SplatFile, SplatFormat};
use recon::synthetic::{PhotosConfig, demo_scene, photos};
use recon::{Command, Event, Worker};
use render::{Splats, splats::logit};
use tests::gpu;

const PATIENCE: Duration = Duration::from_mins(2);

/// All events up to and with the one that ends the job.
fn events(worker: &Worker, command: Command) -> Vec<Event> {
    worker.send(command);
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

fn measured(events: &[Event]) -> Option<Arc<Measured>> {
    events.iter().find_map(|it| match it {
        Event::SplatsMeasured(it) => Some(it.clone()),
        _ => None,
    })
}

fn add(splats: &mut Splats, mean: Vec3, scales: Vec3, opacity: f32) {
    splats.means.push(mean);
    splats.quats.push([1.0, 0.0, 0.0, 0.0]);
    splats.log_scales.push(scales.map(f32::ln));
    splats.opacity_logits.push(logit(opacity));
    splats.sh_coeffs.push([0.0; 3]);
}

/// The demo scene, and one splat far above and one far below it.
fn scene() -> Splats {
    let mut splats = demo_scene(5, 3_000, 0);
    for y in [-80.0, 80.0] {
        let mean = Vec3::new(0.0, y, 0.0);
        add(&mut splats, mean, Vec3::splat(0.01), 0.9);
    }
    splats
}

#[test]
fn what_photos_see_is_measured_in_the_background() {
    let Some(gpu) = gpu::gpu() else { return };
    let folder = tempfile::tempdir().unwrap();
    let made = photos(&PhotosConfig {
        num_views: 9,
        width: 48,
        height: 36,
        num_points: 100,
        ..PhotosConfig::default()
    });
    io::write_photos(folder.path(), &made).unwrap();
    let Opened::Dataset(dataset) = io::open(folder.path()).unwrap() else {
        panic!("no dataset");
    };
    let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
    let splats = Arc::new(scene());
    let job = Command::MeasureSplats {
        splats: splats.clone(),
        dataset: Some(Arc::new(dataset)),
        antialiased: false,
    };
    let told = events(&worker, job);
    let measured = measured(&told).unwrap();
    assert!(matches!(told.last(), Some(Event::Finished)));
    assert_eq!((measured.len(), measured.views()), (3_002, 7));
    let seen = measured.contributions().unwrap();
    assert_eq!(seen[3_000..], [0.0; 2]);
    // No photo has more than all of its pixels, which count as a million.
    let sum: f32 = seen.iter().sum();
    assert!((0.1e6..=7.01e6).contains(&sum), "{sum}");
    let subject = Subject::whole(splats.clone());
    let found = find(&subject, &measured, &CleanConfig::default());
    for rule in [Rule::Isolated, Rule::Unseen, Rule::Outside] {
        let bits = &found.iter().find(|it| it.0 == rule).unwrap().1;
        assert!(bits.get(3_000) && bits.get(3_001), "{rule:?}");
    }
    let mut history = History::new(splats.clone());
    for op in removals(found) {
        history.apply(op).unwrap();
    }
    assert!(history.now().saved_count() <= 3_000);

    // Without photos there is less to say; without a graphics device that works too.
    let bare = Worker::spawn(None, || ()).unwrap();
    let job = Command::MeasureSplats {
        splats,
        dataset: None,
        antialiased: false,
    };
    let measured = self::measured(&events(&bare, job)).unwrap();
    assert_eq!((measured.views(), measured.contributions()), (0, None));
}

#[test]
fn a_project_is_saved_and_opened_in_the_background() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a.accrete");
    let base = SplatFile::new(scene(), SplatFormat::Ply);
    let mut history = History::new(Arc::new(base.splats.clone()));
    history.apply(EditOp::SelectAll).unwrap();
    let project = Arc::new(Project {
        dataset: Some(DatasetPlace::new(&folder.path().join("gone"))),
        ..Project::of(&history, &base)
    });
    let worker = Worker::spawn(None, || ()).unwrap();
    let save = Command::SaveProject {
        project: project.clone(),
        path: place.clone(),
    };
    let told = events(&worker, save);
    let saved = |it: &Event| matches!(it, Event::ProjectSaved(path) if *path == place);
    assert!(told.iter().any(saved), "{told:?}");
    let told = events(&worker, Command::Open(place.join("project.json")));
    let warned = |it: &Event| matches!(it, Event::Warned(text) if text.contains("gone"));
    assert!(told.iter().any(warned), "{told:?}");
    let opened = told.iter().find_map(|it| match it {
        Event::ProjectOpened { path, project } => Some((path.clone(), project.clone())),
        _ => None,
    });
    let (path, read) = opened.unwrap();
    assert_eq!(path, place);
    assert_eq!(
        (&read.base, &read.ops, read.done),
        (&project.base, &project.ops, 1)
    );

    // A file is no place for one.
    std::fs::write(folder.path().join("b"), b"x").unwrap();
    let save = Command::SaveProject {
        project,
        path: folder.path().join("b"),
    };
    let told = events(&worker, save);
    assert!(matches!(told.last(), Some(Event::Failed(_))), "{told:?}");
}
