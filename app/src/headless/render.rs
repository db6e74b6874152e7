//! `accrete render`: a splat file into images or a video.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use ::render::{GpuSplats, Rasterizer, RenderConfig};
use recon::film::{Film, shoot};
use recon::io;
use serde::Serialize;

use super::interrupt::Interrupts;
use super::shots::Shots;
use super::{Console, OpenGpu};
use crate::args::{RenderArgs, style_name};

#[derive(Serialize)]
struct Report<'a> {
    input: &'a Path,
    splats: usize,
    sh_degree: u32,
    adapter: &'a str,
    style: &'static str,
    antialiased: bool,
    out: &'a Path,
    images: usize,
    width: u32,
    height: u32,
    /// Drawing and writing all images.
    seconds: f64,
    warnings: Vec<String>,
}

/// Draws `args.file` and writes `args.out`.
///
/// # Errors
/// Where something cannot be read, drawn or written.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &RenderArgs) -> anyhow::Result<()> {
    let file = io::open_splats(&args.file)?;
    let mut warnings = file.warnings.clone();
    let shots = Shots::new(args, &file.splats)?;
    let config = RenderConfig {
        antialiased: args.antialiased.or(file.antialiased).unwrap_or(false),
        background: args.background,
        eps2d: args.eps2d,
        style: args.style,
        near: shots.near,
        ..RenderConfig::default()
    };

    let film = Film {
        cameras: shots.cameras,
        is_still: shots.is_single,
        config,
        out: args.out.clone(),
        fps: args.fps,
    };
    film.check()?;

    let gpu = open_gpu()?;
    let splats = GpuSplats::upload(&gpu, &file.splats)?;
    let mut rasterizer = Rasterizer::new(&gpu)?;
    let bar = console.progress(0, "drawing");
    let interrupts = Interrupts::heed();
    let clock = Instant::now();
    let made = shoot(&gpu, &mut rasterizer, &splats, &film, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        if interrupts.taken() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let made = made?;
    warnings.extend(made.warnings);
    if file.splats.is_empty() {
        warnings.push("there are no splats in it".to_owned());
    }
    for warning in &warnings {
        console.warn(format_args!("{}: {warning}", args.file.display()));
    }
    let [width, height] = made.size;
    let images = made.images;
    let seconds = clock.elapsed().as_secs_f64();
    console.say(format_args!(
        "{}: {images} image{} of {width} x {height} pixels, {} splats, {seconds:.2} s on {}",
        args.out.display(),
        if images == 1 { "" } else { "s" },
        file.splats.len(),
        gpu.capabilities().name
    ))?;
    console.report(&Report {
        input: &args.file,
        splats: file.splats.len(),
        sh_degree: file.splats.sh_degree,
        adapter: &gpu.capabilities().name,
        style: style_name(args.style),
        antialiased: film.config.antialiased,
        out: &args.out,
        images,
        width,
        height,
        seconds,
        warnings,
    })
}
