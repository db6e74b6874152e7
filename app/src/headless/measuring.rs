//! Held-out photos as `eval` and `optimise` use them: found, measured, told, put on a sheet.

use std::ops::ControlFlow;
use std::path::Path;

use ::render::gpu::Gpu;
use ::render::{GpuSplats, Rasterizer, RenderConfig};
use anyhow::{Context, bail};
use recon::dataset::Dataset;
use recon::io::{self, OpenOptions, Opened, SplatFormat};
use recon::metrics::{EvalReport, Lpips, LpipsNet, Sheet};
use recon::model::is_shipped;
use recon::optim::{EvalConfig, EvalStep, HeldOut, evaluate};
use recon::worker::Snapshot;
use serde::Serialize;

use super::Console;
use crate::args::MeasuringArgs;

/// Views that are told one by one; JSON has all.
const TOLD_VIEWS: usize = 10;

/// A held-out view without figures.
#[derive(Serialize)]
pub(super) struct LeftOut {
    pub(super) name: String,
    pub(super) why: String,
}

/// Posed photos or not.
pub(super) enum Found {
    Posed(Box<Dataset>),
    /// There are no poses yet.
    Unposed,
}

/// Opens photos, splits them as was asked for, and tells what is odd.
///
/// # Errors
/// Where there are none.
pub(super) fn open_photos(
    console: &Console,
    folder: &Path,
    args: &MeasuringArgs,
) -> anyhow::Result<Found> {
    let options = OpenOptions {
        hold_out: args.hold_out(),
    };
    let place = folder.display();
    match io::open_with(folder, &options)? {
        Opened::Dataset(dataset) => {
            for warning in &dataset.report.warnings {
                console.warn(format_args!("{place}: {warning}"));
            }
            console.say(format_args!("{place}: {}", dataset.report.headline()))?;
            Ok(Found::Posed(Box::new(dataset)))
        }
        Opened::Photos(_) => Ok(Found::Unposed),
        Opened::Video(_) => bail!(
            "{place}: a video. `accrete poses {place}` takes photos out of it and finds their poses"
        ),
        Opened::Splats(_) => bail!("{place}: splats, where posed photos are needed"),
        Opened::Project(..) => bail!("{place}: a project, where its photos are needed"),
    }
}

/// What to say where there are no poses.
pub(super) fn without_poses(folder: &Path) -> anyhow::Error {
    let place = folder.display();
    anyhow::anyhow!("{place}: photos without camera poses. `accrete poses {place}` finds them")
}

/// The user's LPIPS: with VGG where its weights are there, else with AlexNet.
///
/// # Errors
/// Where weights were named and cannot be used.
pub(super) fn open_lpips(path: Option<&Path>) -> anyhow::Result<Option<Lpips>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let found = io::open_lpips(path)?;
    let chosen = LpipsNet::ALL.into_iter().find_map(|it| found.get(it));
    let missing = || format!("{}: {}", path.display(), found.missing.join("; "));
    Ok(Some(chosen.with_context(missing)?.clone()))
}

/// A file that shall be read is there: better said before others are opened.
///
/// # Errors
/// Where it is not.
pub(super) fn check_file(path: &Path) -> anyhow::Result<()> {
    let is_there = path.try_exists();
    let is_there = is_there.with_context(|| path.display().to_string())?;
    if !is_there {
        bail!("{}: no such file", path.display());
    }
    Ok(())
}

/// A file with weights is there, if it is not those that come with the program.
///
/// # Errors
/// Where it is not.
pub(super) fn check_weights(path: &Path) -> anyhow::Result<()> {
    if is_shipped(path) {
        return Ok(());
    }
    check_file(path)
}

/// A file that shall be written lies in a folder that is there: better said before the work.
///
/// # Errors
/// Where it does not, or its ending is another.
pub(super) fn check_sheet(path: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let ending = path.extension().unwrap_or_default();
    if !ending.eq_ignore_ascii_case("png") {
        bail!("{}: a sheet is a .png", path.display());
    }
    check_folder(path)
}

/// The same for splats.
///
/// # Errors
/// Where the folder is not there or the ending tells no format.
pub(super) fn check_splats(path: &Path) -> anyhow::Result<SplatFormat> {
    let format = SplatFormat::from_path(path).with_context(|| path.display().to_string())?;
    check_folder(path)?;
    Ok(format)
}

fn check_folder(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    if path.is_dir() || folder.is_some_and(|it| !it.is_dir()) {
        bail!("{}: not a file in a folder that exists", path.display());
    }
    Ok(())
}

/// What is to be measured, and on what.
pub(super) struct Subject<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) splats: &'a GpuSplats,
    pub(super) held_out: &'a HeldOut,
    pub(super) config: &'a EvalConfig<'a>,
}

/// Measures on all held-out views, and writes the sheet where one is asked for.
///
/// # Errors
/// Where the device refuses or the sheet cannot be written.
pub(super) fn measure(
    console: &Console,
    subject: &Subject<'_>,
    sheet_path: Option<&Path>,
) -> anyhow::Result<(EvalReport, Vec<LeftOut>)> {
    let views = subject.held_out.views();
    let bar = console.progress(views.len() as u64, "measuring");
    let mut rasterizer = Rasterizer::new(subject.gpu)?;
    let mut sheet = Sheet::new(views);
    let mut left_out = Vec::new();
    let mut visit = |step: EvalStep<'_>| {
        bar.inc(1);
        match step {
            EvalStep::LeftOut { name, why } => {
                bar.suspend(|| console.warn(format_args!("{name} was not measured: {why}")));
                left_out.push(LeftOut {
                    name: name.to_owned(),
                    why: why.to_owned(),
                });
            }
            EvalStep::Compared(it) => {
                if it.is_incomplete {
                    let text = "more splats overlap than the device can hold; the farthest are \
                                missing";
                    bar.suspend(|| console.warn(format_args!("{}: {text}", it.name)));
                }
                if sheet_path.is_some() {
                    // They were compared: they fit.
                    sheet.add(it.view, it.photo, it.render, it.mask).ok();
                }
            }
        }
        ControlFlow::Continue(())
    };
    let report = evaluate(
        subject.gpu,
        &mut rasterizer,
        subject.splats,
        subject.held_out,
        subject.config,
        &mut visit,
    )?;
    bar.finish_and_clear();
    if let (Some(path), Some(picture)) = (sheet_path, sheet.picture()) {
        io::save_png(path, &picture.into())?;
    }
    let report = report.context("the measurement was stopped")?;
    Ok((report, left_out))
}

/// Draws the held-out views of a snapshot and their photos on a sheet.
///
/// # Errors
/// Where the device refuses or the sheet cannot be written.
pub(super) fn draw_sheet(
    console: &Console,
    gpu: &Gpu,
    snapshot: &Snapshot,
    held_out: &HeldOut,
    render: RenderConfig,
    path: &Path,
) -> anyhow::Result<()> {
    let config = EvalConfig {
        render,
        ..EvalConfig::default()
    };
    let subject = Subject {
        gpu,
        splats: &snapshot.splats,
        held_out,
        config: &config,
    };
    measure(console, &subject, Some(path))?;
    Ok(())
}

/// The figures for a person.
///
/// # Errors
/// Where standard output cannot be written.
pub(super) fn tell(console: &Console, report: &EvalReport) -> anyhow::Result<()> {
    let row = |label: &str, text: &str| console.say(format_args!("  {label:<13} {text}"));
    let Some(mean) = &report.mean else {
        return row("held out", "no view could be measured");
    };
    row("PSNR", &format!("{:.2} dB", mean.psnr))?;
    row("SSIM", &format!("{:.4}", mean.ssim))?;
    match mean.lpips {
        Some(lpips) => row("LPIPS", &format!("{lpips:.4}"))?,
        None => row("LPIPS", "not available: no weights were given (--lpips)")?,
    }
    row("measured on", &report.protocol.to_string())?;
    let worst = report.worst_first();
    for &index in worst.iter().take(TOLD_VIEWS) {
        let view = &report.views[index];
        let scores = &view.scores;
        let figures = format!("{:.2} dB, SSIM {:.4}", scores.psnr, scores.ssim);
        row("view", &format!("{figures}, {}", view.name))?;
    }
    if TOLD_VIEWS < worst.len() {
        let others = worst.len() - TOLD_VIEWS;
        row("", &format!("and {others} better ones"))?;
    }
    Ok(())
}
