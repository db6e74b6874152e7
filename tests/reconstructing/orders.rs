//! What is asked of a reconstruction while the network works is done between two pieces of its work.

use std::time::Duration;

use recon::camera_path::CameraPath;
use recon::io::{ExportOptions, SplatFormat, open_splats};
use recon::optim::polish;
use recon::worker::{Adjustment, ReconstructJob, Watch};
use recon::{Command, Event, Worker};

use super::{Desk, HOLD_OUT, InStep, PATIENCE, chunks, position, report, snapshots};

fn is_export(event: &Event) -> bool {
    matches!(event, Event::Exported { .. })
}

fn export(event: &Event, desk: &Desk, name: &str) -> Option<Command> {
    let Event::SplatsUpdated(snapshot) = event else {
        return None;
    };
    Some(Command::Export {
        file: snapshot.file.clone(),
        format: SplatFormat::Ply,
        path: desk.path(name),
        options: ExportOptions::default(),
        camera_path: CameraPath::default(),
    })
}

/// Paused after the first snapshot, it tells nothing more until something is asked of it.
#[test]
fn a_pause_holds_and_answers() {
    let desk = Desk::new();
    desk.write(8);
    let Some(run) = InStep::start(desk.job()) else {
        return;
    };
    let mut order = None;
    let events = run.run(|worker, event| match event {
        Event::SplatsUpdated(_) if order.is_none() => {
            order = export(event, &desk, "now.ply");
            worker.send(Command::Pause);
        }
        Event::Paused => {
            worker.send(order.clone().unwrap());
            // What has no meaning here does no harm.
            worker.send(Command::Pause);
            worker.send(Command::Evaluate);
            worker.send(Command::TakeSnapshot);
        }
        Event::DoneMeanwhile => {
            assert!(worker.events().next().is_none(), "it is held");
            std::thread::sleep(Duration::from_millis(50));
            worker.send(Command::Resume);
        }
        _ => {}
    });
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    let paused = position(&events, |it| matches!(it, Event::Paused));
    let resumed = position(&events, |it| matches!(it, Event::Resumed));
    let exported = position(&events, is_export);
    let done = position(&events, |it| matches!(it, Event::DoneMeanwhile));
    assert_eq!(
        (exported, done, resumed),
        (paused + 1, paused + 2, paused + 3)
    );
    let all = snapshots(&events);
    assert_eq!(all.len(), 3);
    assert!(!report(&events).cancelled);
    let written = open_splats(&desk.path("now.ply")).unwrap();
    assert_eq!(written.splats.len(), all[0].file.splats.len());
    // The pause does not count.
    let report = report(&events);
    let chunks: f32 = report.chunks.iter().map(|it| it.secs).sum();
    assert!(chunks <= report.secs + 1e-3, "{report:?}");
}

#[test]
fn an_export_comes_before_the_next_chunk() {
    let desk = Desk::new();
    desk.write(8);
    let Some(run) = InStep::start(desk.job()) else {
        return;
    };
    let events = run.run(|worker, event| {
        // The second cannot be written, and ends nothing.
        for name in ["now.ply", "tiny.safetensors/now.ply"] {
            if let Some(order) = export(event, &desk, name) {
                worker.send(order);
            }
        }
    });
    let is_refused =
        |it: &Event| matches!(it, Event::Warned(it) if it.contains("tiny.safetensors"));
    assert!(events.iter().any(is_refused), "{events:?}");
    let second = events.iter().skip(1 + position(&events, is_snapshot));
    let next = second.take_while(|it| !is_snapshot(it));
    assert_eq!(next.filter(|it| is_export(it)).count(), 1, "{events:?}");
    assert_eq!(chunks(&events).len(), 3);
}

fn is_snapshot(event: &Event) -> bool {
    matches!(event, Event::SplatsUpdated(_))
}

#[test]
fn a_pause_can_be_ended_for_good() {
    let desk = Desk::new();
    desk.write(8);
    for is_first in [true, false] {
        let Some(run) = InStep::start(desk.job()) else {
            return;
        };
        let mut is_asked = false;
        let events = run.run(|worker, event| {
            let is_time = match event {
                Event::Progressed(it) => is_first && it.what.starts_with("The network looks"),
                it => !is_first && is_snapshot(it),
            };
            if is_time && !std::mem::replace(&mut is_asked, true) {
                worker.send(Command::Pause);
            }
            if matches!(event, Event::Paused) {
                worker.send(Command::Cancel);
            }
        });
        if is_first {
            assert!(
                matches!(events.last(), Some(Event::Cancelled)),
                "{events:?}"
            );
        } else {
            assert!(report(&events).cancelled);
            assert_eq!(snapshots(&events).len(), 1);
        }
    }
}

#[test]
fn a_worker_that_is_paused_can_be_let_go() {
    let desk = Desk::new();
    desk.write(8);
    let Some(gpu) = tests::gpu::gpu() else { return };
    let worker = Worker::spawn(gpu.clone(), || ()).unwrap();
    worker.send(Command::Reconstruct(Box::new(desk.job())));
    worker.send(Command::Pause);
    let begun = std::time::Instant::now();
    while !worker.events().any(|it| matches!(it, Event::Paused)) {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(worker);
}

#[test]
fn a_new_job_ends_it_and_keeps_what_there_is() {
    let desk = Desk::new();
    desk.write(8);
    let job = ReconstructJob {
        then: Some(polish(5)),
        ..desk.job()
    };
    let Some(run) = InStep::start(job) else {
        return;
    };
    let InStep { go_on, worker } = run;
    let mut seen = Vec::new();
    let begun = std::time::Instant::now();
    let mut finished = 0;
    while finished < 2 {
        assert!(begun.elapsed() < PATIENCE, "{seen:?}");
        let events: Vec<Event> = worker.events().collect();
        for event in events {
            if is_snapshot(&event) && finished == 0 && chunks(&seen).is_empty() {
                worker.send(Command::Reconstruct(Box::new(desk.job())));
            }
            finished += usize::from(matches!(event, Event::Finished));
            seen.push(event);
            go_on.send(()).ok();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let reports: Vec<(bool, usize)> = seen
        .iter()
        .filter_map(|it| match it {
            Event::Reconstructed(it) => Some((it.cancelled, it.chunks.len())),
            _ => None,
        })
        .collect();
    assert_eq!(reports, [(true, 1), (false, 3)]);
    assert!(!seen.iter().any(|it| matches!(it, Event::Optimised(_))));
}

/// What is changed while the network works counts for the optimisation that follows.
#[test]
fn the_optimisation_that_follows_is_changed_beforehand() {
    let desk = Desk::new();
    desk.write(8);
    let Some(run) = InStep::start(ReconstructJob {
        then: Some(polish(40)),
        ..desk.job()
    }) else {
        return;
    };
    let mut is_asked = false;
    let events = run.run(|worker, event| {
        if is_snapshot(event) && !std::mem::replace(&mut is_asked, true) {
            worker.send(Command::Adjust(Adjustment::Steps(4)));
            worker.send(Command::Adjust(Adjustment::Steps(2)));
        }
    });
    let optimised = events.iter().find_map(|it| match it {
        Event::Optimised(it) => Some(it.steps),
        _ => None,
    });
    assert_eq!(optimised, Some(2));
    assert_eq!(report(&events).chunks.len(), 3);
}

#[test]
fn a_folder_that_is_watched_hears_orders_too() {
    let desk = Desk::new();
    desk.write(4);
    let Some(run) = InStep::start(ReconstructJob {
        watch: Some(Watch {
            patience: PATIENCE,
            hold_out: Some(HOLD_OUT),
        }),
        ..desk.job()
    }) else {
        return;
    };
    let mut order = None;
    let mut is_sent = false;
    let events = run.run(|worker, event| match event {
        Event::SplatsUpdated(_) => order = export(event, &desk, "now.ply"),
        Event::Progressed(it)
            if it.what == "Waiting for photos" && !std::mem::replace(&mut is_sent, true) =>
        {
            worker.send(Command::Pause);
            worker.send(order.clone().unwrap());
        }
        Event::Exported { .. } => worker.send(Command::Resume),
        Event::Resumed => worker.send(Command::Cancel),
        _ => {}
    });
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    assert!(desk.path("now.ply").is_file());
    assert_eq!(report(&events).chunks.len(), 2);
}
