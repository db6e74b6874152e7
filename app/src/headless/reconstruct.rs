//! `accrete reconstruct`: splats that a network makes of posed photos, by the worker.

use std::path::Path;
use std::sync::Arc;

use ::render::RenderConfig;
use ::render::gpu::Gpu;
use anyhow::bail;
use recon::dataset::Dataset;
use recon::metrics::EvalReport;
use recon::model::{Mode, ReconstructConfig};
use recon::optim::{Background, HeldOut, OptimiseConfig, sequel};
use recon::worker::{ChunkReport, OptimiseReport, ReconstructJob, Watch};
use serde::Serialize;

use super::figures::{Figures, Files, Measured, Point};
use super::job::Job;
use super::measuring::{self, Found};
use super::optimising::save;
use super::reconstructing::Run;
use super::{Console, OpenGpu};
use crate::args::ReconstructArgs;
use crate::project::common_up;

/// What it came to, for a program: the keys of `accrete optimise`, and the chunks. In the curve step
/// 0 is what the network made.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    figures: Figures<'a>,
    /// What the network ran on.
    device: &'a str,
    weights: &'a Path,
    chunks: &'a [ChunkReport],
    /// From the weights to the network's last splats, without measurements.
    seconds: f32,
    config: &'a ReconstructConfig,
    /// Settings of the optimisation that followed.
    optimise: Option<&'a OptimiseConfig>,
    /// What the network knows of the scene.
    memory: Option<&'a Path>,
    /// How many views it had seen before.
    recalled: usize,
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
    measuring::check_weights(&args.network.weights)?;
    check_memory(args)?;
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
    report(&run, console, args, &gpu, (&config, optimise.as_ref()))?;
    if let (Some(path), None) = (&args.keep, &run.memory) {
        bail!("{}: the scene was not kept", path.display());
    }
    Ok(())
}

/// Before hours of work: whether a scene can be kept and gone on with as is asked for.
fn check_memory(args: &ReconstructArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.continues {
        measuring::check_file(path)?;
    }
    if let Some(path) = args.keep.as_ref().filter(|it| it.is_dir()) {
        bail!("{} is a folder: --keep wants a file", path.display());
    }
    let is_causal = Mode::from(args.network.mode) == Mode::Causal;
    if !is_causal && (args.keep.is_some() || args.continues.is_some()) {
        bail!(
            "only --mode causal keeps what the network knows of a scene: the other modes begin \
             anew with every chunk. Add --mode causal, or leave out --keep and --continue"
        );
    }
    Ok(())
}

/// The job that the arguments describe.
fn job(args: &ReconstructArgs, dataset: Arc<Dataset>) -> ReconstructJob {
    let config = args.config();
    let measuring = &args.measuring;
    let then = args.optimise.map(|steps| OptimiseConfig {
        seed: config.seed,
        background: Background::Known(config.background),
        max_side: measuring.max_side.or(OptimiseConfig::default().max_side),
        ..sequel(steps)
    });
    ReconstructJob {
        dataset,
        weights: args.network.weights.clone(),
        model: args.network.model.clone(),
        devices: args.network.device.clone(),
        config,
        then,
        enough: args.enough,
        max_side: measuring.max_side,
        lpips: measuring.lpips.clone(),
        watch: args.watch.map(|patience| Watch {
            patience,
            hold_out: measuring.hold_out(),
        }),
        keep: args.keep.clone(),
        continues: args.continues.clone(),
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
    let recalled = match report.recalled {
        0 => String::new(),
        count => format!(" ({count} of them seen before)"),
    };
    console.say(format_args!(
        "{}: {} splats from {views} views{recalled} in {:.1} s on {}{stopped}",
        args.folder.display(),
        report.splats,
        report.secs,
        report.device
    ))?;
    if let Some(news) = report.sequel.news() {
        console.say(news)?;
    }
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
    files(run, args).tell(console)?;
    if let Some(path) = &run.memory {
        console.say(format_args!("  {:<13} {}", "scene kept", path.display()))?;
    }
    Ok(())
}

fn files<'a>(run: &'a Run, args: &'a ReconstructArgs) -> Files<'a> {
    Files {
        out: args.out.as_deref(),
        checkpoint: run.checkpoint.as_deref(),
        sheet: args.measuring.sheet.as_deref(),
    }
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
    let network = run.report.evaluation.as_ref();
    let network = network.map(|it| Point::at(0, it));
    let none = OptimiseReport::default();
    let optimised = run.optimised.as_ref().unwrap_or(&none);
    let splats = run
        .optimised
        .as_ref()
        .map_or(run.report.splats, |it| it.splats);
    console.report(&Report {
        figures: Figures {
            folder: &args.folder,
            adapter: &gpu.capabilities().name,
            measured: Measured::of(last),
            steps: optimised.steps,
            steps_per_sec: optimised.steps_per_sec,
            splats,
            curve: network
                .into_iter()
                .chain(optimised.evaluations.iter().map(Point::of))
                .collect(),
            cancelled: is_cancelled(run),
            files: files(run, args),
            warnings: &run.warnings,
        },
        device: &run.report.device,
        weights: &args.network.weights,
        chunks: &run.report.chunks,
        seconds: run.report.secs,
        config,
        optimise,
        memory: run.memory.as_deref(),
        recalled: run.report.recalled,
    })
}
