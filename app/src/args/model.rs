//! What `accrete model` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What can be done with networks.
#[derive(Clone, Debug, Subcommand)]
pub enum ModelCommand {
    /// Tell what a file with weights holds, and what the network takes
    Info(ModelInfoArgs),
    /// Write a network with random weights, as training begins with
    New(ModelNewArgs),
}

/// What `model info` takes.
#[derive(Args, Clone, Debug)]
pub struct ModelInfoArgs {
    /// Weights: .safetensors, or .pt or .pth of PyTorch
    pub file: PathBuf,

    /// Settings of the network, TOML or JSON [default: beside the weights, in their header, or told
    /// by the shapes]
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
}

/// What `model new` takes.
#[derive(Args, Clone, Debug)]
pub struct ModelNewArgs {
    /// Settings of the network, TOML or JSON [default: those of the published network]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where the random numbers begin
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Write half precision
    #[arg(long)]
    pub half: bool,

    /// The .safetensors file to write
    #[arg(long, short)]
    pub out: PathBuf,
}
