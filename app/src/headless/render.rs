//! `accrete render`: a splat file into images or a video.

use std::path::Path;
use std::time::Instant;

use ::render::{GpuSplats, Rasterizer, RenderConfig};
use recon::io;
use serde::Serialize;

use super::frames::{Frames, Picture};
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
    let mut frames = Frames::create(&args.out, &shots, args.fps)?;
    let config = RenderConfig {
        antialiased: args.antialiased.or(file.antialiased).unwrap_or(false),
        background: args.background,
        eps2d: args.eps2d,
        style: args.style,
        near: shots.near,
        ..RenderConfig::default()
    };

    let gpu = open_gpu()?;
    let splats = GpuSplats::upload(&gpu, &file.splats)?;
    let mut rasterizer = Rasterizer::new(&gpu)?;
    let images = shots.cameras.len();
    let bar = console.progress(images as u64, "drawing");
    let clock = Instant::now();
    let mut incomplete = 0;
    for camera in &shots.cameras {
        let (picture, stats) = Picture::draw(&gpu, &mut rasterizer, &splats, camera, &config)?;
        incomplete += usize::from(stats.overflowed);
        frames.push(&picture)?;
        bar.inc(1);
    }
    frames.finish()?;
    bar.finish_and_clear();

    if 0 < incomplete {
        warnings.push(format!(
            "in {incomplete} of {images} images more splats overlap than {} can hold; the farthest are missing",
            gpu.capabilities().name
        ));
    }
    if file.splats.is_empty() {
        warnings.push("there are no splats in it".to_owned());
    }
    for warning in &warnings {
        console.warn(format_args!("{}: {warning}", args.file.display()));
    }
    let size = shots.cameras.first().map(|it| it.intrinsics);
    let (width, height) = size.map_or((0, 0), |it| (it.width, it.height));
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
        antialiased: config.antialiased,
        out: &args.out,
        images,
        width,
        height,
        seconds,
        warnings,
    })
}
