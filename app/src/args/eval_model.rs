//! What `accrete eval-model` takes.

use std::path::PathBuf;

use clap::Args;
use recon::model::ORIGIN;

use super::network::NetworkArgs;

/// What `eval-model` takes.
#[derive(Args, Clone, Debug)]
#[command(after_help = ORIGIN)]
pub struct EvalModelArgs {
    /// JSON array of paths of scenes (opencv_cameras.json), from here or from the list's folder
    #[arg(value_name = "LIST.JSON")]
    pub list: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub network: NetworkArgs,

    /// Put cameras by the input views alone; the paper has the held-out ones in it
    #[arg(long)]
    pub without_targets: bool,

    /// Published choices of input views, where the scenes' own files have none: a JSON array of
    /// {scene_name, fold_8_kmeans_16_input, …}, as Long-LRM has them
    #[arg(long, value_name = "FOLDS.JSON")]
    pub folds: Option<PathBuf>,

    /// End with the first scene that fails; else the others are measured all the same
    #[arg(long)]
    pub stop_on_failure: bool,

    /// LPIPS weights: a file, or a folder of them; without, LPIPS is not measured
    #[arg(long, value_name = "PATH", env = "ACCRETE_LPIPS")]
    pub lpips: Option<PathBuf>,
}
