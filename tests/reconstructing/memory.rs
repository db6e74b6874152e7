//! What the network knows of a scene: written in the end, on demand, when cancelled, and gone on with.

use recon::io::weights::Number;
use recon::model::{Mode, ModelConfig, ReconstructConfig, ViewChoice, save_random};
use recon::worker::ReconstructJob;
use recon::{Command, Event};
use render::Splats;

use super::{Desk, InStep, chunks, report, snapshots, tiny_network};

/// Where and of how many views a scene was kept.
fn kept(events: &[Event]) -> Vec<(String, usize)> {
    let all = events.iter().filter_map(|it| match it {
        Event::SceneKept { path, views, bytes } => {
            assert!(0 < *bytes);
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            Some((name, *views))
        }
        _ => None,
    });
    all.collect()
}

fn warnings(events: &[Event]) -> Vec<&str> {
    let all = events.iter().filter_map(|it| match it {
        Event::Warned(text) => Some(text.as_str()),
        _ => None,
    });
    all.collect()
}

fn assert_same(ours: &Splats, expected: &Splats) {
    assert_eq!(ours.len(), expected.len());
    let pairs = ours.means.iter().zip(&expected.means);
    let off = pairs.fold(0.0_f32, |off, (a, b)| {
        off.max((*a - *b).abs().max_element())
    });
    println!("continued: {off}");
    assert!(off <= 1e-5, "{off}");
    let pairs = ours.opacity_logits.iter().zip(&expected.opacity_logits);
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() <= 1e-5));
}

#[test]
fn a_cancelled_scene_goes_on_another_day() {
    let desk = Desk::new();
    desk.write(8);
    let Some(run) = InStep::start(desk.job()) else {
        return;
    };
    let whole = run.run(|_, _| ());
    assert!(kept(&whole).is_empty(), "nobody asked for it");
    let path = desk.path("kept/scene.memory");
    let first = ReconstructJob {
        keep: Some(path.clone()),
        ..desk.job()
    };
    let run = InStep::start(first).unwrap();
    let mut shown = 0;
    let events = run.run(|worker, event| {
        shown += usize::from(matches!(event, Event::SplatsUpdated(_)));
        // In the middle of the third chunk.
        if shown == 2 && matches!(event, Event::Progressed(it) if it.what.starts_with("The net")) {
            worker.send(Command::Cancel);
        }
    });
    assert!(report(&events).cancelled);
    assert_eq!(kept(&events), [("scene.memory".to_owned(), 4)]);

    let run = InStep::start(ReconstructJob {
        keep: Some(path.clone()),
        continues: Some(path.clone()),
        ..desk.job()
    })
    .unwrap();
    let events = run.run(|_, _| ());
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    assert_eq!(chunks(&events), [(0, vec![1, 2, 3, 5, 6, 7])]);
    let report = report(&events);
    assert_eq!((report.recalled, report.cancelled), (4, false));
    assert_eq!(kept(&events), [("scene.memory".to_owned(), 6)]);
    let is_whole = |it: &Event| {
        let length = std::fs::metadata(&path).unwrap().len();
        matches!(it, Event::SceneKept { bytes, .. } if *bytes == length)
    };
    assert!(events.iter().any(is_whole));
    let last = |events: &[Event]| snapshots(events).last().unwrap().file.clone();
    assert_same(&last(&events).splats, &last(&whole).splats);
}

#[test]
fn a_scene_is_kept_on_demand() {
    let desk = Desk::new();
    desk.write(8);
    let Some(run) = InStep::start(desk.job()) else {
        return;
    };
    let mut is_asked = false;
    let events = run.run(|worker, event| match event {
        // Too soon: there is no chunk yet.
        Event::Progressed(it)
            if it.what.starts_with("The network looks")
                && !std::mem::replace(&mut is_asked, true) =>
        {
            worker.send(Command::SaveCheckpoint);
        }
        Event::SplatsUpdated(_) => worker.send(Command::SaveCheckpoint),
        _ => {}
    });
    let views: Vec<usize> = kept(&events).iter().map(|it| it.1).collect();
    // After the last there may be no piece of work left to come between.
    assert_eq!(views[..2], [2, 4]);
    assert!(warnings(&events)[0].contains("whole chunk"), "{events:?}");
    assert!(desk.path("scan/.accrete/scene.memory").is_file());
}

/// Photos, and a scene of them in `scene.memory`.
fn desk_with_scene() -> Option<Desk> {
    let desk = Desk::new();
    desk.write(6);
    let run = InStep::start(ReconstructJob {
        keep: Some(desk.path("scene.memory")),
        ..desk.job()
    })?;
    let events = run.run(|_, _| ());
    assert_eq!(kept(&events).len(), 1);
    Some(desk)
}

/// A job that goes on with that scene, but for a change, fails and says why.
fn fails_on(desk: &Desk, change: &dyn Fn(&mut ReconstructJob), words: &[&str]) {
    let mut job = ReconstructJob {
        continues: Some(desk.path("scene.memory")),
        ..desk.job()
    };
    change(&mut job);
    let events = InStep::start(job).unwrap().run(|_, _| ());
    let Some(Event::Failed(err)) = events.last() else {
        panic!("{events:?}");
    };
    let told = err.to_string();
    for word in words {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn a_scene_goes_on_with_its_own_network_and_photos_only() {
    let Some(desk) = desk_with_scene() else {
        return;
    };
    let path = desk.path("scene.memory");
    let fails =
        |change: &dyn Fn(&mut ReconstructJob), words: &[&str]| fails_on(&desk, change, words);
    for mode in [Mode::Full, Mode::Replay, Mode::Merge] {
        fails(&|it| it.config.mode = mode, &["causal mode"]);
        fails(
            &|it| {
                it.config.mode = mode;
                (it.keep, it.continues) = (Some(path.clone()), None);
            },
            &["causal mode"],
        );
    }
    save_random(
        &desk.path("other.safetensors"),
        &tiny_network(),
        8,
        Number::F32,
    )
    .unwrap();
    let other = |name: &'static str| {
        let weights = desk.path(name);
        move |it: &mut ReconstructJob| it.weights = weights.clone()
    };
    fails(
        &other("other.safetensors"),
        &["scene.memory", "other weights"],
    );
    let wider = ModelConfig {
        fast_inner: 4,
        ..tiny_network()
    };
    save_random(&desk.path("wide.safetensors"), &wider, 7, Number::F32).unwrap();
    fails(
        &other("wide.safetensors"),
        &["scene.memory", "fast_inner 2"],
    );
    fails(
        &|it| {
            let mut dataset = (*it.dataset).clone();
            dataset.views[2].name = "elsewhere.png".to_owned();
            it.dataset = dataset.into();
        },
        &["scene.memory", "does not have 1 of"],
    );
}

#[test]
fn files_that_are_no_scene_are_named() {
    let Some(desk) = desk_with_scene() else {
        return;
    };
    let fails =
        |change: &dyn Fn(&mut ReconstructJob), words: &[&str]| fails_on(&desk, change, words);
    fails(
        &|it| it.continues = Some(desk.path("nowhere.memory")),
        &["nowhere.memory"],
    );
    fails(
        &|it| it.continues = Some(it.weights.clone()),
        &["tiny.safetensors", "not what is kept of a scene"],
    );
    std::fs::write(desk.path("empty.memory"), b"").unwrap();
    fails(
        &|it| it.continues = Some(desk.path("empty.memory")),
        &["empty.memory"],
    );
    let bytes = std::fs::read(desk.path("scene.memory")).unwrap();
    std::fs::write(desk.path("cut.memory"), &bytes[..bytes.len() / 2]).unwrap();
    fails(
        &|it| it.continues = Some(desk.path("cut.memory")),
        &["cut.memory"],
    );

    // A place that cannot be written takes nothing away.
    let run = InStep::start(ReconstructJob {
        keep: Some(desk.path("tiny.safetensors").join("scene.memory")),
        config: ReconstructConfig {
            choice: ViewChoice::Listed(vec![1, 2]),
            ..desk.job().config
        },
        ..desk.job()
    });
    let events = run.unwrap().run(|_, _| ());
    assert!(matches!(events.last(), Some(Event::Finished)), "{events:?}");
    assert!(warnings(&events)[0].contains("not kept"), "{events:?}");
    assert_eq!(snapshots(&events).len(), 1);
}
