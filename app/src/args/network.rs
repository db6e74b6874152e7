//! What commands take that let the network make splats.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use recon::model::newton_schulz::Precision;
use recon::model::{Devices, Elastic, Mode, Numerics, ReconstructConfig, SHIPPED, ViewChoice};

use super::device::devices;

/// The network and what it is shown.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct NetworkArgs {
    /// The network's weights: object-small, which comes with Accrete and is for single objects, or a
    /// file: .safetensors, or .pt as PyTorch writes it. Those of the paper are dl3dv_full.pt, made
    /// for --mode full, and dl3dv_ar.pt, made for the others; see below
    #[arg(long, value_name = "FILE", env = "ACCRETE_WEIGHTS", default_value = SHIPPED)]
    pub weights: PathBuf,

    /// The network's settings, .toml or .json [default: the file beside the weights, else as
    /// published]
    #[arg(long, value_name = "CONFIG")]
    pub model: Option<PathBuf>,

    /// What the network runs on: auto, cpu, gpu, cuda, cuda:1, or remote:ADDRESS as `accrete serve`
    /// prints it (remote alone takes it from ACCRETE_REMOTE). Several with commas, such as
    /// cuda:0,cuda:1, share the views; modes full and replay can do that
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = devices)]
    pub device: Devices,

    /// How the views are taken in
    #[arg(long, value_enum, default_value_t = ModeName::Full)]
    pub mode: ModeName,

    /// How many views the network sees
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = count)]
    pub views: usize,

    /// How many views a chunk has
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = count)]
    pub chunk: usize,

    /// Which views the network sees [default: kmeans; all where the folder is watched]
    #[arg(long, value_enum)]
    pub choice: Option<ChoiceName>,

    /// Draw fast weights that matter little for the newest views back to what they were (the
    /// paper's selective update; for chunks)
    #[arg(long)]
    pub selective: bool,

    /// Of all chance
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Round rays to bfloat16, as the published program does: its weights were made so
    #[arg(long, help_heading = "Numerics")]
    pub bf16_rays: bool,

    /// Round the updates of the fast weights to bfloat16, as the published program does
    #[arg(long, help_heading = "Numerics")]
    pub bf16_updates: bool,

    /// Products of linear layers and fast weights in half precision, where the device has it
    #[arg(long, help_heading = "Numerics")]
    pub half: bool,

    /// Added to the mean square of queries and keys [default: 2⁻²³; 0.0078125 in the published
    /// runs]
    #[arg(long, value_name = "X", help_heading = "Numerics", value_parser = small)]
    pub qk_eps: Option<f32>,
}

impl NetworkArgs {
    /// The settings that were given.
    pub fn config(&self, default_choice: ChoiceName) -> ReconstructConfig {
        let rounded = |is: bool| if is { Precision::Bf16 } else { Precision::F32 };
        let numerics = Numerics::default();
        ReconstructConfig {
            mode: self.mode.into(),
            choice: self.choice.unwrap_or(default_choice).into(),
            views: self.views,
            chunk: self.chunk,
            selective: self.selective.then(Elastic::default),
            numerics: Numerics {
                newton_schulz: rounded(self.bf16_updates),
                rays: rounded(self.bf16_rays),
                qk_eps: self.qk_eps.unwrap_or(numerics.qk_eps),
                half: self.half,
            },
            seed: self.seed,
            ..ReconstructConfig::default()
        }
    }
}

/// How views are taken in, as the command line calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ModeName {
    /// All at once: one update of the fast weights
    #[default]
    Full,
    /// Chunk by chunk, all views so far from the beginning each time: the released program's
    /// numbers
    Replay,
    /// Chunk by chunk, going on from the fast weights as they are: the paper's streaming
    Causal,
    /// Every chunk for itself, all splats put together: the paper's cheap alternative
    Merge,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Full => Self::Full,
            ModeName::Replay => Self::Replay,
            ModeName::Causal => Self::Causal,
            ModeName::Merge => Self::Merge,
        }
    }
}

/// How views are chosen, as the command line calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ChoiceName {
    /// One of each cluster of cameras, as in the paper; lists that were published with a scene go
    /// first
    #[default]
    Kmeans,
    /// Evenly along the capture
    Even,
    /// All
    All,
}

impl From<ChoiceName> for ViewChoice {
    fn from(name: ChoiceName) -> Self {
        match name {
            ChoiceName::Kmeans => Self::KMeans,
            ChoiceName::Even => Self::Even,
            ChoiceName::All => Self::All,
        }
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=100_000).contains(&count) => Ok(count),
        _ => Err("expected a number from 1 to 100000".to_owned()),
    }
}

fn small(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(eps) if (0.0..=1.0).contains(&eps) => Ok(eps),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}
