//! `accrete demo`: a scene made on the spot, in the window or as files.

use std::fs;
use std::path::{Path, PathBuf};

use ::render::{GpuSplats, Rasterizer, RenderConfig};
use recon::io::{self, IoError, SplatFile, SplatFormat};
use recon::synthetic::{DEMO_SEED, DEMO_SH_DEGREE, DEMO_SPLATS, demo_camera, demo_scene};
use serde::Serialize;

use super::console::with_causes;
use super::frames::Picture;
use super::{Console, OpenGpu, has_display};
use crate::args::DemoArgs;
use crate::window::{self, Start};

const WIDTH_PX: u32 = 640;
const HEIGHT_PX: u32 = 480;

#[derive(Serialize)]
struct Report<'a> {
    adapter: &'a str,
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
    if !args.headless && has_display() {
        match window::run(open_gpu()?, Start::Demo) {
            Ok(()) => {
                console.no_report("a window");
                return Ok(());
            }
            Err(err) => console.warn(format_args!(
                "the window could not open ({}); drawing into files instead",
                with_causes(&err)
            )),
        }
    } else if !args.headless {
        console.say("There is no display to open a window on; drawing into files instead.")?;
    }
    write_files(console, open_gpu, &args.out)
}

fn write_files(console: &Console, open_gpu: OpenGpu<'_>, folder: &Path) -> anyhow::Result<()> {
    let gpu = open_gpu()?;
    fs::create_dir_all(folder).map_err(|it| IoError::system(folder, it))?;
    // A person looks for it later, from elsewhere.
    let folder = std::path::absolute(folder).map_err(|it| IoError::system(folder, it))?;
    let (png, ply) = (
        folder.join("accrete-demo.png"),
        folder.join("accrete-demo.ply"),
    );
    let file = SplatFile::new(
        demo_scene(DEMO_SEED, DEMO_SPLATS, DEMO_SH_DEGREE),
        SplatFormat::Ply,
    );
    io::save(&ply, &file)?;

    let splats = GpuSplats::upload(&gpu, &file.splats)?;
    let mut rasterizer = Rasterizer::new(&gpu)?;
    let camera = demo_camera(WIDTH_PX, HEIGHT_PX);
    let config = RenderConfig::default();
    let (picture, _) = Picture::draw(&gpu, &mut rasterizer, &splats, &camera, &config)?;
    picture.save_png(&png)?;

    console.say(format_args!("Picture: {}", png.display()))?;
    console.say(format_args!(
        "Splats:  {} ({DEMO_SPLATS}, SH degree {DEMO_SH_DEGREE})",
        ply.display()
    ))?;
    console.report(&Report {
        adapter: &gpu.capabilities().name,
        splats: DEMO_SPLATS,
        sh_degree: DEMO_SH_DEGREE,
        width: WIDTH_PX,
        height: HEIGHT_PX,
        png,
        ply,
    })
}
