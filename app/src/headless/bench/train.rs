//! `accrete bench train`: milliseconds per training step and per kernel, in every design of the
//! backward pass that the device has.
//!
//! A step is a frame, its loss against a photo, the way back, and descent with rates of zero: it
//! does all its work, and the scene stays the same for the next.

use std::fmt::{self, Write};
use std::fs;
use std::time::Instant;

use ::render::gpu::read_bytes;
use ::render::gpu::{Capabilities, Gpu, GpuError, GpuVec, KernelTime, Profiler, Recorder};
use ::render::gradient::{Accumulation, BackwardDesign, GradientOptions};
use ::render::loss::Photo;
use ::render::training::{AdamRates, Descent, DescentConfig, SplatPool};
use ::render::{Camera, Gradient, Loss, LossConfig, Rasterizer, RenderConfig};
use serde::Serialize;

use super::{BUDGET, Calibration, Case, FRAMES, Scene, Skipped, median, median_kernels};
use super::{camera, scene};
use crate::headless::{Console, OpenGpu};

/// Steps before the clock starts.
const WARM_UP: usize = 2;

/// Splats stay where they are.
const RESTING: AdamRates = AdamRates {
    means: 0.0,
    quats: 0.0,
    log_scales: 0.0,
    opacity_logits: 0.0,
    sh_base: 0.0,
    sh_rest: 0.0,
};

/// What was measured, on what.
#[derive(Clone, Debug, Serialize)]
pub struct TrainReport {
    /// The device.
    pub adapter: Capabilities,
    /// Speed of a fixed piece of work, to compare machines by.
    pub calibration: Calibration,
    /// Cases in order.
    pub cases: Vec<TrainCase>,
    /// Cases and designs that this device cannot hold, and why.
    pub skipped: Vec<Skipped>,
}

/// What a scene's steps took.
#[derive(Clone, Debug, Serialize)]
pub struct TrainCase {
    /// What was drawn.
    #[serde(flatten)]
    pub case: Case,
    /// Splats that reach the image.
    pub visible: u32,
    /// (tile, splat) pairs.
    pub pairs: u32,
    /// Each way back that the device has.
    pub designs: Vec<TrainDesign>,
}

/// Steps with one form of the way back. Times are medians, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct TrainDesign {
    /// How its work is dealt out.
    pub design: BackwardDesign,
    /// How its sums come together.
    pub accumulation: Accumulation,
    /// From the first call to the moved splats, one step at a time.
    pub step_ms: f64,
    /// The fastest of those steps.
    pub step_ms_least: f64,
    /// What the program took of all processors for a step; `None` where the system does not tell.
    pub cpu_ms: Option<f64>,
    /// Time of each kernel, each run by itself. Empty where the device has no time stamps.
    pub kernels: Vec<KernelTime>,
    /// How many steps the median is of.
    pub steps: usize,
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
    console.say(&report)?;
    console.report(&report)
}

/// What is measured, small scenes first.
pub fn cases(quick: bool) -> Vec<Case> {
    let case = |group, scene, splats, size| Case::new(group, scene, splats, 3, size);
    let mut cases = vec![
        case("train_small", Scene::Demo, 20_000, [144, 256]),
        case("train_small", Scene::Demo, 20_000, [256, 256]),
        case("train_small", Scene::Clustered, 20_000, [256, 256]),
        case("train_small", Scene::Demo, 55_000, [144, 256]),
    ];
    if !quick {
        for splats in [500_000, 1_000_000, 2_500_000] {
            cases.push(case("train_1080p", Scene::Clustered, splats, [1920, 1080]));
        }
    }
    cases
}

/// Measures cases; `begins` hears of each before it is measured.
///
/// # Errors
/// Where the device fails. What it cannot hold is not an error.
pub fn measure(
    gpu: &Gpu,
    cases: &[Case],
    begins: &mut dyn FnMut(&Case),
) -> Result<TrainReport, GpuError> {
    let mut report = TrainReport {
        adapter: gpu.capabilities().clone(),
        calibration: Calibration::measure(gpu)?,
        cases: Vec::new(),
        skipped: Vec::new(),
    };
    for case in cases {
        begins(case);
        match measure_case(gpu, case, &mut report.skipped) {
            Ok(measured) => report.cases.push(measured),
            Err(err) => skip(&mut report.skipped, case.name(), err)?,
        }
    }
    Ok(report)
}

/// Notes what the device cannot hold.
fn skip(skipped: &mut Vec<Skipped>, name: String, err: GpuError) -> Result<(), GpuError> {
    match err {
        GpuError::OutOfMemory { .. } | GpuError::TooLarge { .. } => {
            let reason = err.to_string();
            skipped.push(Skipped { name, reason });
            Ok(())
        }
        err => Err(err),
    }
}

fn measure_case(gpu: &Gpu, case: &Case, skipped: &mut Vec<Skipped>) -> Result<TrainCase, GpuError> {
    let size = [case.width, case.height];
    let mut steps = Steps {
        rasterizer: Rasterizer::new(gpu)?,
        loss: Loss::new(gpu)?,
        descent: Descent::new(gpu)?,
        pool: SplatPool::new(gpu, &scene(case), case.splats, 0)?,
        photo: Photo::upload(gpu, size, &photo(size))?,
        camera: camera(case),
    };
    let (camera, config) = (steps.camera, RenderConfig::default());
    let stats = steps
        .rasterizer
        .draw_complete(gpu, steps.pool.splats(), &camera, &config)?;
    let mut designs = Vec::new();
    for (design, accumulation) in GradientOptions::designs(gpu.capabilities()) {
        let options = GradientOptions {
            design,
            accumulation,
            depth: false,
            pose: false,
            until_sums: true,
        };
        match measure_design(gpu, &mut steps, options) {
            Ok(measured) => designs.push(measured),
            Err(err) => {
                let name = format!("{}, {design:?} {accumulation:?}", case.name());
                skip(skipped, name, err)?;
            }
        }
    }
    Ok(TrainCase {
        case: case.clone(),
        visible: stats.visible,
        pairs: stats.pairs,
        designs,
    })
}

/// What takes part in a step.
struct Steps {
    rasterizer: Rasterizer,
    loss: Loss,
    descent: Descent,
    photo: Photo,
    camera: Camera,
    pool: SplatPool,
}

impl Steps {
    /// Records and submits a step, without waiting. With a profiler each kernel after the frame is
    /// timed, and its stamps are copied to the buffer.
    fn take(
        &mut self,
        gpu: &Gpu,
        gradient: &mut Gradient,
        profiler: Option<(&mut Profiler, &wgpu::Buffer)>,
    ) -> Result<Option<::render::gpu::TimedPasses>, GpuError> {
        let config = RenderConfig::default();
        self.rasterizer
            .draw(gpu, self.pool.splats(), &self.camera, &config)?;
        self.loss.prepare(
            gpu,
            &self.rasterizer,
            &self.photo,
            config.background,
            &LossConfig::default(),
        )?;
        let d_image = self.loss.d_image().cloned();
        let d_image = d_image.ok_or_else(|| GpuError::Invalid("no loss".to_owned()))?;
        gradient.prepare(gpu, &self.rasterizer, self.pool.splats(), &d_image)?;
        let descent = DescentConfig {
            rates: RESTING,
            ..DescentConfig::default()
        };
        self.descent
            .prepare(gpu, &self.rasterizer, gradient, &self.pool, &descent)?;
        let each = profiler.is_some();
        let (profiler, stamps) = profiler.unzip();
        let mut recorder = Recorder::new(gpu, profiler, each);
        self.loss.record(&mut recorder);
        gradient.record(&mut recorder, &self.rasterizer)?;
        self.descent.record(&mut recorder);
        let timed = stamps.map(|to| recorder.copy_times(to, 0));
        recorder.submit(gpu);
        Ok(timed)
    }
}

fn measure_design(
    gpu: &Gpu,
    steps: &mut Steps,
    options: GradientOptions,
) -> Result<TrainDesign, GpuError> {
    let mut gradient = Gradient::new(gpu, options)?;
    for _ in 0..WARM_UP {
        steps.take(gpu, &mut gradient, None)?;
    }
    gpu.wait()?;
    steps.rasterizer.poll(gpu)?;

    let mut step_ms: Vec<f64> = Vec::new();
    let (begun, cpu_begun) = (Instant::now(), cpu_ms());
    while step_ms.len() < *FRAMES.start()
        || (begun.elapsed() < BUDGET && step_ms.len() < *FRAMES.end())
    {
        let clock = Instant::now();
        steps.take(gpu, &mut gradient, None)?;
        gpu.wait()?;
        step_ms.push(clock.elapsed().as_secs_f64() * 1e3);
    }
    let count = step_ms.len();
    let cpu_ms = cpu_begun
        .zip(cpu_ms())
        .map(|(before, after)| (after - before) / count as f64);
    Ok(TrainDesign {
        design: options.design,
        accumulation: options.accumulation,
        step_ms: median(&mut step_ms),
        step_ms_least: step_ms.iter().copied().fold(f64::INFINITY, f64::min),
        cpu_ms,
        kernels: profile(gpu, steps, &mut gradient)?,
        steps: count,
    })
}

/// The kernels of a step, each by itself.
fn profile(
    gpu: &Gpu,
    steps: &mut Steps,
    gradient: &mut Gradient,
) -> Result<Vec<KernelTime>, GpuError> {
    let Some(mut profiler) = Profiler::new(gpu) else {
        return Ok(Vec::new());
    };
    let stamps = GpuVec::<u8>::zeroed(gpu, "kernel times", Profiler::BYTES as usize)?;
    let mut profiled = Vec::new();
    let (camera, config) = (steps.camera, RenderConfig::default());
    for _ in 0..*FRAMES.start() {
        steps.rasterizer.set_profiling(true);
        let mut times = steps
            .rasterizer
            .draw_complete(gpu, steps.pool.splats(), &camera, &config)?
            .timings;
        steps.rasterizer.set_profiling(false);
        if let Some(timed) = steps.take(gpu, gradient, Some((&mut profiler, stamps.buffer())))? {
            let stamps = read_bytes(gpu, stamps.buffer(), 0, Profiler::BYTES)?;
            times.extend(timed.times(&stamps));
        }
        profiled.push(times);
    }
    Ok(median_kernels(&profiled))
}

/// A pattern of waves. RGBA, row by row.
fn photo([width, height]: [u32; 2]) -> Vec<u8> {
    let wave = |x: f32| (127.5 + 100.0 * x.sin()) as u8;
    (0..width * height)
        .flat_map(|at| {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            [wave(0.2 * x), wave(0.13 * y), wave(0.07 * (x + y)), 255]
        })
        .collect()
}

/// What the program has taken of all processors so far: `utime + stime` of `/proc/self/stat`, which
/// counts hundredths of a second on every Linux.
fn cpu_ms() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may hold anything; what follows begins with the third field.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<f64>().ok();
    Some((next()? + next()?) * 10.0)
}

impl fmt::Display for TrainReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calibration = &self.calibration;
        writeln!(f, "{}", self.adapter)?;
        writeln!(
            f,
            "calibration: {:.2} ms to sort {} keys",
            calibration.ms, calibration.sorted_keys
        )?;
        for case in &self.cases {
            let (visible, pairs) = (case.visible, case.pairs);
            writeln!(
                f,
                "\n{}: {visible} visible, {pairs} pairs",
                case.case.name()
            )?;
            f.write_str(&designs(&case.designs))?;
        }
        for it in &self.skipped {
            writeln!(f, "not measured: {}: {}", it.name, it.reason)?;
        }
        Ok(())
    }
}

/// A column for each design, a line for each kernel.
fn designs(designs: &[TrainDesign]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, cell: &dyn Fn(&TrainDesign) -> String| {
        write!(text, "{name:<26}").ok();
        for it in designs {
            write!(text, " {:>16}", cell(it)).ok();
        }
        text.push('\n');
    };
    let ms = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.3}"));
    line("ms", &|it| format!("{:?} {:?}", it.design, it.accumulation));
    line("whole step", &|it| ms(Some(it.step_ms)));
    line("fastest step", &|it| ms(Some(it.step_ms_least)));
    line("all processors", &|it| ms(it.cpu_ms));
    let mut names: Vec<&str> = Vec::new();
    for it in designs.iter().flat_map(|it| &it.kernels) {
        if !names.contains(&it.name) {
            names.push(it.name);
        }
    }
    for name in names {
        line(name, &|design| {
            let time = design.kernels.iter().find(|it| it.name == name);
            ms(time.map(|it| f64::from(it.ms)))
        });
    }
    text
}
