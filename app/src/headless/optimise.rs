//! `accrete optimise`: splats that look as the photos do, by the worker, told step by step.

use std::path::Path;
use std::sync::Arc;

use ::render::RenderConfig;
use ::render::gpu::{Capabilities, Gpu};
use anyhow::{Context, bail};
use recon::dataset::Dataset;
use recon::io::{self, Opened, checkpoint};
use recon::optim::{Background, HeldOut, OptimiseConfig, preset};
use recon::poses::{PoseConfig, Verdict};
use recon::worker::{Command, EngineChoice, Event, OptimiseJob, Start};
use serde::Serialize;

use super::figures::{Figures, Files, Measured, Point};
use super::job::Job;
use super::measuring::{self, Found};
use super::optimising::{Run, save};
use super::{Console, OpenGpu, has_display};
use crate::args::OptimiseArgs;
use crate::project::common_up;
use crate::window;

/// What it came to, for a program.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    figures: Figures<'a>,
    config: &'a OptimiseConfig,
    /// How many splats, the first of the file, stayed as they were.
    frozen: usize,
    backward: &'a str,
    /// At most on the device.
    gpu_bytes: u64,
}

/// Optimises splats for the photos of `args.folder`, measures them, and writes what was asked for.
///
/// # Errors
/// Where photos or poses are missing, something cannot be read or written, or the device refuses.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &OptimiseArgs) -> anyhow::Result<()> {
    let out = args.out.as_deref();
    let format = out.map(measuring::check_splats).transpose()?;
    let sheet = args.measuring.sheet.as_deref();
    measuring::check_sheet(sheet)?;
    measuring::open_lpips(args.measuring.lpips.as_deref())?;
    let dataset = Arc::new(dataset(console, args)?);
    if args.with_window {
        check_display()?;
    }
    let gpu = open_gpu()?;
    let job = job(console, args, dataset.clone(), gpu.capabilities())?;
    let config = job.config.clone();
    if args.with_window {
        console.no_report("a window");
        return window::run(gpu, window::Start::Optimise(Box::new(job)));
    }
    let mut worker = Job::start(console, Some(gpu.clone()))?;
    let run = Run::of(&mut worker, job)?;
    if let (Some(path), Some(format)) = (out, format) {
        let up = common_up(dataset.views.iter().map(|it| &it.c2w));
        let options = args.exporting.options(up);
        save(&run.snapshot, &mut worker, (format, options), path)?;
    }
    if let Some(path) = sheet {
        let render = RenderConfig {
            antialiased: run.snapshot.file.antialiased.unwrap_or(config.antialiased),
            background: match config.background {
                Background::Known(rgb) => rgb,
                Background::Random => [0.0; 3],
            },
            ..RenderConfig::default()
        };
        let held_out = HeldOut::new(dataset.clone(), config.max_side);
        measuring::draw_sheet(console, &gpu, &run.snapshot, &held_out, render, path)?;
    }
    tell(&run, console, args)?;
    report(&run, console, args, &gpu, &config)
}

/// The photos with their poses, which are found where that was asked for.
fn dataset(console: &Console, args: &OptimiseArgs) -> anyhow::Result<Dataset> {
    let folder = &args.folder;
    match measuring::open_photos(console, folder, &args.measuring)? {
        Found::Posed(dataset) => return Ok(*dataset),
        Found::Unposed if args.find_poses => find_poses(console, folder)?,
        Found::Unposed => {
            let hint = "; --find-poses does it on the way";
            bail!("{}{hint}", measuring::without_poses(folder));
        }
    }
    match measuring::open_photos(console, folder, &args.measuring)? {
        Found::Posed(dataset) => Ok(*dataset),
        Found::Unposed => Err(measuring::without_poses(folder)),
    }
}

/// Leaves poses beside the photos.
fn find_poses(console: &Console, folder: &Path) -> anyhow::Result<()> {
    let Opened::Photos(photos) = io::open(folder)? else {
        return Ok(());
    };
    let command = Command::FindPoses {
        photos: Arc::new(photos),
        engine: EngineChoice::default(),
        config: PoseConfig::default(),
        out: None,
    };
    let mut gate = None;
    Job::start(console, None)?.work(command, |_, event| {
        if let Event::PosesFound(report) = event {
            gate = Some(report);
        }
    })?;
    let gate = gate.context("the search for poses ended without a result")?;
    if gate.verdict == Verdict::Refused {
        let place = folder.display();
        bail!("{place}: no poses that hold were found; `accrete poses {place}` says why");
    }
    console.say(format_args!(
        "poses found: {} of {} photos stand firmly",
        gate.good, gate.photos
    ))
}

/// The job that the arguments describe.
fn job(
    console: &Console,
    args: &OptimiseArgs,
    dataset: Arc<Dataset>,
    device: &Capabilities,
) -> anyhow::Result<OptimiseJob> {
    let mut config = preset(args.preset.unwrap_or_default().into());
    let start = if let Some(path) = &args.init {
        Start::Splats(Arc::new(io::open_splats(path)?), args.part())
    } else if args.resume {
        let beside = || checkpoint::place(&dataset.folder);
        let path = args.checkpoint.clone().or_else(beside);
        let path = path.context("photos in a zip have no checkpoint beside them: --checkpoint")?;
        if args.preset.is_none() {
            config = checkpoint::open(&path)?.config;
        }
        Start::Checkpoint(path)
    } else {
        Start::Points
    };
    let has_held_out = dataset.report.held_out != 0;
    if !has_held_out {
        console.warn("no view is held out: nothing says how good the splats are");
    }
    Ok(OptimiseJob {
        dataset,
        start,
        config: args.config(config, device),
        checkpoint: args.checkpoint.clone(),
        lpips: args.measuring.lpips.clone(),
    })
}

fn check_display() -> anyhow::Result<()> {
    if !has_display() {
        bail!(
            "there is no display to open a window on (DISPLAY and WAYLAND_DISPLAY are not set); \
             without --with-window none is needed"
        );
    }
    Ok(())
}

/// What came of it, for a person.
fn tell(run: &Run, console: &Console, args: &OptimiseArgs) -> anyhow::Result<()> {
    let report = &run.report;
    let pace = if report.cancelled { ", stopped" } else { "" };
    let frozen = match report.frozen {
        0 => String::new(),
        frozen => format!(" ({frozen} as they were)"),
    };
    console.say(format_args!(
        "{}: {} splats{frozen} after {} steps, {:.2} steps a second{pace}",
        args.folder.display(),
        report.splats,
        report.steps,
        report.steps_per_sec
    ))?;
    if let Some(last) = run.report.evaluations.last() {
        measuring::tell(console, &last.report)?;
    }
    files(run, args).tell(console)
}

fn files<'a>(run: &'a Run, args: &'a OptimiseArgs) -> Files<'a> {
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
    args: &OptimiseArgs,
    gpu: &Gpu,
    config: &OptimiseConfig,
) -> anyhow::Result<()> {
    let last = run.report.evaluations.last().map(|it| &it.report);
    console.report(&Report {
        figures: Figures {
            folder: &args.folder,
            adapter: &gpu.capabilities().name,
            measured: Measured::of(last),
            steps: run.report.steps,
            steps_per_sec: run.report.steps_per_sec,
            splats: run.report.splats,
            curve: run.report.evaluations.iter().map(Point::of).collect(),
            cancelled: run.report.cancelled,
            files: files(run, args),
            warnings: &run.warnings,
        },
        config,
        frozen: run.report.frozen,
        backward: &run.report.backward,
        gpu_bytes: run.report.gpu_bytes,
    })
}
