//! `accrete train`: a network learns from generated scenes, and what becomes of it is written down.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use recon::io::weights::Number;
use recon::io::{IoError, read_settings};
use recon::model::{device_name, load_network, save_network};
use recon::train::{Evaluation, Perceptual, TrainConfig, Training};
use serde::Serialize;

use super::interrupt::Interrupts;
use super::{Console, OpenGpu};
use crate::args::TrainArgs;

/// Steps from one progress report to the next.
const TOLD_EVERY: u32 = 10;

/// What is told to programs at the end.
#[derive(Serialize)]
struct Report<'a> {
    kind: &'static str,
    device: String,
    steps: u32,
    skipped: u32,
    scenes: u64,
    secs: f64,
    done: bool,
    evaluation: Option<&'a Evaluation>,
    weights: PathBuf,
}

/// A line of the file of measurements.
#[derive(Serialize)]
struct Measured<'a> {
    step: u32,
    scenes: u64,
    secs: f64,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
}

/// The files of a training.
struct Files {
    checkpoint: PathBuf,
    log: PathBuf,
    measurements: PathBuf,
    sheets: PathBuf,
    weights: PathBuf,
}

impl Files {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let sheets = folder.join("sheets");
        fs::create_dir_all(&sheets).map_err(|it| IoError::system(&sheets, it))?;
        Ok(Self {
            checkpoint: folder.join("checkpoint.safetensors"),
            log: folder.join("log.jsonl"),
            measurements: folder.join("measurements.jsonl"),
            weights: folder.join("weights.safetensors"),
            sheets,
        })
    }
}

/// Trains until all stages are done, the time is up, or Ctrl-C; always leaves a checkpoint and
/// weights.
///
/// # Errors
/// Where settings do not fit, a device fails, or a file cannot be read or written.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &TrainArgs) -> anyhow::Result<()> {
    let config: TrainConfig = read_settings(&args.config)?;
    let named = || args.config.display().to_string();
    config.check().with_context(named)?;
    let files = Files::new(&args.out)?;
    let has_begun = files.checkpoint.is_file();
    if has_begun && !args.resume {
        bail!(
            "{}: a training is kept there. Go on with --resume, or take another folder",
            args.out.display()
        );
    }
    let gpu = open_gpu()?;
    let devices = args.device.open(Some(&gpu))?;
    let names: Vec<String> = devices.iter().map(device_name).collect();
    let name = names.join(", ");
    let Some(device) = devices.first().cloned() else {
        bail!("no device was named");
    };
    let mut training = match (&args.weights, has_begun) {
        (_, true) => Training::resume(&files.checkpoint, Some(config), &gpu, device)?,
        (Some(path), false) => {
            let (known, _) = load_network(path, None, &device)?;
            if known.config.parameters() != config.model.parameters() {
                bail!(
                    "{}: not a network of these settings: its parameters have other shapes",
                    path.display()
                );
            }
            Training::from_weights(config, known.weights, &gpu, device)?
        }
        (None, false) => Training::new(config, &gpu, device)?,
    };
    training = training.on_devices(&gpu, devices)?;
    if let Some(path) = &args.vgg {
        let perceptual = Perceptual::open(path, &training.network().device)?;
        training = training.with_perceptual(perceptual)?;
    }
    let parameters = training.config().model.num_parameters();
    let done = training.counts().steps;
    let steps = training.config().steps();
    console.say(format_args!(
        "{parameters} parameters on {name}, {done} of {steps} steps done"
    ))?;
    let last = until_it_ends(console, &gpu, args, &files, &mut training)?;
    let counts = training.counts();
    console.report(&Report {
        kind: "training",
        device: name,
        steps: counts.steps,
        skipped: counts.skipped,
        scenes: counts.scenes,
        secs: counts.secs,
        done: training.is_done(),
        evaluation: last.as_ref(),
        weights: files.weights,
    })
}

/// Step after step. Gives the last measurement.
fn until_it_ends(
    console: &Console,
    gpu: &::render::gpu::Gpu,
    args: &TrainArgs,
    files: &Files,
    training: &mut Training,
) -> anyhow::Result<Option<Evaluation>> {
    let interrupts = Interrupts::heed();
    let begun = Instant::now();
    let first = training.counts().steps;
    let is_over = |training: &Training| {
        let elapsed = begun.elapsed().as_secs_f64() / 60.0;
        let taken = training.counts().steps - first;
        training.is_done()
            || args.steps.is_some_and(|it| it <= taken)
            || args.minutes.is_some_and(|it| it <= elapsed)
    };
    let bar = console.progress(u64::from(training.config().steps()), "Training");
    bar.set_position(u64::from(first));
    let every = |period: u32, step: u32| 0 < period && step.is_multiple_of(period);
    let mut last = None;
    let mut ends = is_over(training);
    while !ends {
        let report = training.step(gpu)?;
        append(&files.log, &report)?;
        show(&bar, &report);
        ends = interrupts.taken() || is_over(training);
        let config = training.config();
        let step = report.step;
        if every(config.checkpoint_every, step) || ends {
            training.save(&files.checkpoint)?;
        }
        if every(config.evaluate_every, step) || ends {
            last = Some(measure(console, gpu, files, training)?);
        }
    }
    bar.finish_and_clear();
    if last.is_none() {
        last = Some(measure(console, gpu, files, training)?);
    }
    Ok(last)
}

fn show(bar: &ProgressBar, report: &recon::train::StepReport) {
    bar.set_position(u64::from(report.step));
    if report.step.is_multiple_of(TOLD_EVERY) {
        bar.set_message(format!(
            "Training, loss {:.4}, {:.2} s a step",
            report.total, report.secs
        ));
    }
}

/// Measures, keeps the sheet and the weights, and tells the result.
fn measure(
    console: &Console,
    gpu: &::render::gpu::Gpu,
    files: &Files,
    training: &mut Training,
) -> anyhow::Result<Evaluation> {
    let (evaluation, sheet) = training.evaluate(gpu)?;
    let counts = training.counts();
    append(
        &files.measurements,
        &Measured {
            step: counts.steps,
            scenes: counts.scenes,
            secs: counts.secs,
            evaluation: &evaluation,
        },
    )?;
    if let Some(picture) = sheet.picture() {
        let path = files.sheets.join(format!("{:07}.png", counts.steps));
        picture
            .save(&path)
            .with_context(|| path.display().to_string())?;
    }
    let network = training.averaged();
    save_network(
        &files.weights,
        &network.config,
        &network.weights,
        Number::F16,
    )?;
    let rows = evaluation.rows.iter().map(|it| {
        let way = it.chunk.map_or(String::new(), |it| format!(" by {it}"));
        format!("{}{way}: {:.2} dB", it.inputs, it.psnr)
    });
    console.say(format_args!(
        "step {}, {} px: {}",
        counts.steps,
        evaluation.side,
        rows.collect::<Vec<_>>().join(", ")
    ))?;
    Ok(evaluation)
}

/// Adds a line of JSON to a file.
fn append(path: &Path, line: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(line).context("a line of the log as JSON")?;
    text.push('\n');
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut it| it.write_all(text.as_bytes()));
    Ok(written.map_err(|it| IoError::system(path, it))?)
}
