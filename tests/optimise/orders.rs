//! The worker's run follows orders, and keeps what it has however it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use recon::camera_path::CameraPath;
use recon::dataset::HoldOut;
use recon::io::{ExportOptions, SplatFormat, checkpoint, open_splats};
use recon::optim::{OptimiseConfig, TrainProgress};
use recon::synthetic::photos;
use recon::worker::{Adjustment, OptimiseJob, OptimiseReport, Start};
use recon::{Command, Event, Worker};
use tests::gpu;

use super::{Scan, quick, small_photos};

/// A busy machine takes its time to compile kernels.
const PATIENCE: Duration = Duration::from_mins(5);

/// So many steps that only an order ends them.
const ENDLESS: u32 = 1_000_000;

/// A worker with an optimisation under way, and all that it told.
pub(super) struct Watched {
    worker: Option<Worker>,
    pub(super) seen: Vec<Event>,
    state: PathBuf,
}

impl Watched {
    pub(super) fn start(scan: &Scan, config: OptimiseConfig) -> Option<Self> {
        let gpu = gpu::gpu()?;
        let state = scan.folder.path().join("state");
        let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
        worker.send(Command::Optimise(Box::new(OptimiseJob {
            dataset: scan.dataset.clone(),
            start: Start::Points,
            config,
            checkpoint: Some(state.clone()),
            lpips: None,
        })));
        Some(Self {
            worker: Some(worker),
            seen: Vec::new(),
            state,
        })
    }

    pub(super) fn send(&self, command: Command) {
        self.worker.as_ref().unwrap().send(command);
    }

    /// Listens until `is_it` says so. A job that fails ends the test.
    pub(super) fn until<T>(&mut self, what: &str, is_it: impl Fn(&Event) -> Option<T>) -> T {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let events: Vec<Event> = self.worker.as_ref().unwrap().events().collect();
            let mut found = None;
            for event in events {
                if let Event::Failed(err) = &event {
                    panic!("{err}, before {what}");
                }
                found = found.or_else(|| is_it(&event));
                self.seen.push(event);
            }
            if let Some(found) = found {
                return found;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("no {what} after {PATIENCE:?}: {:?}", self.seen.len());
    }

    pub(super) fn trained(
        &mut self,
        what: &str,
        is_it: impl Fn(&TrainProgress) -> bool,
    ) -> TrainProgress {
        self.until(what, |event| match event {
            Event::Trained(it) if is_it(it) => Some(it.clone()),
            _ => None,
        })
    }

    pub(super) fn optimised(&mut self) -> OptimiseReport {
        let report = self.until("end of the optimisation", |event| match event {
            Event::Optimised(it) => Some(it.clone()),
            _ => None,
        });
        // It may have come with the report.
        if !self.seen.iter().any(|it| matches!(it, Event::Finished)) {
            self.until("end of the job", |it| {
                matches!(it, Event::Finished).then_some(())
            });
        }
        report
    }

    /// Steps after which snapshots were taken.
    fn snapshots(&self) -> Vec<u32> {
        let moments = self.seen.iter().filter_map(|it| match it {
            Event::SplatsUpdated(it) => it.moment.clone(),
            _ => None,
        });
        moments.map(|it| it.step).collect()
    }

    /// The step of the checkpoint as it lies on the disk.
    fn kept(&self) -> u32 {
        checkpoint::open(&self.state).unwrap().step
    }
}

/// An export that is followed by the order to end is written, and the order is heard.
#[test]
fn an_export_swallows_no_order() {
    let scan = Scan::small();
    let Some(mut run) = Watched::start(&scan, quick(ENDLESS)) else {
        return;
    };
    run.trained("first step", |it| 1 <= it.step);
    run.send(Command::Pause);
    run.trained("pause", |it| it.paused);
    run.send(Command::TakeSnapshot);
    let file = run.until("snapshot", |event| match event {
        Event::SplatsUpdated(it) if it.moment.is_some() => Some(it.file.clone()),
        _ => None,
    });
    let path = scan.folder.path().join("last.ply");
    run.send(Command::Export {
        file,
        format: SplatFormat::Ply,
        path: path.clone(),
        options: ExportOptions::default(),
        camera_path: CameraPath::default(),
    });
    run.send(Command::Cancel);
    assert!(run.optimised().cancelled);
    assert!(path.is_file());
}

#[test]
fn a_pause_holds_and_answers() {
    let scan = Scan::small();
    let Some(mut run) = Watched::start(&scan, quick(ENDLESS)) else {
        return;
    };
    run.trained("first step", |it| 1 <= it.step);
    run.send(Command::Pause);
    let held = run.trained("pause", |it| it.paused);

    run.send(Command::Evaluate);
    let evaluation = run.until("measurement", |event| match event {
        Event::Evaluated(it) => Some(it.clone()),
        _ => None,
    });
    assert_eq!(evaluation.step, held.step);
    assert_eq!(evaluation.report.views.len(), 3);
    run.send(Command::TakeSnapshot);
    run.send(Command::SaveCheckpoint);
    let step = run.until("checkpoint", |event| match event {
        Event::CheckpointSaved { step, .. } => Some(*step),
        _ => None,
    });
    assert_eq!((step, run.kept()), (held.step, held.step));
    let newest = run.seen.iter().rev().find_map(|it| match it {
        Event::SplatsUpdated(it) => Some(it.file.clone()),
        _ => None,
    });
    let file = newest.unwrap();
    let path = scan.folder.path().join("now.ply");
    run.send(Command::Export {
        file: file.clone(),
        format: SplatFormat::Ply,
        path: path.clone(),
        options: ExportOptions::default(),
        camera_path: CameraPath::default(),
    });
    run.until("export", |it| {
        matches!(it, Event::Exported { .. }).then_some(())
    });
    assert_eq!(open_splats(&path).unwrap().splats.len(), file.splats.len());
    std::thread::sleep(Duration::from_millis(300));
    // Whatever else was told while it held, no step was done.
    run.send(Command::Adjust(Adjustment::SplatBudget(held.splats + 3)));
    let after = run.trained("budget", |it| it.splat_budget == held.splats + 3);
    assert_eq!((after.step, after.paused), (held.step, true));

    run.send(Command::Resume);
    let on = run.trained("more steps", |it| held.step + 12 < it.step);
    assert!(!on.paused && on.splats <= held.splats + 3);
    run.send(Command::Adjust(Adjustment::Steps(on.step + 3)));
    let report = run.optimised();
    assert!(!report.cancelled);
    assert!(on.step + 3 <= report.steps && report.steps < ENDLESS);
    assert!(report.splats <= held.splats + 3);
    assert_eq!(run.kept(), report.steps);
    assert_eq!(report.evaluations.last().unwrap().step, report.steps);
}

#[test]
fn what_is_cancelled_is_kept() {
    let scan = Scan::small();
    let Some(mut run) = Watched::start(&scan, quick(ENDLESS)) else {
        return;
    };
    run.trained("third step", |it| 3 <= it.step);
    run.send(Command::Cancel);
    let report = run.optimised();
    assert!(report.cancelled && 3 <= report.steps);
    assert_eq!(run.snapshots().last(), Some(&report.steps));
    assert_eq!(run.kept(), report.steps);
}

#[test]
fn opening_something_else_ends_and_keeps() {
    let scan = Scan::small();
    let Some(mut run) = Watched::start(&scan, quick(ENDLESS)) else {
        return;
    };
    run.trained("first step", |it| 1 <= it.step);
    run.send(Command::Demo {
        seed: 1,
        num_splats: 321,
        sh_degree: 0,
    });
    run.until("other scene", |event| match event {
        Event::SplatsUpdated(it) if it.moment.is_none() => Some(it.splats.len()),
        _ => None,
    });
    let reports = run.seen.iter().filter_map(|it| match it {
        Event::Optimised(it) => Some(it.clone()),
        _ => None,
    });
    let reports: Vec<OptimiseReport> = reports.collect();
    assert!(reports.len() == 1 && reports[0].cancelled);
    assert_eq!(run.kept(), reports[0].steps);
}

#[test]
fn dropping_the_worker_joins_and_keeps() {
    for paused in [false, true] {
        let scan = Scan::small();
        let Some(mut run) = Watched::start(&scan, quick(ENDLESS)) else {
            return;
        };
        let seen = run.trained("second step", |it| 2 <= it.step);
        if paused {
            run.send(Command::Pause);
            run.trained("pause", |it| it.paused);
        }
        run.worker = None;
        assert!(seen.step <= run.kept());
    }
}

#[test]
fn checkpoints_come_by_steps_and_snapshots_by_themselves() {
    let scan = Scan::small();
    let config = OptimiseConfig {
        autosave_steps: 8,
        evaluate_every: 10,
        ..quick(20)
    };
    let Some(mut run) = Watched::start(&scan, config) else {
        return;
    };
    let report = run.optimised();
    let saved = run.seen.iter().filter_map(|it| match it {
        Event::CheckpointSaved { step, .. } => Some(*step),
        _ => None,
    });
    // The end is kept before it is measured, and once more with what was measured.
    assert_eq!(saved.collect::<Vec<_>>(), [8, 16, 20, 20]);
    let measured = report.evaluations.iter().map(|it| it.step);
    assert_eq!(measured.collect::<Vec<_>>(), [10, 20]);
    let every_other: Vec<u32> = (1..=10).map(|it| 2 * it).collect();
    assert_eq!(run.snapshots(), every_other);
}

#[test]
fn nothing_held_out_is_nothing_measured() {
    let made = photos(&small_photos());
    let scan = Scan::of(&made, HoldOut::None);
    let Some(mut run) = Watched::start(&scan, quick(12)) else {
        return;
    };
    run.send(Command::Evaluate);
    let report = run.optimised();
    assert!(report.evaluations.is_empty() && !report.cancelled);
    assert_eq!(run.snapshots().last(), Some(&12));
    let file = run.seen.iter().rev().find_map(|it| match it {
        Event::SplatsUpdated(it) => Some(Arc::clone(&it.file)),
        _ => None,
    });
    assert_eq!(file.unwrap().splats.len(), report.splats);
}
