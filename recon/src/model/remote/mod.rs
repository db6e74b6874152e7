//! The network on another machine, through the tensor library's own link.
//!
//! ```text
//! the machine with the GPU                        the machine with the photos
//! accrete serve ─► host ─► Iroh | WebSocket ◄──── connect ◄─ --device remote:ADDRESS
//! ```
//! Iroh encrypts, and names the server by its key; it goes the direct way, and over relays only
//! where that was asked for. WebSocket does neither, so it stays on one machine. On both a client
//! has to present the server's token. What travels is tensors and operations on them: photos,
//! weights and splats stay where the program runs that the user started.

mod address;
#[cfg(feature = "remote")]
mod connect;
#[cfg(feature = "remote")]
mod host;

pub use address::{Relays, RemoteAddress, Server, Token};
#[cfg(feature = "remote")]
pub use host::{Host, HostOptions, ServeNews, Transport};

#[cfg(feature = "remote")]
pub(super) use connect::connect;

use burn::tensor::Device;

/// Why another machine cannot be used, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Words that are no address.
    #[error("no address of another machine: {0}. Paste what `accrete serve` printed there")]
    Address(String),
    /// Words that are no token.
    #[error(
        "no token: {0}. A token has 16 to 128 letters, digits, - and _, such as a password generator makes"
    )]
    Token(String),
    /// This program has no link to other machines.
    #[error(
        "this program was built without remote devices. Build it with `cargo build --release --features remote`"
    )]
    NotBuilt,
    /// WebSocket would leave the machine.
    #[error(
        "{0}: WebSocket is not encrypted and goes no further than 127.0.0.1. Leave --websocket out: Iroh reaches other machines"
    )]
    NotLoopback(String),
    /// Nothing answers there.
    #[error(
        "{server} cannot be reached: {why}. See whether `accrete serve` runs there, whether the address is the one that it printed, and whether a firewall lets its port through"
    )]
    Unreachable {
        /// Where, without the token.
        server: String,
        /// In the link's words.
        why: String,
    },
    /// The server did not take the token.
    #[error("{0} refuses the token. Paste the line that `accrete serve` printed there last")]
    WrongToken(String),
    /// The address has none.
    #[error(
        "the token for {0} is missing. Paste the whole line that `accrete serve` printed there, or put its address into ACCRETE_REMOTE and choose --device remote"
    )]
    NoToken(String),
    /// Nobody said which machine.
    #[error(
        "which machine? Paste the line that `accrete serve` printed there, or put its address into ACCRETE_REMOTE"
    )]
    NoAddress,
    /// The two programs do not understand each other.
    #[error(
        "{server} speaks another language ({why}). Use the same release of Accrete on both machines"
    )]
    OtherVersion {
        /// Where.
        server: String,
        /// In the link's words.
        why: String,
    },
    /// The server has fewer devices.
    #[error("{server} has no device {device}: it serves {count}, numbered from 0")]
    NoSuchDevice {
        /// Where.
        server: String,
        /// The one that was asked for.
        device: usize,
        /// How many there are.
        count: usize,
    },
    /// It answered, and no longer does.
    #[error(
        "the machine that runs the network failed or is gone: {0}. See whether `accrete serve` still runs there and what it says, then begin again"
    )]
    Lost(String),
    /// This machine cannot be a server.
    #[error("cannot serve: {0}")]
    Serve(String),
}

/// Whether a device belongs to another machine.
pub(super) fn is_remote(device: &Device) -> bool {
    cfg!(feature = "remote") && device.identity().is_none() && *device != Device::flex()
}
