//! tttLRM (Wang et al. 2026): posed photos in, Gaussians out, by training fast weights while the
//! network runs.
//!
//! ```text
//! photos + poses ─► rays ─► Network::tokenise ─► Network::run ─► decoder ─► prune ─► Splats
//! Dataset ─► views ─► SceneFrame ─► the above, chunk by chunk ─► back to the dataset's frame
//!                                                                `reconstruct` does all of it
//! ```
//!
//! What is deliberately absent: no thread, no file. Progress and cancelling are one closure. Only
//! this module and `train` know the tensor library.

mod budget;
mod collective;
mod config;
pub mod cost;
pub mod decoder;
mod device;
mod error;
mod extract;
pub mod fast_weights;
mod kept_scene;
pub mod layers;
mod load;
mod network;
pub mod newton_schulz;
pub mod prune;
pub mod rays;
mod reconstruct;
mod run;
mod scene_frame;
mod stream;
mod tokens;
pub mod views;
pub mod weights;

/// Where tensors lie.
pub use burn::tensor::Device;

pub use budget::Budget;
pub use collective::{Alone, Collective, Rank, Share, gather};
pub use config::{DepthRange, Elastic, Frame, ModelConfig, Prune, Scan};
pub use device::{DeviceChoice, device_name, has_half, open_device, wait_for};
pub use error::ModelError;
pub use extract::{Extracted, Seen, extract};
pub use kept_scene::{KeptScene, KeptView};
pub use load::{
    ConfigFrom, ModelSummary, ORIGIN, load_network, save_network, save_random, summarise,
};
pub use network::{Listener, Network, Numerics, Op, SceneMemory, operations};
pub use reconstruct::{
    Chunk, Mode, ReconstructConfig, ReconstructListener, ReconstructUpdate, go_on, reconstruct,
};
pub use scene_frame::SceneFrame;
pub use stream::Stream;
pub use tokens::Tokens;
pub use views::ViewChoice;
pub use weights::{Ignored, Weights};
