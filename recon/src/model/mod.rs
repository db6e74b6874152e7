//! tttLRM (Wang et al. 2026): posed photos in, Gaussians out, by training fast weights while the
//! network runs.
//!
//! ```text
//! photos + poses ─► rays ─► Network::tokenise ─► Network::run ─► decoder ─► prune ─► Splats
//! ```
//!
//! What is deliberately absent: no thread, no file. Progress and cancelling are one closure. Only
//! this module and `train` know the tensor library.

mod budget;
mod collective;
mod config;
pub mod decoder;
mod device;
mod error;
pub mod fast_weights;
pub mod layers;
mod network;
pub mod newton_schulz;
pub mod prune;
pub mod rays;
mod stream;
mod tokens;
pub mod weights;

/// Where tensors lie.
pub use burn::tensor::Device;

pub use budget::Budget;
pub use collective::{Alone, Collective, Rank, Share, gather};
pub use config::{DepthRange, Elastic, Frame, ModelConfig, Prune, Scan};
pub use device::{DeviceChoice, device_name, has_half, open_device, wait_for};
pub use error::ModelError;
pub use network::{Listener, Network, Numerics, Op, SceneMemory, operations};
pub use stream::Stream;
pub use tokens::Tokens;
pub use weights::Weights;
