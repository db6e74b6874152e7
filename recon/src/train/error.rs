//! What can go wrong while a network is trained.

use render::gpu::GpuError;

use crate::io::IoError;
use crate::model::ModelError;

/// Why a training cannot begin or ended early.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Settings that do not fit together.
    #[error("the settings of the training do not fit together: {0}")]
    Config(String),
    /// A checkpoint of another training.
    #[error(
        "the checkpoint is not one of this training: {0}. Give the settings it was made with, or begin anew in another folder"
    )]
    Checkpoint(String),
    /// The numbers are none any more.
    #[error(
        "the network's numbers are not finite any more after step {0}. Begin again from an earlier checkpoint with a smaller descent.rate"
    )]
    Broken(u32),
    /// Weights of the perceptual term that cannot be used.
    #[error("{0}. The perceptual term takes torchvision's vgg19, as .pth or .safetensors")]
    Perceptual(String),
    /// The network refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The rasteriser refused.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The system grants no thread.
    #[error("the system grants no thread to train on: {0}")]
    Threads(String),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
}
