//! What `accrete eval` takes.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use recon::metrics::SsimVariant;

use super::measuring::MeasuringArgs;

/// What `eval` takes.
#[derive(Args, Clone, Debug)]
pub struct EvalArgs {
    /// Folder or zip of posed photos, or a pose file beside its photos
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,

    /// Splat file to measure
    #[arg(value_name = "SCENE")]
    pub scene: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as the help of the command")]
    pub measuring: MeasuringArgs,

    /// Colour behind the scene, and behind transparent photos: RRGGBB, or r,g,b from 0 to 1
    #[arg(long, value_name = "RRGGBB|r,g,b", default_value = "000000", value_parser = super::colour)]
    pub background: [f32; 3],

    /// Which SSIM
    #[arg(long, value_enum, default_value_t = SsimName::Gaussian)]
    pub ssim: SsimName,

    /// Draw for splats that were optimised with antialiasing [default: what the file says]
    #[arg(
        long,
        value_name = "on|off",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "on",
        value_parser = BoolishValueParser::new()
    )]
    pub antialiased: Option<bool>,
}

/// A variant of SSIM, as the command line calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SsimName {
    /// Gaussian windows of 11 × 11 pixels, as most papers on splats have it
    #[default]
    Gaussian,
    /// Windows of 7 × 7 pixels of equal weight, as scikit-image and tttLRM have it
    Uniform,
}

impl From<SsimName> for SsimVariant {
    fn from(name: SsimName) -> Self {
        match name {
            SsimName::Gaussian => Self::Gaussian11,
            SsimName::Uniform => Self::Uniform7,
        }
    }
}
