//! The measuring behind `bench render` and `cargo bench`, on a scene small enough for a test, and
//! `bench dataset` on three photos, `bench model` on a tiny network, `bench synth` on one scene and
//! `bench edit` on few splats.

use app::headless::bench::model::{self, ModelBench};
use app::headless::bench::{Case, Scene, edit, measure, synth, table, train};
use recon::model::{DeviceChoice, ModelConfig};
use render::GradientOptions;

use super::{Outcome, accrete};

#[test]
fn random_scenes_are_counted() {
    let report = synth::measure(1);
    let cases: Vec<(&str, u32)> = report.cases.iter().map(|it| (it.kind, it.side)).collect();
    assert_eq!(
        cases,
        [("object", 64), ("object", 128), ("room", 64), ("room", 128)]
    );
    for it in &report.cases {
        let images = it.scenes as f64 * it.views as f64;
        assert!((it.images_per_sec * it.secs - images).abs() < 1e-6);
    }
    assert_eq!(report.to_string().lines().count(), 5);
}

#[test]
fn queries_are_measured_on_both() {
    let Some(gpu) = tests::gpu::gpu() else {
        return;
    };
    let report = edit::measure(gpu, 2000).unwrap();
    let names: Vec<&str> = report.queries.iter().map(|it| it.name).collect();
    for name in ["rectangle", "box", "range of opacity"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for it in &report.queries {
        assert!(0 < it.found && it.found <= 2000, "{it:?}");
        assert!(0.0 < it.ms_least && it.ms_least <= it.ms);
        assert!(0.0 < it.all_threads_ms);
        assert!((it.times_faster * it.ms_least / it.processor_ms - 1.0).abs() < 1e-9);
    }
    assert_eq!(report.dressing.len(), 2);
    assert!(report.dressing.iter().all(|it| 0.0 < it.ms_least));
    let lines = report.to_string().lines().count();
    assert!(10 <= lines, "{report}");
}

#[test]
fn photos_are_opened_and_streamed() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        let mut command = accrete();
        command.args(["bench", "dataset", "--photos", "3", "--json", "--folder"]);
        Outcome::of(command.arg(dir.path()).output().unwrap())
    };
    let outcome = run().done();
    assert!(
        outcome.stderr.contains("3 photos of 4.0 megapixels"),
        "{}",
        outcome.stderr
    );
    let report = outcome.json();
    assert_eq!(report["photos"], 3);
    assert!(0.0 < report["open_secs"].as_f64().unwrap());
    assert!(0.0 < report["photos_per_sec"].as_f64().unwrap());
    let peak = |name: &str| report[name].as_u64().unwrap_or(u64::MAX);
    assert!(peak("peak_bytes_after_open") <= peak("peak_bytes"));
    // What is there is not written over.
    run().failed(1, &["empty folder"]);
}

#[test]
fn a_case_is_measured_by_frame_and_by_kernel() {
    let Some(gpu) = tests::gpu::gpu() else {
        return;
    };
    let cases = [[64, 64], [128, 96]].map(|size| Case::new("tiny", Scene::Demo, 500, 1, size));
    let mut begun = Vec::new();
    let report = measure(gpu, &cases, &mut |it| begun.push(it.name())).unwrap();
    assert_eq!(
        begun,
        ["tiny 0.5k demo 64x64 SH1", "tiny 0.5k demo 128x96 SH1"]
    );
    assert!(0.0 < report.calibration.ms);
    assert!(report.skipped.is_empty() && report.ratios.is_empty());

    let text = table(&report);
    let json = serde_json::to_value(&report).unwrap();
    for (i, it) in report.cases.iter().enumerate() {
        assert_eq!(it.case, cases[i]);
        // The demo's camera sees all of it.
        assert!(
            (450..=500).contains(&it.visible) && it.visible <= it.pairs,
            "{it:?}"
        );
        assert!(0.0 < it.frame_ms_least && it.frame_ms_least <= it.frame_ms);
        assert!(0.0 < it.fps && (it.splats_per_sec / it.fps - 500.0).abs() < 1e-6);
        assert!(text.contains(&begun[i]), "{text}");
        assert_eq!(json["cases"][i]["splats"], 500);
        if gpu.capabilities().timestamps {
            let names: Vec<_> = it.kernels.iter().map(|it| it.name).collect();
            assert!(names.contains(&"splat/project"), "{names:?}");
            // Or the form of it for subgroups of eight.
            let blends = names.iter().any(|it| it.starts_with("splat/blend"));
            assert!(blends, "{names:?}");
            assert!(it.kernels.iter().all(|it| 0.0 <= it.ms));
            // What the device is busy with cannot take longer than waiting for it.
            assert!(it.gpu_ms.unwrap() <= 1.1 * it.frame_ms, "{it:?}");
        }
    }
    assert_eq!(report.cases.len(), 2);
}

#[test]
fn training_steps_are_measured_in_every_design() {
    let Some(gpu) = tests::gpu::gpu() else {
        return;
    };
    let case = Case::new("tiny", Scene::Demo, 300, 1, [40, 30]);
    let report = train::measure(gpu, std::slice::from_ref(&case), &mut |it| {
        assert_eq!(*it, case);
    })
    .unwrap();
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let [measured] = &report.cases[..] else {
        panic!("{report:?}")
    };
    assert!(0 < measured.visible && measured.visible <= measured.pairs);
    let designs: Vec<_> = measured
        .designs
        .iter()
        .map(|it| (it.design, it.accumulation))
        .collect();
    assert_eq!(designs, GradientOptions::designs(gpu.capabilities()));
    let text = report.to_string();
    for it in &measured.designs {
        assert!(0.0 < it.step_ms_least && it.step_ms_least <= it.step_ms);
        assert!(text.contains(&format!("{:?} {:?}", it.design, it.accumulation)));
        if gpu.capabilities().timestamps {
            for name in ["splat/project", "train/measure_loss", "train/descend"] {
                let time = it.kernels.iter().find(|it| it.name == name);
                assert!(time.is_some_and(|it| 0.0 <= it.ms), "{name}: {it:?}");
            }
        }
    }
}

#[test]
fn a_network_is_measured_by_its_views_and_by_chunks() {
    let bench = ModelBench {
        config: ModelConfig {
            dim: 16,
            layers: 1,
            heads: 2,
            image_width: 16,
            image_height: 16,
            ..ModelConfig::default()
        },
        views: vec![1, 2, 4],
        chunks: 3,
        rounds: 2,
    };
    let mut begun = Vec::new();
    let no_gpu = || unreachable!("the processor needs none");
    let report = model::measure(&bench, &DeviceChoice::Cpu, &no_gpu, &mut |it| {
        begun.push(it);
    });
    let report = report.unwrap();
    assert_eq!(begun.len(), 2 * 3 + 1);
    let views: Vec<usize> = report.cases.iter().map(|it| it.views).collect();
    assert_eq!(views, bench.views);
    for it in &report.cases {
        assert!(0.0 < it.secs && 0.0 < it.tflops && 0.0 < it.newton_schulz_share);
        let line = report.fixed_secs + report.secs_per_view * it.views as f64;
        assert!((it.fit_secs - line).abs() < 1e-12);
        assert!((line / it.secs - 1.0).abs() <= report.worst_residual);
    }
    let before: Vec<usize> = report.chunks.iter().map(|it| it.before).collect();
    assert_eq!(before, [0, 4, 8]);
    assert!(report.chunks.iter().all(|it| 0.0 < it.push_secs));
    assert!(report.to_string().contains("a view, at most"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["cases"][2]["views"], 4);
}
