//! What is no checkpoint, what cannot be written, photos that go.

use std::fs;
use std::ops::ControlFlow;

use glam::Vec3;
use recon::edit::Region;
use recon::io::checkpoint::{open, read, write};
use recon::metrics::{EvalReport, Protocol, Scores, ViewScores};
use recon::optim::{
    Background, Begin, Checkpoint, CorrectionState, Evaluation, Optimisation, OptimiseConfig,
    Update,
};
use recon::synthetic::demo_scene;
use recon::worker::Adjustment;
use recon::{Command, Event};
use render::gpu::Gpu;
use render::training::{ExposureState, SplatPool};
use serde_json::Value;
use tests::gpu;

use super::orders::Watched;
use super::{Scan, quick, warned};

/// A checkpoint of forty splats with everything a checkpoint can have.
fn checkpoint(gpu: &Gpu) -> Checkpoint {
    let splats = demo_scene(3, 40, 2);
    let mut pool = SplatPool::new(gpu, &splats, 50, 0)
        .unwrap()
        .read(gpu)
        .unwrap();
    let numbers = |first: f32| (0..40).map(|it| first + it as f32).collect::<Vec<f32>>();
    pool.statistics = vec![numbers(0.5), numbers(-3.0)];
    pool.filter = Some(numbers(0.125));
    pool.sh_second = numbers(1e-30);
    pool.sh_first.fill(0x7c01_8001);
    pool.frozen = 13;
    // Who goes on from a checkpoint counts from there.
    pool.origins.clear();
    Checkpoint {
        config: OptimiseConfig {
            max_side: None,
            splat_budget: Some(77),
            autosave_steps: 3,
            ..quick(99)
        },
        step: 41,
        elapsed_secs: 0.1,
        extent: 1.0 / 3.0,
        evaluations: vec![evaluation(20), evaluation(40)],
        corrections: CorrectionState {
            exposures: Some(ExposureState::identity(12)),
            poses: None,
        },
        region: Some(Region::Ball {
            centre: Vec3::new(0.1, -2.0, 3.0),
            radius: 1.7,
        }),
        pool,
    }
}

/// Two views, one of them without a fault.
fn evaluation(step: u32) -> Evaluation {
    let view = |name: &str, psnr: f64| ViewScores {
        name: name.to_owned(),
        scores: Scores {
            psnr,
            ssim: 0.1 + 0.2,
            lpips: None,
        },
    };
    let views = vec![view("a", 21.125), view("b", f64::INFINITY)];
    Evaluation {
        step,
        report: EvalReport::new(views, Protocol::default()),
    }
}

/// The same bytes with another header.
fn with_header(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + len]).unwrap();
    change(&mut header);
    let mut text = header.to_string();
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    let mut all = (text.len() as u64).to_le_bytes().to_vec();
    all.extend_from_slice(text.as_bytes());
    all.extend_from_slice(&bytes[8 + len..]);
    all
}

/// The same bytes with another record of settings.
fn with_record(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    with_header(bytes, |header| {
        let text = header["__metadata__"]["accrete"].as_str().unwrap();
        let mut record: Value = serde_json::from_str(text).unwrap();
        change(&mut record);
        header["__metadata__"]["accrete"] = Value::String(record.to_string());
    })
}

#[test]
fn checkpoints_are_read_as_they_were_written() {
    let Some(gpu) = gpu::gpu() else { return };
    let whole = checkpoint(gpu);
    let bytes = write(&whole).unwrap();
    assert!(read(&bytes).unwrap() == whole);
    let mut bare = whole.clone();
    bare.pool.statistics.clear();
    bare.pool.filter = None;
    assert!(read(&write(&bare).unwrap()).unwrap() == bare);
    assert_eq!(with_header(&bytes, |_| ()).len(), bytes.len());
    // A setting that came later is at its default; one that is gone is passed over.
    let older = with_record(&bytes, |record| {
        record["config"].as_object_mut().unwrap().remove("seed");
        record["config"]["no_longer"] = 3.into();
    });
    assert_eq!(read(&older).unwrap().config.seed, 0);

    let no_measurements = with_record(&bytes, |record| {
        record.as_object_mut().unwrap().remove("evaluations");
    });
    assert!(read(&no_measurements).unwrap().evaluations.is_empty());
    let before_parts = with_record(&bytes, |record| {
        record.as_object_mut().unwrap().remove("frozen");
        record.as_object_mut().unwrap().remove("region");
    });
    let before_parts = read(&before_parts).unwrap();
    assert_eq!((before_parts.pool.frozen, before_parts.region), (0, None));

    let mut uneven = whole;
    uneven.pool.sh_second.pop();
    assert!(write(&uneven).is_err());
}

#[test]
fn damaged_checkpoints_are_refused_in_words() {
    let Some(gpu) = gpu::gpu() else { return };
    let bytes = write(&checkpoint(gpu)).unwrap();
    for len in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let err = read(&bytes[..len]).unwrap_err().to_string();
        assert!(err.contains("no checkpoint"), "{len}: {err}");
    }
    let refused = |bytes: &[u8], word: &str| {
        let err = read(bytes).unwrap_err().to_string();
        assert!(err.contains(word), "{word}: {err}");
    };
    refused(b"ply\nformat ascii 1.0\n", "no checkpoint");
    refused(&[0xff; 64], "no checkpoint");
    let record = |key: &str, value: Value| with_record(&bytes, |it| it[key] = value);
    refused(&record("version", 2.into()), "version 2");
    refused(&record("version", "x".into()), "no checkpoint");
    refused(&record("sh_degree", 3.into()), "damaged");
    refused(&record("sh_degree", u32::MAX.into()), "damaged");
    refused(&record("statistics", 3.into()), "statistics.2");
    refused(&record("statistics", u64::MAX.into()), "statistics.2");
    refused(&record("step", (-1).into()), "no checkpoint");
    refused(&record("frozen", 41.into()), "41 of 40 splats are frozen");
    refused(&record("region", "everywhere".into()), "no checkpoint");
    let no_settings = with_header(&bytes, |it| it["__metadata__"] = serde_json::json!({}));
    refused(&no_settings, "settings");
    let renamed = with_header(&bytes, |it| {
        let means = it.as_object_mut().unwrap().remove("means").unwrap();
        it["meens"] = means;
    });
    refused(&renamed, "means");
    // Every byte of the header in turn is another: refused or read, no more.
    let len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in 0..8 + len {
        let mut bent = bytes.clone();
        bent[at] ^= 0x15;
        if let Ok(it) = read(&bent) {
            assert_eq!(it.pool.splats.len(), 40);
        }
    }
}

/// Spoils one number.
type Change = fn(&mut Checkpoint);

/// JSON has no such numbers: what would not be read again is not written, and told by name.
#[test]
fn numbers_that_are_not_finite_are_told() {
    let Some(gpu) = gpu::gpu() else { return };
    let whole = checkpoint(gpu);
    let changes: [(&str, Change); 7] = [
        ("extent", |it| it.extent = f32::NAN),
        ("elapsed_secs", |it| it.elapsed_secs = f32::INFINITY),
        ("config.rates.quats", |it| it.config.rates.quats = f32::NAN),
        ("config.densify.noise", |it| {
            it.config.densify.noise = f32::NEG_INFINITY;
        }),
        ("config.background.known", |it| {
            it.config.background = Background::Known([0.0, f32::NAN, 0.0]);
        }),
        ("corrections.exposures.numbers", |it| {
            it.corrections.exposures.as_mut().unwrap().numbers[7] = f32::NAN;
        }),
        ("region.ball.centre", |it| {
            it.region = Some(Region::Ball {
                centre: Vec3::NAN,
                radius: 1.0,
            });
        }),
    ];
    for (place, change) in changes {
        let mut odd = whole.clone();
        change(&mut odd);
        let err = write(&odd).unwrap_err().to_string();
        assert!(err.contains(place) && err.contains("finite"), "{err}");
    }
    // One that this program did not write, too large for single precision.
    let bytes = write(&whole).unwrap();
    let huge = with_record(&bytes, |it| it["config"]["rates"]["quats"] = 1e300.into());
    let err = read(&huge).unwrap_err().to_string();
    assert!(err.contains("out of range"), "{err}");
    let none = with_record(&bytes, |it| it["extent"] = Value::Null);
    let err = read(&none).unwrap_err().to_string();
    assert!(err.contains("no checkpoint"), "{err}");
}

/// What is read from a file and cannot be gone on with is an error or goes on; nothing panics.
#[test]
fn odd_checkpoints_do_not_panic() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let whole = checkpoint(gpu);
    let changes: [fn(&mut Checkpoint); 10] = [
        |it| it.extent = f32::NAN,
        |it| it.pool.frozen = 40,
        |it| it.region = None,
        |it| it.region = Some(Region::between(Vec3::ZERO, Vec3::X)),
        |it| {
            it.config.exposure = true;
            let exposures = it.corrections.exposures.as_mut().unwrap();
            exposures.numbers.truncate(7);
        },
        |it| it.pool.splats.means[3].x = f32::INFINITY,
        |it| it.pool.geometry.fill(f32::NAN),
        |it| (it.config.steps, it.step) = (0, u32::MAX),
        |it| (it.config.densify.every, it.config.densify.until) = (0, u32::MAX),
        |it| (it.config.densify.growth, it.config.splat_budget) = (f32::NAN, Some(0)),
    ];
    for change in changes {
        let mut odd = whole.clone();
        change(&mut odd);
        let config = odd.config.clone();
        let go_on = &mut |_: Update| ControlFlow::Continue(());
        let dataset = scan.dataset.clone();
        let begin = Begin::Checkpoint(Box::new(odd));
        let begun = Optimisation::begin(gpu, dataset, config, &begin, None, go_on);
        let Ok(mut run) = begun else { continue };
        for _ in 0..2 {
            if !run.is_done() {
                run.advance(gpu, false, go_on).unwrap();
            }
        }
        gpu.wait().unwrap();
        assert!(run.progress().splats <= 50);
    }
}

#[test]
fn files_that_are_no_checkpoint_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    assert!(open(&path).unwrap_err().to_string().contains("state"));
    assert!(open(folder.path()).is_err());
    fs::write(&path, "hello").unwrap();
    let err = open(&path).unwrap_err().to_string();
    assert!(
        err.contains("state") && err.contains("no checkpoint"),
        "{err}"
    );
}

/// A folder that cannot be made, as on a full or read-only disk: told, and the work goes on.
#[test]
fn a_checkpoint_that_cannot_be_written_is_a_warning() {
    let scan = Scan::small();
    let Some(_) = gpu::gpu() else { return };
    fs::create_dir(scan.folder.path().join("state")).unwrap();
    let config = OptimiseConfig {
        autosave_steps: 4,
        ..quick(10)
    };
    // In the place of the file lies a folder.
    let Some(mut run) = Watched::start(&scan, config) else {
        return;
    };
    let report = run.optimised();
    assert_eq!((report.steps, report.cancelled), (10, false));
    let warnings = run.seen.iter().filter_map(|it| match it {
        Event::Warned(text) => Some(text.as_str()),
        _ => None,
    });
    let warnings: Vec<&str> = warnings.collect();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    for warning in warnings {
        assert!(
            warning.starts_with("No checkpoint was kept") && warning.contains("state"),
            "{warning}"
        );
    }
}

#[test]
fn a_photo_that_goes_is_told_once_and_the_run_finishes() {
    let scan = Scan::small();
    let Some(mut run) = Watched::start(&scan, quick(1_000_000)) else {
        return;
    };
    run.until("first step", |it| {
        matches!(it, Event::Trained(it) if 1 <= it.step).then_some(())
    });
    let lost = &scan.dataset.views[5];
    fs::remove_file(scan.folder.path().join(&lost.image.path)).unwrap();
    for _ in 0..2 {
        run.send(Command::Evaluate);
        run.until("measurement", |it| {
            matches!(it, Event::Evaluated(_)).then_some(())
        });
    }
    run.send(Command::Adjust(Adjustment::Steps(1)));
    let report = run.optimised();
    assert!(!report.cancelled);
    let warnings = run.seen.iter().filter_map(|it| match it {
        Event::Warned(text) => Some(text.clone()),
        _ => None,
    });
    let warnings: Vec<String> = warnings.collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(&lost.name), "{warnings:?}");
}

/// One that was gone from the start is left out; with none left there is an error.
#[test]
fn unreadable_photos_are_left_out() {
    let Some(gpu) = gpu::gpu() else { return };
    let scan = Scan::small();
    let spoil = |index: usize| {
        let path = &scan.dataset.views[index].image.path;
        fs::write(scan.folder.path().join(path), b"no photo").unwrap();
    };
    spoil(1);
    let start = |listen: &mut dyn FnMut(Update) -> ControlFlow<()>| {
        let dataset = scan.dataset.clone();
        Optimisation::begin(gpu, dataset, quick(2), &Begin::Points, None, listen)
    };
    let warnings = warned(|listen| {
        let mut run = start(listen).unwrap();
        run.advance(gpu, false, listen).unwrap();
    });
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(&scan.dataset.views[1].name));
    for index in 0..12 {
        spoil(index);
    }
    warned(|listen| {
        let err = start(listen).unwrap_err().to_string();
        assert!(err.contains("no photo is left"), "{err}");
    });
}
