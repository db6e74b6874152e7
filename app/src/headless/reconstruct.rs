//! `accrete reconstruct`: splats that a network makes of posed photos, by the worker.

use std::path::Path;
use std::sync::Arc;

use ::render::RenderConfig;
use ::render::gpu::Gpu;
use recon::dataset::Dataset;
use recon::metrics::{EvalReport, Protocol, ViewScores};
use recon::model::ReconstructConfig;
use recon::optim::{Background, HeldOut, OptimiseConfig, polish};
use recon::worker::{ChunkReport, OptimiseReport, ReconstructJob, Watch};
use serde::Serialize;

use super::job::Job;
use super::measuring::{self, Found};
use super::optimise::Point;
use super::optimising::{save, tell_files};
use super::reconstructing::Run;
use super::{Console, OpenGpu};
use crate::args::ReconstructArgs;
use crate::project::common_up;

/// What held-out photos said: the keys of `accrete optimise`, and the chunks.
#[derive(Serialize)]
struct Report<'a> {
    folder: &'a Path,
    adapter: &'a str,
    /// What the network ran on.
    device: &'a str,
    weights: &'a Path,
    /// Mean over the held-out views, dB; `null` where there are none.
    psnr: Option<f64>,
    ssim: Option<f64>,
    lpips: Option<f64>,
    /// Of the optimisation that followed; 0 where none did.
    steps: u32,
    /// Without measurements.
    steps_per_sec: f32,
    splats: usize,
    views: &'a [ViewScores],
    /// Step 0 is what the network made.
    curve: Vec<Point>,
    protocol: Option<&'a Protocol>,
    chunks: &'a [ChunkReport],
    /// From the weights to the network's last splats, without measurements.
    seconds: f32,
    config: &'a ReconstructConfig,
    optimise: Option<&'a OptimiseConfig>,
    /// It ended before its last chunk or step; the warnings say why.
    cancelled: bool,
    out: Option<&'a Path>,
    checkpoint: Option<&'a Path>,
    sheet: Option<&'a Path>,
    warnings: &'a [String],
}

/// Reconstructs the photos of `args.folder`, measures the splats, and writes what was asked for.
///
/// # Errors
/// Where photos, poses or weights are missing, something cannot be read or written, or a device
/// refuses.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &ReconstructArgs) -> anyhow::Result<()> {
    let out = args.out.as_deref();
    let format = out.map(measuring::check_splats).transpose()?;
    let sheet = args.measuring.sheet.as_deref();
    measuring::check_sheet(sheet)?;
    measuring::open_lpips(args.measuring.lpips.as_deref())?;
    measuring::check_file(&args.network.weights)?;
    let dataset = match measuring::open_photos(console, &args.folder, &args.measuring)? {
        Found::Posed(dataset) => Arc::new(*dataset),
        Found::Unposed => return Err(measuring::without_poses(&args.folder)),
    };
    if dataset.report.held_out == 0 {
        console.warn("no view is held out: nothing says how good the splats are");
    }
    let gpu = open_gpu()?;
    let job = job(args, dataset);
    let (config, optimise) = (job.config.clone(), job.then.clone());
    let mut worker = Job::start(console, Some(gpu.clone()))?;
    let run = Run::of(&mut worker, job)?;
    if let (Some(path), Some(format)) = (out, format) {
        let up = common_up(run.dataset.views.iter().map(|it| &it.c2w));
        let options = args.exporting.options(up);
        save(&run.snapshot, &mut worker, (format, options), path)?;
    }
    if let Some(path) = sheet {
        let render = RenderConfig {
            background: config.background,
            ..RenderConfig::default()
        };
        let held_out = HeldOut::new(run.dataset.clone(), args.measuring.max_side);
        measuring::draw_sheet(console, &gpu, &run.snapshot, &held_out, render, path)?;
    }
    tell(&run, console, args)?;
    report(&run, console, args, &gpu, (&config, optimise.as_ref()))
}

/// The job that the arguments describe.
fn job(args: &ReconstructArgs, dataset: Arc<Dataset>) -> ReconstructJob {
    let config = args.config();
    let measuring = &args.measuring;
    let then = args.optimise.map(|steps| OptimiseConfig {
        seed: config.seed,
        background: Background::Known(config.background),
        max_side: measuring.max_side.or(OptimiseConfig::default().max_side),
        ..polish(steps)
    });
    ReconstructJob {
        dataset,
        weights: args.network.weights.clone(),
        model: args.network.model.clone(),
        devices: args.network.device.clone(),
        config,
        then,
        max_side: measuring.max_side,
        lpips: measuring.lpips.clone(),
        watch: args.watch.map(|patience| Watch {
            patience,
            hold_out: measuring.hold_out(),
        }),
    }
}

/// The last figures: of the optimisation where there was one.
fn last(run: &Run) -> Option<&EvalReport> {
    let optimised = run.optimised.as_ref();
    let optimised = optimised.and_then(|it| it.evaluations.last());
    optimised
        .map(|it| &it.report)
        .or(run.report.evaluation.as_ref())
}

fn is_cancelled(run: &Run) -> bool {
    run.report.cancelled || run.optimised.as_ref().is_some_and(|it| it.cancelled)
}

/// What came of it, for a person.
fn tell(run: &Run, console: &Console, args: &ReconstructArgs) -> anyhow::Result<()> {
    let report = &run.report;
    let views = report.chunks.last().map_or(0, |it| it.views_seen);
    let stopped = if report.cancelled { ", stopped" } else { "" };
    console.say(format_args!(
        "{}: {} splats from {views} views in {:.1} s on {}{stopped}",
        args.folder.display(),
        report.splats,
        report.secs,
        report.device
    ))?;
    if let Some(optimised) = &run.optimised {
        let stopped = if optimised.cancelled { ", stopped" } else { "" };
        console.say(format_args!(
            "then {} splats after {} steps, {:.2} steps a second{stopped}",
            optimised.splats, optimised.steps, optimised.steps_per_sec
        ))?;
    }
    if let Some(last) = last(run) {
        measuring::tell(console, last)?;
    }
    tell_files(
        console,
        args.out.as_deref(),
        args.measuring.sheet.as_deref(),
        run.checkpoint.as_deref(),
    )
}

/// The same for a program.
fn report(
    run: &Run,
    console: &Console,
    args: &ReconstructArgs,
    gpu: &Gpu,
    (config, optimise): (&ReconstructConfig, Option<&OptimiseConfig>),
) -> anyhow::Result<()> {
    let last = last(run);
    let mean = last.and_then(|it| it.mean);
    let network = run.report.evaluation.as_ref();
    let network = network.map(|it| Point::at(0, it));
    let none = OptimiseReport::default();
    let optimised = run.optimised.as_ref().unwrap_or(&none);
    let splats = run
        .optimised
        .as_ref()
        .map_or(run.report.splats, |it| it.splats);
    console.report(&Report {
        folder: &args.folder,
        adapter: &gpu.capabilities().name,
        device: &run.report.device,
        weights: &args.network.weights,
        psnr: mean.map(|it| it.psnr),
        ssim: mean.map(|it| it.ssim),
        lpips: mean.and_then(|it| it.lpips),
        steps: optimised.steps,
        steps_per_sec: optimised.steps_per_sec,
        splats,
        views: last.map_or(&[], |it| &it.views),
        curve: network
            .into_iter()
            .chain(optimised.evaluations.iter().map(Point::of))
            .collect(),
        protocol: last.map(|it| &it.protocol),
        chunks: &run.report.chunks,
        seconds: run.report.secs,
        config,
        optimise,
        cancelled: is_cancelled(run),
        out: args.out.as_deref(),
        checkpoint: run.checkpoint.as_deref(),
        sheet: args.measuring.sheet.as_deref(),
        warnings: &run.warnings,
    })
}
