//! The command line as it is typed; what can be checked one value at a time is checked here.

mod bench;
mod device;
mod edit;
mod eval;
mod eval_model;
mod exporting;
mod measuring;
mod model;
mod network;
mod optimise;
mod poses;
mod reconstruct;
mod render;
mod serve;
mod synth;
mod train;

use std::path::PathBuf;

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use glam::Vec3;
use recon::io::DatasetFormat;

use self::render::colour;
pub use self::render::{RenderArgs, style_name};
pub use bench::{Bench, ModelBenchArgs};
pub use edit::EditArgs;
pub use eval::{EvalArgs, SsimName};
pub use eval_model::EvalModelArgs;
pub use exporting::{AxesName, ExportArgs, PageArgs};
pub use measuring::MeasuringArgs;
pub use model::{ModelCommand, ModelInfoArgs, ModelNewArgs};
pub use network::{ChoiceName, ModeName, NetworkArgs};
pub use optimise::{OptimiseArgs, PresetName, StrategyName, Switches};
pub use poses::{Engine, MapperName, PosesArgs};
pub use reconstruct::ReconstructArgs;
pub use serve::ServeArgs;
pub use synth::{BackdropName, KindName, SynthArgs};
pub use train::TrainArgs;

/// No image is larger, in pixels along a side: beyond it PNG readers and video encoders give up.
const MAX_SIDE_PX: i64 = 16_384;

/// From photos to Gaussian splats on the screen: poses, optimise, view, convert, draw and measure.
///
/// Without a command the window opens, with FILE if one is given.
#[derive(Clone, Debug, Parser)]
#[command(name = "accrete", version, override_usage = USAGE, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to open in the window: a splat file (.ply, .compressed.ply, .splat, .spz, .sog), a
    /// folder or zip of photos, or a pose file
    file: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the program")]
    pub common: Common,
}

const USAGE: &str = "accrete [OPTIONS] [FILE]
       accrete [OPTIONS] <COMMAND> …";

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 an error (told on standard error), 2 no usable graphics adapter.

Examples:
  accrete demo
  accrete scene.spz
  accrete info scene.ply --json
  accrete poses photos/
  accrete info folder-of-photos
  accrete reconstruct photos/ --weights dl3dv_full.pt --out scene.ply
  accrete optimise photos/ --preset fast --out scene.ply
  accrete edit scene.ply --dataset photos/ --remove-floaters --out clean.ply
  accrete eval photos/ scene.ply --sheet sheet.png
  accrete convert-dataset folder out --to colmap
  accrete convert scene.ply scene.spz
  accrete render scene.ply --turntable 120 --out turn.mp4";

impl Cli {
    /// What is to be done.
    ///
    /// # Errors
    /// Where a file for the window stands before another command.
    pub fn chosen(self) -> anyhow::Result<Command> {
        match (self.file, self.command) {
            (file, None) => Ok(Command::View { file }),
            (None, Some(command)) => Ok(command),
            (Some(file), Some(_)) => bail!(
                "{}: one command at a time; a file to open in the window stands alone",
                file.display()
            ),
        }
    }
}

/// What every command understands.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// Graphics adapter: its index in `accrete adapters`, or a part of its name
    #[arg(
        long,
        global = true,
        value_name = "NAME|INDEX",
        env = "ACCRETE_ADAPTER"
    )]
    pub adapter: Option<String>,

    /// Report as JSON, into FILE or on standard output (the text for people then goes to standard
    /// error)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "-"
    )]
    pub json: Option<PathBuf>,

    /// Say nothing but warnings, errors and what --json asks for
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Open the window
    View {
        /// Splat file to open in it
        file: Option<PathBuf>,
    },
    /// Optimise splats for photos of a scene made on the spot: in the window, or into files where
    /// there is no display
    Demo(DemoArgs),
    /// Write a splat file in another format, and say what that loses
    Convert(ConvertArgs),
    /// Tell what a file, a folder or a zip holds: splats, photos with or without poses, a video
    Info {
        /// Splat file, folder or zip of photos, pose file, or video
        file: PathBuf,
    },
    /// Find camera poses for photos or a video
    ///
    /// What is found is judged photo by photo, and kept beside the photos in .accrete, as a COLMAP
    /// model, only if it holds. Photos are never changed. A video's sharpest frames are taken
    /// first, by ffmpeg.
    Poses(PosesArgs),
    /// Let a network (tttLRM) make splats of posed photos: at once, or a few photos at a time
    ///
    /// Photos need poses: `accrete poses` finds them. Every 8th photo is held out and only
    /// measured, unless the dataset says otherwise. Ctrl-C keeps what there is.
    Reconstruct(Box<ReconstructArgs>),
    /// Make splats that look as the photos do
    ///
    /// Photos need poses: `accrete poses` finds them. Every 8th photo is held out and only
    /// measured, unless the dataset says otherwise.
    Optimise(Box<OptimiseArgs>),
    /// Clean up, crop, colour, merge and move a scene, as in the window
    ///
    /// Whatever the order on the command line, it is done in the order below. A project that is
    /// read keeps its edits, and gets these behind them.
    Edit(Box<EditArgs>),
    /// Measure a splat file on held-out photos: PSNR, SSIM, LPIPS
    Eval(EvalArgs),
    /// Measure a network as the tttLRM paper does: scene by scene, and the mean
    ///
    /// Every 8th frame of a scene is held out, the input views are those published with the scene
    /// or chosen by k-means. Photos and renders have the network's size. PSNR, SSIM (7 × 7,
    /// uniform) and LPIPS are means over a scene's views, then over the scenes. A scene that fails
    /// is named; the exit code is then 1.
    EvalModel(Box<EvalModelArgs>),
    /// Let programs on other machines run networks on this machine's GPU
    ///
    /// Prints the address that the other side gives to --device. Whoever has it can compute here:
    /// it holds a token. The link is encrypted and direct; Ctrl-C ends it.
    Serve(ServeArgs),
    /// Write posed photos in another format, as a folder that needs nothing else
    ///
    /// Photos are copied; where the format cannot hold a lens's distortion they are undistorted.
    ConvertDataset(ConvertDatasetArgs),
    /// Write pictures of random scenes, with poses: to train networks on, or to try things with
    ///
    /// Everything follows from the seed. Each scene's folder has nerfstudio's transforms.json,
    /// opencv_cameras.json, images, and a few thousand points of the surfaces. Ctrl-C ends it
    /// after the scene that is being written.
    Synth(SynthArgs),
    /// Draw a splat file into images or a video
    ///
    /// Without --camera, --path, --through-photos or --turntable the whole scene is framed from its
    /// front. Images too large for the graphics device are drawn in parts.
    Render(RenderArgs),
    /// Look into files with a network's weights, and write new ones
    #[command(subcommand)]
    Model(ModelCommand),
    /// Train a network for `reconstruct` on generated scenes
    ///
    /// Whatever ends it, a checkpoint and weights stay in the folder, and --resume goes on.
    Train(TrainArgs),
    /// Measure the speed of this machine
    #[command(subcommand)]
    Bench(Bench),
    /// List the graphics adapters and what each can hold
    Adapters,
}

/// What `demo` takes.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Folder for accrete-demo.png and accrete-demo.ply where no window opens
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,

    /// Open no window even where there is a display
    #[arg(long)]
    pub headless: bool,

    /// Steps of the optimisation
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
}

/// What `convert` takes.
#[derive(Args, Clone, Debug)]
pub struct ConvertArgs {
    /// Splat file to read; what it contains counts, not its name
    #[arg(value_name = "IN")]
    pub input: PathBuf,

    /// Splat file to write: .ply, .compressed.ply, .splat, .spz or .sog, or a page: .html
    #[arg(value_name = "OUT")]
    pub output: PathBuf,

    /// Version of an .spz file: 4, or 3 for programs that do not read 4 yet
    #[arg(long, value_name = "VERSION", default_value_t = 4, value_parser = clap::value_parser!(u32).range(3..=4))]
    pub spz_version: u32,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub exporting: ExportArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub page: PageArgs,
}

/// What `convert-dataset` takes.
#[derive(Args, Clone, Debug)]
pub struct ConvertDatasetArgs {
    /// Folder or zip of posed photos, or a pose file beside its photos
    #[arg(value_name = "IN")]
    pub input: PathBuf,

    /// Folder to write: a new one, or an empty one
    #[arg(value_name = "OUT")]
    pub output: PathBuf,

    /// Format of the poses
    #[arg(long, value_name = "FORMAT", value_parser = dataset_format_parser())]
    pub to: DatasetFormat,
}

/// What a format of posed photos is called on the command line.
pub fn dataset_format_name(format: DatasetFormat) -> &'static str {
    match format {
        DatasetFormat::OpencvCameras => "opencv_cameras",
        DatasetFormat::Colmap => "colmap",
        DatasetFormat::ColmapText => "colmap-text",
        DatasetFormat::Transforms => "transforms",
        DatasetFormat::Inria => "inria",
    }
}

fn dataset_format_parser() -> impl TypedValueParser<Value = DatasetFormat> {
    PossibleValuesParser::new(DatasetFormat::ALL.map(dataset_format_name)).map(|name| {
        let named = |it: &DatasetFormat| dataset_format_name(*it) == name;
        // The parser has let through nothing but names of the list.
        DatasetFormat::ALL
            .into_iter()
            .find(named)
            .unwrap_or(DatasetFormat::Colmap)
    })
}

fn up_axis(text: &str) -> Result<Vec3, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "-y" => Vec3::NEG_Y,
        "+y" | "y" => Vec3::Y,
        "+z" | "z" => Vec3::Z,
        "-z" => Vec3::NEG_Z,
        "+x" | "x" => Vec3::X,
        "-x" => Vec3::NEG_X,
        _ => return Err("expected -y, +y, +z, -z, +x or -x".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// What the words of a command line come to.
    pub(super) fn parsed(command: &str, args: &str) -> Result<Command, clap::Error> {
        let words = command.split_whitespace().chain(args.split_whitespace());
        let cli = Cli::try_parse_from(["accrete"].into_iter().chain(words))?;
        Ok(cli.chosen().unwrap())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_window_opens() {
        let command = |words: &[&str]| Cli::try_parse_from(words).unwrap().chosen();
        assert!(matches!(
            command(&["accrete"]).unwrap(),
            Command::View { file: None }
        ));
        for words in [&["accrete", "a.ply"][..], &["accrete", "view", "a.ply"]] {
            let Command::View { file } = command(words).unwrap() else {
                panic!("{words:?}");
            };
            assert_eq!(file, Some(PathBuf::from("a.ply")));
        }
        command(&["accrete", "a.ply", "adapters"]).unwrap_err();
    }

    #[test]
    fn json_goes_to_a_file_or_to_standard_output() {
        let json = |words: &[&str]| Cli::try_parse_from(words).unwrap().common.json;
        assert_eq!(json(&["accrete", "info", "a.ply"]), None);
        let stdout = Some(PathBuf::from("-"));
        assert_eq!(json(&["accrete", "info", "--json", "a.ply"]), stdout);
        assert_eq!(json(&["accrete", "--json", "info", "a.ply"]), stdout);
        let file = Some(PathBuf::from("r.json"));
        assert_eq!(json(&["accrete", "info", "a.ply", "--json=r.json"]), file);
    }
}
