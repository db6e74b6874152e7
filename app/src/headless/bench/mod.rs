//! `accrete bench render`: milliseconds per frame and per kernel on synthetic scenes. Photos are
//! measured in [`dataset`], training steps in [`train`], the network in [`model`], random scenes
//! in [`synth`], the finding of splats in [`edit`].
//!
//! `cargo bench` measures by the same function ([`measure`]) and prints by the same one
//! ([`table`]).

mod calibrate;
mod cases;
pub mod dataset;
pub mod edit;
pub mod model;
pub mod synth;
mod table;
pub mod train;

use std::time::{Duration, Instant};

use ::render::gpu::{Capabilities, Gpu, GpuError, KernelTime};
use ::render::{Camera, GpuSplats, Rasterizer, RenderConfig, Splats};
use recon::synthetic::{bench_camera, clustered, demo_camera, demo_scene};
use serde::Serialize;

use super::{Console, OpenGpu};

pub use calibrate::Calibration;
pub use cases::{Case, Scene, cases};
pub use table::table;

const SEED: u64 = 1;

/// Each of a case's three measurements (waiting, back to back, per kernel) takes about this long.
const BUDGET: Duration = Duration::from_secs(1);
/// … but has at least and at most this many frames.
const FRAMES: std::ops::RangeInclusive<usize> = 5..=200;
/// Frames before the clock starts: caches fill, clocks rise, shaders are translated.
const WARM_UP: usize = 3;

/// What was measured, on what.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    /// The device.
    pub adapter: Capabilities,
    /// Speed of a fixed piece of work, to compare machines by.
    pub calibration: Calibration,
    /// Cases in order.
    pub cases: Vec<CaseReport>,
    /// Cases that this device cannot hold, and why.
    pub skipped: Vec<Skipped>,
    /// Numbers of this run divided by each other: they hold on a noisy machine too.
    pub ratios: Vec<Ratio>,
}

/// What a case took. Times are medians, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// What was drawn.
    #[serde(flatten)]
    pub case: Case,
    /// Splats that reach the image.
    pub visible: u32,
    /// (tile, splat) pairs.
    pub pairs: u32,
    /// From the call to the finished image, one frame at a time.
    pub frame_ms: f64,
    /// The fastest of those frames.
    pub frame_ms_least: f64,
    /// Frames a second when the next is submitted before the last is done.
    pub fps: f64,
    /// Splats of the scene (visible or not) drawn a second, at that rate.
    pub splats_per_sec: f64,
    /// Time of the frame on the device; `None` where it has no time stamps.
    pub gpu_ms: Option<f64>,
    /// Time of each kernel in a frame, each run by itself: together they take longer than
    /// `gpu_ms`, in which one kernel may begin before the last has ended.
    pub kernels: Vec<KernelTime>,
    /// How many frames the median is of.
    pub frames: usize,
}

/// A case that was not measured.
#[derive(Clone, Debug, Serialize)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A comparison within the run.
#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    /// What is divided by what.
    pub name: String,
    /// The quotient.
    pub value: f64,
}

/// Measures, tells and reports.
///
/// # Errors
/// Where there is no adapter or it fails.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, quick: bool) -> anyhow::Result<()> {
    let gpu = open_gpu()?;
    let cases = cases(quick || gpu.capabilities().is_cpu());
    let bar = console.progress(cases.len() as u64, "measuring");
    let report = measure(&gpu, &cases, &mut |case| {
        bar.set_message(case.name());
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    console.say(table(&report))?;
    console.report(&report)
}

/// Measures cases; `begins` hears of each before it is measured.
///
/// # Errors
/// Where the device fails. A case that it cannot hold is not an error.
pub fn measure(
    gpu: &Gpu,
    cases: &[Case],
    begins: &mut dyn FnMut(&Case),
) -> Result<BenchReport, GpuError> {
    let mut report = BenchReport {
        adapter: gpu.capabilities().clone(),
        calibration: Calibration::measure(gpu)?,
        cases: Vec::new(),
        skipped: Vec::new(),
        ratios: Vec::new(),
    };
    let mut rasterizer = Rasterizer::new(gpu)?;
    let mut loaded: Option<(Case, GpuSplats)> = None;
    for case in cases {
        begins(case);
        if loaded.as_ref().is_none_or(|(it, _)| !it.same_splats(case)) {
            // Free the old scene first: both may not fit.
            loaded = None;
        }
        match measure_case(gpu, &mut rasterizer, &mut loaded, case) {
            Ok(measured) => report.cases.push(measured),
            Err(err @ (GpuError::OutOfMemory { .. } | GpuError::TooLarge { .. })) => {
                report.skipped.push(Skipped {
                    name: case.name(),
                    reason: err.to_string(),
                });
            }
            Err(err) => return Err(err),
        }
    }
    report.ratios = ratios(&report.cases);
    Ok(report)
}

fn measure_case(
    gpu: &Gpu,
    rasterizer: &mut Rasterizer,
    loaded: &mut Option<(Case, GpuSplats)>,
    case: &Case,
) -> Result<CaseReport, GpuError> {
    let (_, splats) = match loaded {
        Some(loaded) => loaded,
        None => loaded.insert((case.clone(), GpuSplats::upload(gpu, &scene(case))?)),
    };
    let camera = camera(case);
    let config = RenderConfig::default();
    rasterizer.set_profiling(false);
    for _ in 0..WARM_UP {
        rasterizer.draw_complete(gpu, splats, &camera, &config)?;
    }

    // 1. One frame at a time.
    let (mut frame_ms, mut gpu_ms) = (Vec::new(), Vec::new());
    while goes_on(&frame_ms) {
        let clock = Instant::now();
        rasterizer.draw(gpu, splats, &camera, &config)?;
        gpu.wait()?;
        frame_ms.push(clock.elapsed().as_secs_f64() * 1e3);
        gpu_ms.extend(rasterizer.poll(gpu)?.gpu_ms.map(f64::from));
    }
    // 2. As many, back to back.
    let frames = frame_ms.len();
    let clock = Instant::now();
    for _ in 0..frames {
        rasterizer.draw(gpu, splats, &camera, &config)?;
    }
    gpu.wait()?;
    let fps = frames as f64 / clock.elapsed().as_secs_f64();
    // 3. Kernel by kernel, once the numbers of the frames above are out of the way.
    let stats = rasterizer.poll(gpu)?;
    let mut profiled = Vec::new();
    if gpu.capabilities().timestamps {
        rasterizer.set_profiling(true);
        let clock = Instant::now();
        while profiled.len() < *FRAMES.start()
            || (clock.elapsed() < BUDGET && profiled.len() < *FRAMES.end())
        {
            let stats = rasterizer.draw_complete(gpu, splats, &camera, &config)?;
            profiled.push(stats.timings);
        }
        rasterizer.set_profiling(false);
    }
    Ok(CaseReport {
        case: case.clone(),
        visible: stats.visible,
        pairs: stats.pairs,
        frame_ms: median(&mut frame_ms),
        frame_ms_least: frame_ms.iter().copied().fold(f64::INFINITY, f64::min),
        fps,
        splats_per_sec: fps * case.splats as f64,
        gpu_ms: (!gpu_ms.is_empty()).then(|| median(&mut gpu_ms)),
        kernels: median_kernels(&profiled),
        frames,
    })
}

fn goes_on(frame_ms: &[f64]) -> bool {
    let spent = frame_ms.iter().sum::<f64>();
    frame_ms.len() < *FRAMES.start()
        || (spent < BUDGET.as_secs_f64() * 1e3 && frame_ms.len() < *FRAMES.end())
}

fn scene(case: &Case) -> Splats {
    match case.scene {
        Scene::Clustered => clustered(SEED, case.splats, case.sh_degree),
        Scene::Demo => demo_scene(SEED, case.splats, case.sh_degree),
    }
}

fn camera(case: &Case) -> Camera {
    match case.scene {
        Scene::Clustered => bench_camera(case.width, case.height),
        Scene::Demo => demo_camera(case.width, case.height),
    }
}

/// The middle one; the lower of two. NaN without values.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}

/// The median of each kernel's time over frames, in the order of the first frame.
fn median_kernels(frames: &[Vec<KernelTime>]) -> Vec<KernelTime> {
    let first = frames.first().map_or(&[][..], Vec::as_slice);
    let median_of = |name: &'static str| {
        let times = frames.iter().flatten().filter(|it| it.name == name);
        let mut times: Vec<f64> = times.map(|it| f64::from(it.ms)).collect();
        KernelTime {
            name,
            ms: median(&mut times) as f32,
        }
    };
    first.iter().map(|it| median_of(it.name)).collect()
}

/// How the time of a splat grows from small scenes to large ones, for scenes measured at both. By
/// the fastest frames: other work on the machine only ever adds time.
fn ratios(cases: &[CaseReport]) -> Vec<Ratio> {
    let ms_per_splat = |it: &CaseReport| it.frame_ms_least / it.case.splats as f64;
    let mut ratios = Vec::new();
    for few in cases.iter().filter(|it| it.case.splats == 20_000) {
        let is_larger = |it: &&CaseReport| {
            let (a, b) = (&it.case, &few.case);
            (a.scene, a.sh_degree, a.width, a.height) == (b.scene, b.sh_degree, b.width, b.height)
                && a.splats == 200_000
        };
        if let Some(many) = cases.iter().find(is_larger) {
            ratios.push(Ratio {
                name: format!("ms per splat, {} / {}", many.case.name(), few.case.name()),
                value: ms_per_splat(many) / ms_per_splat(few),
            });
        }
    }
    ratios
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_taken_per_kernel() {
        let frame = |cull: f32, blend: f32| {
            [("cull", cull), ("blend", blend)].map(|(name, ms)| KernelTime { name, ms })
        };
        let frames = [frame(1.0, 7.0), frame(9.0, 5.0), frame(2.0, 6.0)].map(Vec::from);
        assert_eq!(median_kernels(&frames), frame(2.0, 6.0));
        assert!(median_kernels(&[]).is_empty());
        assert!(median(&mut []).is_nan());
    }

    #[test]
    fn ratios_compare_like_with_like() {
        let case = |scene, splats, frame_ms_least| CaseReport {
            case: Case::new("x", scene, splats, 3, [256, 256]),
            visible: 0,
            pairs: 0,
            frame_ms: f64::NAN,
            frame_ms_least,
            fps: 0.0,
            splats_per_sec: 0.0,
            gpu_ms: None,
            kernels: Vec::new(),
            frames: 1,
        };
        let ratios = ratios(&[
            case(Scene::Demo, 20_000, 10.0),
            case(Scene::Clustered, 20_000, 20.0),
            case(Scene::Clustered, 200_000, 100.0),
        ]);
        assert_eq!(ratios.len(), 1);
        assert!((ratios[0].value - 0.5).abs() < 1e-12, "{ratios:?}");
    }
}
