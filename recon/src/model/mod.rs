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

#[cfg(feature = "cuda")]
mod all_reduce;
mod budget;
mod collective;
mod config;
pub mod cost;
pub mod decoder;
mod device;
mod devices;
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
mod remote;
mod run;
mod scene_frame;
mod sharing;
mod shipped;
pub mod stereo;
mod stream;
mod tokens;
pub mod views;
pub mod weights;

/// Where tensors lie.
pub use burn::tensor::Device;

pub use budget::Budget;
pub use collective::{Alone, Collective, Rank, Share, gather};
pub use config::{DepthRange, Elastic, Frame, ModelConfig, Prune, Scan};
pub use device::{DeviceChoice, device_name, has_half, on_device, open_device, wait_for};
pub use devices::Devices;
pub use error::ModelError;
pub use extract::{Extracted, Seen, extract};
pub use kept_scene::{KeptScene, KeptView};
pub use load::{
    ConfigFrom, ModelSummary, ORIGIN, load_network, load_networks, save_network, save_random,
    summarise,
};
pub use network::{Listener, Network, Numerics, Op, SceneMemory, operations};
pub use reconstruct::{
    Chunk, Mode, ReconstructConfig, ReconstructListener, ReconstructUpdate, go_on, reconstruct,
    reconstruct_shared,
};
#[cfg(feature = "remote")]
pub use remote::{Host, HostOptions, ServeNews, Transport};
pub use remote::{Relays, RemoteAddress, RemoteError, Server, Token};
pub use scene_frame::SceneFrame;
pub use sharing::{Crew, RankJob, Sharing};
pub use shipped::{SHIPPED, SHIPPED_LIMITS, is_shipped};
pub use stream::Stream;
pub use tokens::Tokens;
pub use views::ViewChoice;
pub use weights::{Ignored, Weights};
