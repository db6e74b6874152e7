//! Films and pictures by the worker: numbered images, videos, pictures too large for one frame,
//! cancelling, what goes wrong.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glam::Vec3;
use recon::camera_path::Turntable;
use recon::film::{Film, FilmReport};
use recon::io::{SplatFile, SplatFormat};
use recon::synthetic::demo_scene;
use recon::worker::FilmJob;
use recon::{Command, Event, Worker};
use render::{Camera, GpuSplats, Intrinsics, RenderConfig, Splats};
use tests::gpu;

const PATIENCE: Duration = Duration::from_mins(2);

fn scene() -> Arc<SplatFile> {
    Arc::new(SplatFile::new(demo_scene(3, 2_000, 0), SplatFormat::Ply))
}

fn turntable(frames: usize, width: u32, height: u32) -> Vec<Camera> {
    let intrinsics = Intrinsics::from_vertical_fov(0.8, width, height);
    let (low, high) = (Vec3::splat(-2.0), Vec3::splat(2.0));
    Turntable::around(low, high, &intrinsics, Vec3::NEG_Y).cameras(frames, intrinsics)
}

fn film(cameras: Vec<Camera>, out: &Path) -> Command {
    let film = Film {
        cameras,
        is_still: false,
        config: RenderConfig::default(),
        out: out.to_owned(),
        fps: 30,
    };
    Command::Film(Box::new(FilmJob {
        file: scene(),
        on_gpu: None,
        film,
    }))
}

/// Sends it and listens to its end; `hear` may answer what it hears.
fn run(worker: &Worker, command: Command, mut hear: impl FnMut(&Event)) -> Vec<Event> {
    worker.send(command);
    let begun = Instant::now();
    let mut seen = Vec::new();
    while begun.elapsed() < PATIENCE {
        for event in worker.events() {
            hear(&event);
            let is_last = matches!(event, Event::Finished | Event::Cancelled | Event::Failed(_));
            seen.push(event);
            if is_last {
                return seen;
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("no end after {PATIENCE:?}: {seen:?}");
}

fn report(events: &[Event]) -> &FilmReport {
    let report = events.iter().find_map(|it| match it {
        Event::Filmed(report) => Some(report),
        _ => None,
    });
    report.unwrap_or_else(|| panic!("{events:?}"))
}

fn failure(events: &[Event]) -> String {
    match events.last() {
        Some(Event::Failed(err)) => err.to_string(),
        _ => panic!("{events:?}"),
    }
}

/// All names in a folder, hidden ones too, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_turntable_of_sixty_images() {
    let Some(gpu) = gpu::gpu() else { return };
    let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
    let desk = tempfile::tempdir().unwrap();
    let out = desk.path().join("new").join("turn");
    let mut most = 0;
    let events = run(&worker, film(turntable(60, 48, 32), &out), |event| {
        if let Event::Progressed(progress) = event {
            assert!(progress.done <= progress.total);
            most = most.max(progress.total);
        }
    });
    assert_eq!(most, 60, "progress is told");
    let told = report(&events);
    assert_eq!((told.images, told.size), (60, [48, 32]));
    assert!(told.warnings.is_empty() && told.out == out);
    assert_eq!(
        names(&desk.path().join("new")),
        ["turn"],
        "nothing beside it"
    );
    let files = names(&out);
    assert_eq!(files.len(), 60);
    assert_eq!(
        (&*files[0], &*files[59]),
        ("frame_0000.png", "frame_0059.png")
    );
    let frames: Vec<_> = files
        .iter()
        .map(|it| image::open(out.join(it)).unwrap().into_rgb8())
        .collect();
    for pair in frames.windows(2) {
        assert_eq!(pair[0].dimensions(), (48, 32));
        let pixels = pair[0].pixels().zip(pair[1].pixels());
        assert!(20 < pixels.filter(|(a, b)| a != b).count(), "it turns");
    }

    // A shorter film into the same folder: what else lies there stays, and is told of.
    std::fs::write(out.join("notes.txt"), "mine").unwrap();
    let events = run(&worker, film(turntable(3, 48, 32), &out), |_| ());
    let warnings = &report(&events).warnings;
    assert!(warnings[0].contains("frame_0003.png"), "{warnings:?}");
    assert_eq!(
        names(&out).len(),
        61,
        "60 images, some older, and the notes"
    );
}

/// Splats that lie on the GPU already are drawn from there: those of the file do not count then.
#[test]
fn splats_are_shared_with_what_is_shown() {
    let Some(gpu) = gpu::gpu() else { return };
    let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
    let desk = tempfile::tempdir().unwrap();
    let mut pictures = Vec::new();
    for (name, is_shared) in [("own", false), ("shared", true)] {
        let Command::Film(mut job) = film(turntable(2, 48, 32), &desk.path().join(name)) else {
            panic!("a film is asked for");
        };
        if is_shared {
            let splats = GpuSplats::upload(gpu, &job.file.splats).unwrap();
            job.on_gpu = Some(splats);
            let nothing = SplatFile::new(Splats::default(), SplatFormat::Ply);
            job.file = Arc::new(nothing);
        }
        report(&run(&worker, Command::Film(job), |_| ()));
        let picture = image::open(desk.path().join(name).join("frame_0001.png")).unwrap();
        pictures.push(picture.into_rgb8());
    }
    assert!(pictures[0] == pictures[1], "the same film");
}

#[test]
fn cancelling_leaves_nothing() {
    let Some(gpu) = gpu::gpu() else { return };
    let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
    let desk = tempfile::tempdir().unwrap();
    let has_ffmpeg = has_ffmpeg();
    let outs = ["images", "film.mp4"];
    for out in &outs[..=usize::from(has_ffmpeg)] {
        let command = film(turntable(5_000, 64, 48), &desk.path().join(out));
        let events = run(&worker, command, |event| {
            if matches!(event, Event::Progressed(it) if 2 <= it.done && it.done < 100) {
                worker.send(Command::Cancel);
            }
        });
        assert!(matches!(events.last(), Some(Event::Cancelled)), "{out}");
        assert!(
            names(desk.path()).is_empty(),
            "{out}: {:?}",
            names(desk.path())
        );
    }
}

#[test]
fn errors_name_the_file() {
    let Some(gpu) = gpu::gpu() else { return };
    let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
    let desk = tempfile::tempdir().unwrap();
    std::fs::write(desk.path().join("taken"), "a file").unwrap();
    for (out, words) in [
        ("taken", ["taken", "folder"]),
        ("one.png", ["one.png", "several images"]),
        ("moving.gif", ["moving.gif", ".gif is not written"]),
    ] {
        let told = failure(&run(
            &worker,
            film(turntable(2, 16, 16), &desk.path().join(out)),
            |_| (),
        ));
        for word in words {
            assert!(told.contains(word), "{told}");
        }
    }
    let none = failure(&run(
        &worker,
        film(Vec::new(), &desk.path().join("none")),
        |_| (),
    ));
    assert!(none.contains("nothing to draw"), "{none}");
    let odd = film(turntable(2, 15, 16), &desk.path().join("odd.webm"));
    let odd = failure(&run(&worker, odd, |_| ()));
    assert!(odd.contains("odd.webm") && odd.contains("15 x 16"), "{odd}");
    let nowhere = desk.path().join("nowhere").join("film.mp4");
    let told = failure(&run(&worker, film(turntable(2, 16, 16), &nowhere), |_| ()));
    assert!(told.contains("film.mp4"), "{told}");
    assert_eq!(names(desk.path()), ["taken"]);
    // It goes on.
    let fine = film(turntable(1, 16, 16), &desk.path().join("fine"));
    report(&run(&worker, fine, |_| ()));
}

#[test]
fn without_a_device_there_is_no_film() {
    let worker = Worker::spawn(None, || ()).unwrap();
    let desk = tempfile::tempdir().unwrap();
    let command = film(turntable(2, 16, 16), &desk.path().join("film"));
    let told = failure(&run(&worker, command, |_| ()));
    assert!(told.contains("graphics device"), "{told}");
    assert!(names(desk.path()).is_empty());
}

#[test]
fn videos_of_both_kinds() {
    let Some(gpu) = gpu::gpu() else { return };
    // Not a skip: the program is optional, and what is said without it is tested elsewhere.
    if !has_ffmpeg() {
        return;
    }
    let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
    let desk = tempfile::tempdir().unwrap();
    for (name, at, magic) in [
        ("a.mp4", 4, &b"ftyp"[..]),
        ("b.webm", 0, b"\x1a\x45\xdf\xa3"),
    ] {
        let command = film(turntable(5, 32, 24), &desk.path().join(name));
        assert_eq!(report(&run(&worker, command, |_| ())).images, 5);
        let bytes = std::fs::read(desk.path().join(name)).unwrap();
        assert_eq!(&bytes[at..at + 4], magic, "{name}");
    }
    assert_eq!(names(desk.path()), ["a.mp4", "b.webm"]);
}

fn has_ffmpeg() -> bool {
    let told = std::process::Command::new("ffmpeg")
        .arg("-version")
        .output();
    told.is_ok_and(|it| it.status.success())
}
