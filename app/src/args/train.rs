//! What `accrete train` takes.

use std::path::PathBuf;

use clap::Args;
use recon::model::Devices;

use super::device::devices;

/// A network that learns from generated scenes.
#[derive(Args, Clone, Debug)]
pub struct TrainArgs {
    /// Settings of the training, TOML or JSON: network, stages, scenes, objective
    pub config: PathBuf,

    /// Folder for checkpoint, log, measurements, sheets and weights
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,

    /// Go on where the checkpoint in DIR left off; begin where there is none
    #[arg(long)]
    pub resume: bool,

    /// Begin with these weights, of a network with the same parameters
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub weights: Option<PathBuf>,

    /// End after so many steps, and keep a checkpoint
    #[arg(long, value_name = "N")]
    pub steps: Option<u32>,

    /// End after so many minutes, and keep a checkpoint
    #[arg(long, value_name = "M")]
    pub minutes: Option<f64>,

    /// What the network runs on: auto, cpu, gpu, cuda, cuda:1. Several with commas, such as
    /// cuda:0,cuda:1, share the scenes of every step
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = devices)]
    pub device: Devices,

    /// Weights of VGG-19 as torchvision publishes them, for the perceptual term
    #[arg(long, value_name = "FILE")]
    pub vgg: Option<PathBuf>,
}
