//! What can go wrong with the network.

use render::gpu::GpuError;

use super::remote::RemoteError;
use crate::io::IoError;

/// Why the network cannot be used or a reconstruction ended early.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Settings that do not fit together.
    #[error(
        "the network's settings do not fit together: {0}. Correct them, or give the file that came with the weights"
    )]
    Config(String),
    /// Weights that are not those of the network.
    #[error(
        "the weights are not those of this network: {0}. Give the settings that belong to them (--model FILE), or other weights"
    )]
    Weights(String),
    /// What was kept of a scene is not this network's.
    #[error("{0}")]
    Scene(String),
    /// Views that the network cannot take.
    #[error("{0}")]
    Views(String),
    /// The device that runs the network refused.
    #[error("the device that runs the network failed: {0}")]
    Device(String),
    /// Another of the devices that share a sequence stopped.
    #[error("another of the devices that share the views stopped")]
    RankGone,
    /// The device that was asked for is not there.
    #[error("{0}")]
    NoDevice(String),
    /// Another machine cannot be used, or no longer.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The GPU refused.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
}
