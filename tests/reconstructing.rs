//! The worker's reconstruction: chunks in their order, cancelled, optimised, watched, refused.

/// What the network knows of a scene, kept and gone on with.
mod memory;
/// Orders that come while the network works.
mod orders;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use recon::dataset::{Dataset, HoldOut};
use recon::io::weights::Number;
use recon::io::{OpenOptions, Opened, open_with, write_photos};
use recon::model::{DeviceChoice, Mode, ModelConfig, ReconstructConfig, ViewChoice, save_random};
use recon::optim::{OptimiseConfig, polish};
use recon::synthetic::{PhotosConfig, SyntheticPhotos, photos};
use recon::worker::{ReconstructJob, ReconstructReport, Sequel, Snapshot, Watch};
use recon::{Command, Event, Worker};
use tempfile::TempDir;
use tests::gpu;

const PATIENCE: Duration = Duration::from_mins(5);

/// Every fourth of the photos is held out.
const HOLD_OUT: HoldOut = HoldOut::EveryNth(4);

/// A network of one layer that makes 48 splats of each patch of 8 × 8 pixels.
pub(crate) fn tiny_network() -> ModelConfig {
    ModelConfig {
        dim: 16,
        layers: 1,
        heads: 2,
        fast_inner: 2,
        mlp_inner: 2,
        patch_size: 8,
        image_width: 32,
        image_height: 24,
        sh_degree: 1,
        chunk_views: 2,
        ..ModelConfig::default()
    }
}

/// Photos, and random weights beside them.
struct Desk {
    folder: TempDir,
    made: SyntheticPhotos,
}

impl Desk {
    fn new() -> Self {
        let made = photos(&PhotosConfig {
            num_views: 8,
            width: 48,
            height: 36,
            num_points: 200,
            ..PhotosConfig::default()
        });
        let folder = tempfile::tempdir().unwrap();
        let weights = folder.path().join("tiny.safetensors");
        save_random(&weights, &tiny_network(), 7, Number::F32).unwrap();
        Self { folder, made }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the first `count` photos and their poses.
    fn write(&self, count: usize) {
        let mut made = self.made.clone();
        made.poses.frames.truncate(count);
        made.photos.truncate(count);
        let points = &mut made.poses.points;
        points.observations.retain(|it| (it.frame as usize) < count);
        write_photos(&self.path("scan"), &made).unwrap();
    }

    fn dataset(&self) -> Arc<Dataset> {
        let options = OpenOptions {
            hold_out: Some(HOLD_OUT),
        };
        match open_with(&self.path("scan"), &options).unwrap() {
            Opened::Dataset(it) => Arc::new(it),
            other => panic!("{other:?}"),
        }
    }

    /// Two views a chunk, all views, on the processor.
    fn job(&self) -> ReconstructJob {
        ReconstructJob {
            dataset: self.dataset(),
            weights: self.path("tiny.safetensors"),
            model: None,
            devices: DeviceChoice::Cpu.into(),
            config: ReconstructConfig {
                mode: Mode::Causal,
                choice: ViewChoice::All,
                chunk: 2,
                ..ReconstructConfig::default()
            },
            then: None,
            max_side: None,
            enough: None,
            lpips: None,
            watch: None,
            keep: None,
            continues: None,
        }
    }
}

/// A worker that waits after every event until it is let go on.
struct InStep {
    /// Dropped first: a worker that waits cannot be joined.
    go_on: Sender<()>,
    worker: Worker,
}

impl InStep {
    fn start(job: ReconstructJob) -> Option<Self> {
        let gpu = gpu::gpu()?;
        let (go_on, wait) = channel();
        // Where nobody lets it go on any longer it is free.
        let wake = move || {
            wait.recv().ok();
        };
        let worker = Worker::spawn(gpu.clone(), wake).unwrap();
        worker.send(Command::Reconstruct(Box::new(job)));
        Some(Self { go_on, worker })
    }

    /// All events of the job; `meet` sees each while the worker stands still.
    fn run(self, mut meet: impl FnMut(&Worker, &Event)) -> Vec<Event> {
        let begun = Instant::now();
        let mut seen = Vec::new();
        while begun.elapsed() < PATIENCE {
            let events: Vec<Event> = self.worker.events().collect();
            for event in events {
                meet(&self.worker, &event);
                let last = matches!(event, Event::Finished | Event::Cancelled | Event::Failed(_));
                seen.push(event);
                if last {
                    return seen;
                }
                self.go_on.send(()).ok();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("no end after {PATIENCE:?}: {seen:?}");
    }
}

fn snapshots(events: &[Event]) -> Vec<&Snapshot> {
    let all = events.iter().filter_map(|it| match it {
        Event::SplatsUpdated(it) => Some(it),
        _ => None,
    });
    all.collect()
}

/// The index of each chunk with the views that had been seen.
fn chunks(events: &[Event]) -> Vec<(usize, Vec<usize>)> {
    let moments = snapshots(events).into_iter();
    let chunks = moments.filter_map(|it| it.moment.as_ref()?.chunk.as_ref());
    chunks
        .map(|it| (it.index, it.views_seen.to_vec()))
        .collect()
}

fn report(events: &[Event]) -> &ReconstructReport {
    let found = events.iter().find_map(|it| match it {
        Event::Reconstructed(it) => Some(it),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no report: {events:?}"))
}

fn position(events: &[Event], is_it: impl Fn(&Event) -> bool) -> usize {
    events.iter().position(is_it).unwrap()
}

#[test]
fn chunks_are_shown_and_measured_one_after_the_other() {
    let desk = Desk::new();
    desk.write(8);
    let Some(run) = InStep::start(desk.job()) else {
        return;
    };
    let events = run.run(|_, _| ());
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    // 0 and 4 are held out.
    let seen = [vec![1, 2], vec![1, 2, 3, 5], vec![1, 2, 3, 5, 6, 7]];
    let expected: Vec<_> = seen.into_iter().enumerate().collect();
    assert_eq!(chunks(&events), expected);
    let report = report(&events);
    assert!(!report.cancelled);
    assert_eq!(report.chunks.len(), 3);
    let last = snapshots(&events)[2];
    assert_eq!(report.splats, last.file.splats.len());
    assert_eq!(report.chunks[2].splats, last.splats.len());
    for (i, chunk) in report.chunks.iter().enumerate() {
        assert!(chunk.psnr.is_some_and(f64::is_finite), "{chunk:?}");
        let shown = position(&events, |it| {
            matches!(it, Event::SplatsUpdated(it)
                if it.moment.as_ref().and_then(|it| it.chunk.as_ref()).is_some_and(|it| it.index == i))
        });
        let measured = position(
            &events,
            |it| matches!(it, Event::ChunkEvaluated(it) if it.index == i),
        );
        assert!(shown < measured);
        let Event::ChunkEvaluated(evaluation) = &events[measured] else {
            panic!();
        };
        assert_eq!(evaluation.report.mean.map(|it| it.psnr), chunk.psnr);
        assert_eq!(evaluation.report.views.len(), 2);
    }
}

/// The worker stands still with the first snapshot told: photos that vanish now were not read yet.
#[test]
fn a_snapshot_is_told_before_the_next_photos_are_decoded() {
    let desk = Desk::new();
    desk.write(8);
    let Some(run) = InStep::start(desk.job()) else {
        return;
    };
    let gone = desk.job().dataset.views[3].name.clone();
    let path = desk.path("scan").join(&gone);
    let events = run.run(|_, event| {
        if matches!(event, Event::SplatsUpdated(_)) && path.exists() {
            std::fs::remove_file(&path).unwrap();
        }
    });
    assert_eq!(
        chunks(&events),
        [
            (0, vec![1, 2]),
            (1, vec![1, 2, 5]),
            (2, vec![1, 2, 5, 6, 7])
        ]
    );
    let is_told = |it: &Event| matches!(it, Event::Warned(text) if text.contains(&gone));
    assert!(events.iter().any(is_told), "{events:?}");
}

#[test]
fn cancelling_keeps_the_chunks_there_are() {
    let desk = Desk::new();
    desk.write(8);
    let job = ReconstructJob {
        then: Some(polish(5)),
        ..desk.job()
    };
    let Some(run) = InStep::start(job.clone()) else {
        return;
    };
    let events = run.run(|worker, event| {
        if matches!(event, Event::SplatsUpdated(_)) {
            worker.send(Command::Cancel);
        }
    });
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    let report = report(&events);
    assert!(report.cancelled);
    assert_eq!((report.chunks.len(), snapshots(&events).len()), (1, 1));
    let is_optimised = |it: &Event| matches!(it, Event::Optimised(_));
    assert!(!events.iter().any(is_optimised));

    let Some(run) = InStep::start(job) else {
        return;
    };
    let mut told = false;
    let events = run.run(|worker, _| {
        if !std::mem::replace(&mut told, true) {
            worker.send(Command::Cancel);
        }
    });
    assert!(
        matches!(events.last(), Some(Event::Cancelled)),
        "{events:?}"
    );
    assert!(snapshots(&events).is_empty());
}

#[test]
fn what_the_network_made_is_optimised() {
    let desk = Desk::new();
    desk.write(8);
    let config = OptimiseConfig {
        splat_budget: Some(900),
        ..polish(3)
    };
    let Some(run) = InStep::start(ReconstructJob {
        then: Some(config),
        ..desk.job()
    }) else {
        return;
    };
    let events = run.run(|_, _| ());
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    let made = report(&events);
    assert!(900 < made.splats, "{made:?}");
    let optimised = events.iter().find_map(|it| match it {
        Event::Optimised(it) => Some(it),
        _ => None,
    });
    let optimised = optimised.unwrap();
    assert_eq!((optimised.steps, optimised.splats), (3, 900));
    assert!(!optimised.cancelled);
    // The most opaque ones are those that go on, with their harmonics.
    let all = snapshots(&events);
    let network = &all[made.chunks.len() - 1].file.splats;
    let last = all.last().unwrap();
    assert_eq!(last.moment.as_ref().unwrap().step, 3);
    assert_eq!(last.file.splats.sh_degree, network.sh_degree);
    let place = desk.path("scan/.accrete/instant.checkpoint");
    assert!(place.is_file());
    assert!(!desk.path("scan/.accrete/optimisation.checkpoint").exists());
}

/// What held-out photos say decides whether the optimisation follows, and what it begins with.
#[test]
fn an_optimisation_follows_where_it_is_needed() {
    let desk = Desk::new();
    desk.write(8);
    let run = |enough: Option<f64>| {
        let job = ReconstructJob {
            then: Some(polish(2)),
            enough,
            ..desk.job()
        };
        let events = InStep::start(job)?.run(|_, _| ());
        let is_optimised = events.iter().any(|it| matches!(it, Event::Optimised(_)));
        Some((report(&events).sequel, is_optimised))
    };
    let Some(found) = run(Some(0.0)) else { return };
    assert_eq!(found, (Sequel::NotNeeded, false));
    assert_eq!(run(None), Some((Sequel::FromSplats, true)));
    // Random weights make nothing that is worth to begin with.
    assert_eq!(run(Some(60.0)), Some((Sequel::FromPoints, true)));
}

#[test]
fn weights_that_cannot_be_used_are_named() {
    let desk = Desk::new();
    desk.write(4);
    let other = ModelConfig {
        layers: 2,
        ..tiny_network()
    };
    save_random(&desk.path("other.safetensors"), &other, 1, Number::F32).unwrap();
    let given = serde_json::to_string(&tiny_network()).unwrap();
    std::fs::write(
        desk.path("given.json"),
        given.replace("\"dim\":16", "\"dim\":24"),
    )
    .unwrap();
    std::fs::write(desk.path("broken.pt"), b"these are no weights").unwrap();
    std::fs::write(desk.path("broken.toml"), "dim = \"wide\"").unwrap();
    let fails = |weights: &str, model: Option<&str>, words: &[&str]| {
        let job = ReconstructJob {
            weights: desk.path(weights),
            model: model.map(|it| desk.path(it)),
            ..desk.job()
        };
        let Some(run) = InStep::start(job) else {
            return;
        };
        let events = run.run(|_, _| ());
        let Some(Event::Failed(err)) = events.last() else {
            panic!("{weights}: {events:?}");
        };
        let told = err.to_string();
        for word in words {
            assert!(told.contains(word), "{word}: {told}");
        }
    };
    fails("nowhere.pt", None, &["nowhere.pt"]);
    fails("broken.pt", None, &["broken.pt"]);
    fails("tiny.safetensors", Some("broken.toml"), &["broken.toml"]);
    fails("tiny.safetensors", Some("nowhere.json"), &["nowhere.json"]);
    let words = ["tiny.safetensors", "tokenizer.1.weight"];
    fails("tiny.safetensors", Some("given.json"), &words);
    fails(
        "tiny.safetensors",
        Some(&write_config(&desk, &other)),
        &["blocks.1.module_list.0.ln.weight"],
    );
}

fn write_config(desk: &Desk, config: &ModelConfig) -> String {
    let name = "config.json";
    std::fs::write(desk.path(name), serde_json::to_string(config).unwrap()).unwrap();
    name.to_owned()
}

/// Photos come while the job waits; those that were there keep their numbers.
#[test]
fn a_folder_is_watched_while_it_fills() {
    let desk = Desk::new();
    desk.write(4);
    let job = ReconstructJob {
        watch: Some(Watch {
            patience: Duration::from_secs(4),
            hold_out: Some(HOLD_OUT),
        }),
        ..desk.job()
    };
    let Some(run) = InStep::start(job) else {
        return;
    };
    let mut is_full = false;
    let events = run.run(|_, event| {
        let waits = matches!(event, Event::Progressed(it) if it.what == "Waiting for photos");
        if waits && !std::mem::replace(&mut is_full, true) {
            desk.write(7);
        }
    });
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    let grown = events.iter().find_map(|it| match it {
        Event::DatasetGrew(it) => Some(it.clone()),
        _ => None,
    });
    let names: Vec<String> = grown
        .unwrap()
        .views
        .iter()
        .map(|it| it.name.clone())
        .collect();
    let expected: Vec<&str> = desk.made.poses.frames[..7]
        .iter()
        .map(|it| it.image.as_str())
        .collect();
    assert_eq!(names, expected);
    let seen = chunks(&events);
    assert_eq!(seen.first(), Some(&(0, vec![1, 2])));
    assert_eq!(seen.last().unwrap().1, [1, 2, 3, 5, 6]);
    assert!(!report(&events).cancelled);
}

#[test]
fn watching_can_be_ended() {
    let desk = Desk::new();
    desk.write(4);
    let job = ReconstructJob {
        watch: Some(Watch {
            patience: PATIENCE,
            hold_out: Some(HOLD_OUT),
        }),
        ..desk.job()
    };
    let Some(run) = InStep::start(job) else {
        return;
    };
    let events = run.run(|worker, event| {
        if matches!(event, Event::Progressed(it) if it.what == "Waiting for photos") {
            worker.send(Command::Cancel);
        }
    });
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    assert!(report(&events).cancelled);
    assert_eq!(report(&events).chunks.len(), 2);
}
