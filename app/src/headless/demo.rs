//! `accrete demo`: photos of a generated object become splats, by the shipped network and then step
//! by step, in the window or as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::render::{Camera, Intrinsics, Rasterizer, RenderConfig, Window};
use anyhow::{Context, bail};
use glam::{Affine3A, DAffine3};
use recon::dataset::Dataset;
use recon::film::draw_picture;
use recon::io::{self, ExportOptions, IoError, Opened, SampleFiles, SplatFormat, write_sample};
use recon::model::{Devices, ReconstructConfig, SHIPPED};
use recon::optim::{Background, OptimiseConfig, sequel};
use recon::synthetic::random::{Backdrop, SampleConfig, sample};
use recon::train::HELD_OUT;
use recon::worker::{OptimiseReport, ReconstructJob};
use serde::Serialize;

use super::console::with_causes;
use super::job::Job;
use super::optimising::save;
use super::reconstructing::Run;
use super::{Console, OpenGpu, has_display, measuring};
use crate::args::DemoArgs;
use crate::window;

const WIDTH_PX: u32 = 640;
const HEIGHT_PX: u32 = 480;

/// Decides the object. It is none that the network has learnt from: those have no upper bit.
const SEED: u64 = HELD_OUT | 8;

/// Photos that are taken of it, of which every eighth is held out, and how large they are.
const PHOTOS: usize = 24;
const SIDE_PX: u32 = 256;

/// Photos that the network sees.
const SEEN: usize = 16;

/// Splats that are optimised: enough for the object, few enough for a processor.
const BUDGET: usize = 20_000;

/// Measurements of the optimisation on the way.
const MEASUREMENTS: u32 = 3;

/// White is what the network knows behind objects.
const WHITE: [f32; 3] = [1.0; 3];

#[derive(Serialize)]
struct Report<'a> {
    adapter: &'a str,
    photos: usize,
    /// On held-out photos, of the network's splats.
    instant_psnr: Option<f64>,
    instant_ssim: Option<f64>,
    instant_secs: f32,
    /// In the end.
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
    let job = job(&folder.0.join("photos"), args.steps)?;
    if !args.headless && has_display() {
        let start = window::Start::Reconstruct(Box::new(job.clone()));
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

/// Takes photos of a generated object and describes what is to be done with them.
fn job(folder: &Path, steps: u32) -> anyhow::Result<ReconstructJob> {
    let object = sample(
        SEED,
        &SampleConfig {
            backdrop: Backdrop::White,
            size: [SIDE_PX; 2],
            views: PHOTOS,
            ..SampleConfig::default()
        },
    );
    write_sample(folder, &object, SampleFiles::default(), false)?;
    let Opened::Dataset(dataset) = io::open(folder)? else {
        bail!("{}: the photos did not open as such", folder.display());
    };
    Ok(ReconstructJob {
        dataset: Arc::new(dataset),
        weights: SHIPPED.into(),
        model: None,
        devices: Devices::default(),
        config: ReconstructConfig {
            views: SEEN,
            background: WHITE,
            ..ReconstructConfig::default()
        },
        then: Some(OptimiseConfig {
            evaluate_every: steps.div_ceil(MEASUREMENTS),
            background: Background::Known(WHITE),
            splat_budget: Some(BUDGET),
            ..sequel(steps)
        }),
        enough: None,
        max_side: None,
        lpips: None,
        watch: None,
        keep: None,
        continues: None,
    })
}

fn write_files(
    console: &Console,
    open_gpu: OpenGpu<'_>,
    folder: &Path,
    job: ReconstructJob,
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
    let camera = camera(&job.dataset);
    let mut worker = Job::start(console, Some(gpu.clone()))?;
    let run = Run::of(&mut worker, job)?;
    let format = (SplatFormat::Ply, ExportOptions::default());
    save(&run.snapshot, &mut worker, format, &ply)?;

    let file = &run.snapshot.file;
    let mut rasterizer = Rasterizer::new(&gpu)?;
    let config = RenderConfig {
        background: WHITE,
        antialiased: file.antialiased.unwrap_or(false),
        ..RenderConfig::default()
    };
    let splats = &run.snapshot.splats;
    let whole = [Window::whole(&camera)];
    let scene = (splats, &config);
    let picture = draw_picture(&gpu, &mut rasterizer, scene, (&camera, &whole), &mut || {
        Ok(())
    })?;
    picture.save_png(&png)?;

    let instant = &run.report;
    let (count, degree) = (file.splats.len(), file.splats.sh_degree);
    let none = OptimiseReport::default();
    let optimised = run.optimised.as_ref().unwrap_or(&none);
    console.say(format_args!(
        "The network: {} splats from {SEEN} of {photos} photos in {:.1} s",
        instant.splats, instant.secs
    ))?;
    if let Some(report) = &instant.evaluation {
        measuring::tell(console, report)?;
    }
    console.say(format_args!(
        "Optimised: {count} splats after {} steps",
        optimised.steps
    ))?;
    let last = optimised.evaluations.last().map(|it| &it.report);
    if let Some(report) = last {
        measuring::tell(console, report)?;
    }
    console.say(format_args!("Picture: {}", png.display()))?;
    console.say(format_args!("Splats:  {}", ply.display()))?;
    let first = instant.evaluation.as_ref().and_then(|it| it.mean);
    let mean = last.and_then(|it| it.mean);
    console.report(&Report {
        adapter: &gpu.capabilities().name,
        photos,
        instant_psnr: first.map(|it| it.psnr),
        instant_ssim: first.map(|it| it.ssim),
        instant_secs: instant.secs,
        psnr: mean.map(|it| it.psnr),
        ssim: mean.map(|it| it.ssim),
        steps: optimised.steps,
        steps_per_sec: optimised.steps_per_sec,
        splats: count,
        sh_degree: degree,
        width: WIDTH_PX,
        height: HEIGHT_PX,
        png,
        ply,
    })
}

/// That of the first photo, with a wider picture.
fn camera(dataset: &Dataset) -> Camera {
    let view = dataset.views.first();
    let c2w = view.map_or(DAffine3::IDENTITY, |it| it.c2w);
    let lens = view.and_then(|it| dataset.lenses.get(it.lens));
    let fov = lens.map_or(1.0, |it| 2.0 * (0.5 * f64::from(SIDE_PX) / it.fy).atan());
    let rotation = c2w.matrix3.as_mat3();
    Camera {
        intrinsics: Intrinsics::from_vertical_fov(fov as f32, WIDTH_PX, HEIGHT_PX),
        c2w: Affine3A::from_mat3_translation(rotation, c2w.translation.as_vec3()),
    }
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
