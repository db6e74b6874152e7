//! `accrete demo`: photos of a generated scene become splats, in the window or as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::render::{Rasterizer, RenderConfig};
use anyhow::{Context, bail};
use recon::io::{self, ExportOptions, IoError, Opened, SplatFormat};
use recon::optim::{self, OptimiseConfig, Preset};
use recon::synthetic::{self, demo_camera, demo_photos, photos};
use recon::worker::{OptimiseJob, Start};
use serde::Serialize;

use super::console::with_causes;
use super::frames::Picture;
use super::job::Job;
use super::optimising::{Run, save};
use super::{Console, OpenGpu, has_display, measuring};
use crate::args::DemoArgs;
use crate::window;

const WIDTH_PX: u32 = 640;
const HEIGHT_PX: u32 = 480;

/// Measurements on the way.
const MEASUREMENTS: u32 = 3;

#[derive(Serialize)]
struct Report<'a> {
    adapter: &'a str,
    photos: usize,
    /// On held-out photos.
    psnr: Option<f64>,
    ssim: Option<f64>,
    steps: u32,
    steps_per_sec: f32,
    splats: usize,
    sh_degree: u32,
    width: u32,
    height: u32,
    png: PathBuf,
    ply: PathBuf,
}

/// Opens the window where there is a display, else writes the files.
///
/// # Errors
/// Where there is no adapter, or a file cannot be written.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &DemoArgs) -> anyhow::Result<()> {
    let folder = Temporary::new()?;
    let job = job(&folder.0, args.steps)?;
    if !args.headless && has_display() {
        let start = window::Start::Optimise(Box::new(job.clone()));
        match window::run(open_gpu()?, start) {
            Ok(()) => {
                console.no_report("a window");
                return Ok(());
            }
            Err(err) => console.warn(format_args!(
                "the window could not open ({}); working into files instead",
                with_causes(&err)
            )),
        }
    } else if !args.headless {
        console.say("There is no display to open a window on; working into files instead.")?;
    }
    write_files(console, open_gpu, &args.out, job)
}

/// Takes the photos, cast ray by ray, and describes what is to be done with them.
fn job(folder: &Path, steps: u32) -> anyhow::Result<OptimiseJob> {
    let config = demo_photos();
    io::write_photos(folder, &photos(&config))?;
    let Opened::Dataset(dataset) = io::open(folder)? else {
        bail!("{}: the photos did not open as such", folder.display());
    };
    let background = match config.background {
        synthetic::Background::Plain(rgb) => rgb,
        _ => [0.0; 3],
    };
    Ok(OptimiseJob {
        dataset: Arc::new(dataset),
        start: Start::Points,
        config: OptimiseConfig {
            steps,
            evaluate_every: steps.div_ceil(MEASUREMENTS),
            background: optim::Background::Known(background),
            ..optim::preset(Preset::Fast)
        },
        checkpoint: None,
        lpips: None,
    })
}

fn write_files(
    console: &Console,
    open_gpu: OpenGpu<'_>,
    folder: &Path,
    job: OptimiseJob,
) -> anyhow::Result<()> {
    let gpu = open_gpu()?;
    fs::create_dir_all(folder).map_err(|it| IoError::system(folder, it))?;
    // A person looks for it later, from elsewhere.
    let folder = std::path::absolute(folder).map_err(|it| IoError::system(folder, it))?;
    let (png, ply) = (
        folder.join("accrete-demo.png"),
        folder.join("accrete-demo.ply"),
    );
    let photos = job.dataset.views.len();
    let background = match job.config.background {
        optim::Background::Known(rgb) => rgb,
        optim::Background::Random => [0.0; 3],
    };
    let mut worker = Job::start(console, Some(gpu.clone()))?;
    let run = Run::of(&mut worker, job)?;
    let format = (SplatFormat::Ply, ExportOptions::default());
    save(&run.snapshot, &mut worker, format, &ply)?;

    let file = &run.snapshot.file;
    let mut rasterizer = Rasterizer::new(&gpu)?;
    let camera = demo_camera(WIDTH_PX, HEIGHT_PX);
    let config = RenderConfig {
        background,
        antialiased: file.antialiased.unwrap_or(false),
        ..RenderConfig::default()
    };
    let splats = &run.snapshot.splats;
    let (picture, _) = Picture::draw(&gpu, &mut rasterizer, splats, &camera, &config)?;
    picture.save_png(&png)?;

    let (count, degree) = (file.splats.len(), file.splats.sh_degree);
    console.say(format_args!(
        "{count} splats from {photos} photos after {} steps",
        run.report.steps
    ))?;
    let last = run.report.evaluations.last().map(|it| &it.report);
    if let Some(report) = last {
        measuring::tell(console, report)?;
    }
    console.say(format_args!("Picture: {}", png.display()))?;
    console.say(format_args!("Splats:  {}", ply.display()))?;
    let mean = last.and_then(|it| it.mean);
    console.report(&Report {
        adapter: &gpu.capabilities().name,
        photos,
        psnr: mean.map(|it| it.psnr),
        ssim: mean.map(|it| it.ssim),
        steps: run.report.steps,
        steps_per_sec: run.report.steps_per_sec,
        splats: count,
        sh_degree: degree,
        width: WIDTH_PX,
        height: HEIGHT_PX,
        png,
        ply,
    })
}

/// A folder of this run's own, which goes with it.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> anyhow::Result<Self> {
        let name = format!("accrete-demo-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What is left there the system clears away one day.
        fs::remove_dir_all(&self.0).ok();
    }
}
