//! What `accrete poses` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use recon::poses::Mapper;

use super::MAX_SIDE_PX;

/// What `poses` takes.
#[derive(Args, Clone, Debug)]
pub struct PosesArgs {
    /// Folder or zip of photos, or a video
    #[arg(value_name = "FOLDER|VIDEO")]
    pub path: PathBuf,

    /// Which engine: auto is the built-in one, then COLMAP where it is found and the first result
    /// does not hold [default: auto]
    #[arg(long, value_enum)]
    pub engine: Option<Engine>,

    /// COLMAP's program or folder, where it is not on PATH (also: ACCRETE_COLMAP)
    #[arg(long, value_name = "PATH")]
    pub colmap: Option<PathBuf>,

    /// Let COLMAP use a graphics card
    #[arg(long)]
    pub gpu: bool,

    /// COLMAP's mapper: one photo after the other, or all at once (COLMAP 4)
    #[arg(long, value_enum, default_value_t = MapperName::Incremental)]
    pub mapper: MapperName,

    /// Longer side in pixels that features are looked for at [default: 960]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(64..=MAX_SIDE_PX))]
    pub max_side: Option<u32>,

    /// Features per photo [default: 2048]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=100_000))]
    pub max_features: Option<u32>,

    /// Focal length in 35 mm equivalents, where EXIF has none
    #[arg(long = "focal-35mm", value_name = "F", value_parser = focal_35mm)]
    pub focal_35mm: Option<f64>,

    /// Photos follow one another: match each with its next N only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub sequential: Option<u32>,

    /// Frames to take from a video
    #[arg(long, value_name = "N", default_value_t = 150, value_parser = clap::value_parser!(u32).range(2..=2000))]
    pub frames: u32,

    /// Seed of every random choice
    #[arg(long, default_value_t = 0)]
    pub seed: u64,

    /// Where to keep the poses [default: beside the photos]; of a video, where to put its frames
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Also where poses are there already
    #[arg(long)]
    pub force: bool,
}

/// The engines by their names on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "clap would show it beside each name")]
pub enum Engine {
    Auto,
    Builtin,
    Colmap,
}

/// COLMAP's mappers by their names on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "clap would show it beside each name")]
pub enum MapperName {
    Incremental,
    Global,
}

impl From<MapperName> for Mapper {
    fn from(name: MapperName) -> Self {
        match name {
            MapperName::Incremental => Self::Incremental,
            MapperName::Global => Self::Global,
        }
    }
}

fn focal_35mm(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(mm) if (1.0..=2000.0).contains(&mm) => Ok(mm),
        _ => Err("expected millimetres from 1 to 2000".to_owned()),
    }
}
