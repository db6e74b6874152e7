//! What `accrete synth` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use recon::synthetic::random::{Backdrop, SceneKind};

/// What `synth` takes.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub struct SynthArgs {
    /// Folder to write, a new one or an empty one; of several scenes each gets a folder in it,
    /// named after its seed
    #[arg(long, short, value_name = "FOLDER")]
    pub out: PathBuf,

    /// Decides everything
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How many scenes, of this seed and those after it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,

    /// What a scene is
    #[arg(long, value_enum, default_value_t)]
    pub kind: KindName,

    /// Pictures of each scene
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub views: u32,

    /// Pixels along each side of a picture
    #[arg(long, value_name = "PX", default_value_t = 256, value_parser = clap::value_parser!(u32).range(8..=2_048))]
    pub size: u32,

    /// What is seen around an object
    #[arg(long, value_enum, default_value_t)]
    pub backdrop: BackdropName,

    /// Cameras follow one another on a smooth path; else they are scattered
    #[arg(long)]
    pub path: bool,

    /// Folder of pictures that surfaces may show
    #[arg(long, value_name = "FOLDER")]
    pub textures: Option<PathBuf>,

    /// Write distances, too: 16-bit PNG, thousandths of a unit along the ray, 0 for nothing
    #[arg(long)]
    pub depth: bool,

    /// Write normals, too: 16-bit PNG, world axes, -1 to 1 as 0 to 65535, black for nothing
    #[arg(long)]
    pub normals: bool,

    /// Replace files that are there
    #[arg(long)]
    pub overwrite: bool,
}

/// A kind of scene, as the command line calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KindName {
    /// A thing seen from outside
    #[default]
    Object,
    /// A furnished room seen from inside
    Room,
}

impl From<KindName> for SceneKind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Object => Self::Object,
            KindName::Room => Self::Room,
        }
    }
}

/// A backdrop, as the command line calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BackdropName {
    /// Nothing: images are transparent there
    #[default]
    None,
    /// White
    White,
    /// A colour that the seed decides
    Coloured,
    /// A sky and a ground that the seed decides
    Environment,
    /// White, a colour or a sky; the seed decides
    Any,
}

impl From<BackdropName> for Backdrop {
    fn from(name: BackdropName) -> Self {
        match name {
            // White can be taken away again exactly.
            BackdropName::None | BackdropName::White => Self::White,
            BackdropName::Coloured => Self::Coloured,
            BackdropName::Environment => Self::Environment,
            BackdropName::Any => Self::Any,
        }
    }
}
