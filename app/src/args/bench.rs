//! What `accrete bench` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use recon::model::DeviceChoice;

use super::device::device;

/// What can be measured.
#[derive(Clone, Debug, Subcommand)]
pub enum Bench {
    /// Draw synthetic scenes and time each kernel
    Render {
        /// Only the small scenes; always so on a CPU adapter
        #[arg(long)]
        quick: bool,
    },
    /// Take training steps on synthetic scenes and time each kernel, in every design of the way back
    Train {
        /// Only the small scenes; always so on a CPU adapter
        #[arg(long)]
        quick: bool,
    },
    /// Run a network with random weights on 4 to 64 views and chunk by chunk, and time it
    Model(ModelBenchArgs),
    /// Find a million splats by rectangle, box and range, and show marks on them
    Edit,
    /// Make random scenes and take pictures of them, small and smaller, and time it
    Synth,
    /// Write photos of four megapixels, open their folder and stream them all
    Dataset {
        /// Empty folder for the photos, which stay there [default: a temporary one]
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,

        /// How many photos
        #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        photos: u32,
    },
}

/// What `bench model` takes.
#[derive(Args, Clone, Debug)]
pub struct ModelBenchArgs {
    /// A small network, done in seconds
    #[arg(long, conflicts_with = "published")]
    pub quick: bool,

    /// The published network at its full size, on 16 to 64 views: for a fast GPU
    #[arg(long)]
    pub published: bool,

    /// What it runs on: auto, cpu, gpu, cuda, cuda:NUMBER or remote:ADDRESS
    #[arg(long, value_name = "DEVICE", default_value = "cpu", value_parser = device)]
    pub device: DeviceChoice,
}
