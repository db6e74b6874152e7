//! `accrete eval`: how close splats are to photos that were held out.

use std::path::Path;
use std::time::Instant;

use ::render::{GpuSplats, RenderConfig};
use anyhow::bail;
use recon::io;
use recon::metrics::{EvalReport, Protocol, ViewScores};
use recon::optim::{EvalConfig, HeldOut};
use serde::Serialize;

use super::measuring::{self, Found, LeftOut, Subject};
use super::{Console, OpenGpu};
use crate::args::EvalArgs;

#[derive(Serialize)]
struct Report<'a> {
    folder: &'a Path,
    scene: &'a Path,
    adapter: &'a str,
    /// Mean over the views, dB; `null` where nothing differs, which JSON has no number for.
    psnr: f64,
    ssim: f64,
    lpips: Option<f64>,
    splats: usize,
    antialiased: bool,
    views: &'a [ViewScores],
    left_out: Vec<LeftOut>,
    protocol: &'a Protocol,
    sheet: Option<&'a Path>,
    /// Drawing and comparing, decoding included.
    seconds: f64,
}

/// Measures `args.scene` on the held-out photos of `args.folder`.
///
/// # Errors
/// Where something cannot be read or drawn, or nothing is left to measure on.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &EvalArgs) -> anyhow::Result<()> {
    let sheet = args.measuring.sheet.as_deref();
    measuring::check_sheet(sheet)?;
    let dataset = match measuring::open_photos(console, &args.folder, &args.measuring)? {
        Found::Posed(dataset) => *dataset,
        Found::Unposed => return Err(measuring::without_poses(&args.folder)),
    };
    let held_out = HeldOut::new(dataset.into(), args.measuring.max_side);
    if held_out.views().is_empty() {
        bail!(
            "{}: no view is held out; --eval-every 8 holds out every 8th",
            args.folder.display()
        );
    }
    let file = io::open_splats(&args.scene)?;
    for warning in &file.warnings {
        console.warn(format_args!("{}: {warning}", args.scene.display()));
    }
    let lpips = measuring::open_lpips(args.measuring.lpips.as_deref())?;
    let config = EvalConfig {
        render: RenderConfig {
            antialiased: args.antialiased.or(file.antialiased).unwrap_or(false),
            background: args.background,
            ..RenderConfig::default()
        },
        ssim: args.ssim.into(),
        lpips: lpips.as_ref(),
        ..EvalConfig::default()
    };

    let gpu = open_gpu()?;
    let splats = GpuSplats::upload(&gpu, &file.splats)?;
    let subject = Subject {
        gpu: &gpu,
        splats: &splats,
        held_out: &held_out,
        config: &config,
    };
    let clock = Instant::now();
    let (report, left_out) = measuring::measure(console, &subject, sheet)?;
    let seconds = clock.elapsed().as_secs_f64();
    let EvalReport {
        mean: Some(mean),
        views,
        protocol,
    } = &report
    else {
        bail!(
            "{}: not one of its held-out photos could be measured; the warnings say why",
            args.folder.display()
        );
    };
    console.say(format_args!(
        "{}: {} splats",
        args.scene.display(),
        file.splats.len()
    ))?;
    measuring::tell(console, &report)?;
    if let Some(sheet) = sheet {
        console.say(format_args!("  {:<13} {}", "sheet", sheet.display()))?;
    }
    console.report(&Report {
        folder: &args.folder,
        scene: &args.scene,
        adapter: &gpu.capabilities().name,
        psnr: mean.psnr,
        ssim: mean.ssim,
        lpips: mean.lpips,
        splats: file.splats.len(),
        antialiased: config.render.antialiased,
        views,
        left_out,
        protocol,
        sheet,
        seconds,
    })
}
