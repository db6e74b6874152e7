//! A run that is held: other work is done meanwhile, and its splats are the forebears of later ones.

use std::sync::Arc;

use recon::worker::Snapshot;
use recon::{Command, Event};

use super::orders::Watched;
use super::{Scan, quick};

fn snapshot(event: &Event) -> Option<Snapshot> {
    match event {
        Event::SplatsUpdated(it) if it.moment.is_some() => Some(it.clone()),
        _ => None,
    }
}

#[test]
fn what_is_held_is_measured_and_has_descendants() {
    let scan = Scan::small();
    let Some(mut run) = Watched::start(&scan, quick(200)) else {
        return;
    };
    run.until("first steps", |event| match event {
        Event::Trained(it) if 1 <= it.step => Some(()),
        _ => None,
    });
    run.send(Command::Pause);
    run.until("pause", |event| match event {
        Event::Trained(it) if it.paused => Some(()),
        _ => None,
    });
    // Asked for by nobody: what is held is whole.
    let held = run.seen.iter().rev().find_map(snapshot);
    let held = held.expect("a snapshot of what is held");

    run.send(Command::MeasureSplats {
        splats: Arc::new(held.file.splats.clone()),
        dataset: Some(scan.dataset.clone()),
        antialiased: false,
    });
    let measured = run.until("measured splats", |event| match event {
        Event::SplatsMeasured(it) => Some(it.clone()),
        _ => None,
    });
    assert_eq!(measured.len(), held.file.splats.len());
    run.send(Command::OpenPart(scan.folder.path().join("nothing.ply")));
    run.until("failure that ends nothing", |it| {
        matches!(it, Event::Warned(it) if it.contains("nothing.ply")).then_some(())
    });

    run.send(Command::Resume);
    let report = run.optimised();
    assert!(!report.cancelled && report.steps == 200);
    let is_done = |it: &&Event| matches!(it, Event::DoneMeanwhile);
    assert_eq!(run.seen.iter().filter(is_done).count(), 2);

    let all: Vec<Snapshot> = run.seen.iter().filter_map(snapshot).collect();
    assert!(all[0].lineage.is_none() && 6 < all.len());
    let mut copies = 0;
    for pair in all.windows(2) {
        let [before, after] = pair else { continue };
        let lineage = after.lineage.as_ref().expect("a lineage");
        assert_eq!(lineage.from, before.id);
        let (old, new) = (&before.file.splats, &after.file.splats);
        assert_eq!(lineage.origins.len(), new.len());
        let from = |i: usize| lineage.origins[i] as usize;
        let near = (0..new.len())
            .filter(|&i| old.means[from(i)].distance(new.means[i]) < 0.4)
            .count();
        assert!(0.9 * new.len() as f32 <= near as f32, "{near}");
        let mut known = vec![false; old.len()];
        copies += (0..new.len())
            .filter(|&i| std::mem::replace(&mut known[from(i)], true))
            .count();
    }
    assert!(20 < copies, "some became more");
}
