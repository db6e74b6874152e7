//! The desktop application and its command line: windows, panels, and the modes without a window.
//!
//! ```no_run
//! use clap::Parser;
//!
//! let cli = app::args::Cli::parse_from(["accrete", "info", "scene.ply"]);
//! app::run(cli)?;
//! # anyhow::Ok(())
//! ```
//!
//! What is deliberately absent: no algorithm. Files, scenes and cameras are `recon`'s, drawing is
//! `render`'s.

pub mod action;
pub mod app;
pub mod args;
pub mod compare;
pub mod editor;
pub mod film;
pub mod headless;
pub mod kept_adapter;
pub mod keys;
pub mod leaving;
pub mod optimise;
pub mod palette;
pub mod panels;
pub mod project;
pub mod settings;
pub mod state;
mod theme;
pub mod viewport;
pub mod window;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use render::gpu::{Gpu, GpuError, GpuOptions};

pub use theme::apply as apply_theme;

use args::{Bench, Cli, Command};
use headless::Console;
use window::Start;

/// Exit code where there is no graphics adapter to work with.
const NO_ADAPTER: u8 = 2;

/// Runs what the command line asks for. Exit code 0, 1 (an error, told on standard error), or 2
/// (no usable graphics adapter).
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(err) => {
            // Nothing can be done where even the help text finds no reader.
            err.print().ok();
            return ExitCode::from(u8::from(err.use_stderr()));
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) if headless::is_closed_output(&err) => ExitCode::SUCCESS,
        Err(err) => {
            headless::tell_error(&err);
            exit_code(&err)
        }
    }
}

/// Runs one mode of the program.
///
/// # Errors
/// Whatever prevents it, in words for a person.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let console = Console::new(&cli.common)?;
    let options = GpuOptions {
        adapter: cli.common.adapter.clone(),
    };
    let open_gpu = || Gpu::open(&options);
    // A window remembers what was chosen in it; a script shall not depend on that.
    let open_for_window = || kept_adapter::open_gpu(&options);
    match cli.chosen()? {
        Command::View { file } => view(&console, &open_for_window, file),
        Command::Demo(args) => headless::demo::run(&console, &open_for_window, &args),
        Command::Convert(args) => headless::convert::run(&console, &args),
        Command::ConvertDataset(args) => headless::convert_dataset::run(&console, &args),
        Command::Info { file } => headless::info::run(&console, &file),
        Command::Poses(args) => headless::poses::run(&console, &args),
        Command::Reconstruct(args) => headless::reconstruct::run(&console, &open_gpu, &args),
        Command::Optimise(args) => headless::optimise::run(&console, &open_gpu, &args),
        Command::Edit(args) => headless::edit::run(&console, &open_gpu, &args),
        Command::Eval(args) => headless::eval::run(&console, &open_gpu, &args),
        Command::EvalModel(args) => headless::eval_model::run(&console, &open_gpu, &args),
        Command::Serve(args) => serve(&console, &open_gpu, &args),
        Command::Synth(args) => headless::synth::run(&console, &args),
        Command::Render(args) => headless::render::run(&console, &open_gpu, &args),
        Command::Bench(Bench::Render { quick }) => headless::bench::run(&console, &open_gpu, quick),
        Command::Bench(Bench::Train { quick }) => {
            headless::bench::train::run(&console, &open_gpu, quick)
        }
        Command::Bench(Bench::Model(args)) => {
            headless::bench::model::run(&console, &open_gpu, &args)
        }
        Command::Bench(Bench::Edit) => headless::bench::edit::run(&console, &open_gpu),
        Command::Bench(Bench::Synth) => headless::bench::synth::run(&console),
        Command::Bench(Bench::Dataset { folder, photos }) => {
            headless::bench::dataset::run(&console, folder.as_deref(), photos)
        }
        Command::Model(command) => headless::model::run(&console, &command),
        Command::Train(args) => headless::train::run(&console, &open_gpu, &args),
        Command::Adapters => headless::adapters::run(&console),
    }
}

#[cfg(feature = "remote")]
use headless::serve::run as serve;

#[cfg(not(feature = "remote"))]
fn serve(_: &Console, _: headless::OpenGpu<'_>, _: &args::ServeArgs) -> anyhow::Result<()> {
    Err(recon::model::RemoteError::NotBuilt.into())
}

fn view(
    console: &Console,
    open_gpu: &dyn Fn() -> Result<Gpu, GpuError>,
    file: Option<PathBuf>,
) -> anyhow::Result<()> {
    if let Some(file) = &file {
        let found = file.try_exists();
        let found = found.with_context(|| file.display().to_string())?;
        if !found {
            bail!(
                "{}: no such file (nor is it a command; `accrete --help` lists them)",
                file.display()
            );
        }
    }
    if !headless::has_display() {
        bail!(
            "there is no display to open a window on (DISPLAY and WAYLAND_DISPLAY are not set). \
             `accrete render FILE --out x.png` draws without one"
        );
    }
    console.no_report("a window");
    window::run(open_gpu()?, file.map_or(Start::Empty, Start::Open))
}

fn exit_code(err: &anyhow::Error) -> ExitCode {
    ExitCode::from(match err.downcast_ref::<GpuError>() {
        Some(
            GpuError::NoAdapter
            | GpuError::NoSuchAdapter { .. }
            | GpuError::Unfit { .. }
            | GpuError::NoDevice { .. },
        ) => NO_ADAPTER,
        _ => 1,
    })
}
