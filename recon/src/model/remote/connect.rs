//! The side that has the photos.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use burn::remote::{ConnectError, EndpointId, IrohHost, IrohRelays, RemoteHost};
use burn::tensor::Device;

use super::{Relays, RemoteAddress, RemoteError, Server};

/// A server on this machine answers at once, or there is none.
const PATIENCE: Duration = Duration::from_secs(2);
/// The tensor library keeps a session for good, and hands it out again after its end: a server that
/// came back is told another number. More often it does not come back while this program runs.
const SESSIONS: u32 = 1000;

/// Opens a device of another machine.
///
/// # Errors
/// Where it cannot be reached or refuses.
pub(in super::super) fn connect(address: &RemoteAddress) -> Result<Device, RemoteError> {
    let Some(token) = &address.token else {
        return Err(RemoteError::NoToken(address.to_string()));
    };
    let host = host(address)?;
    let mut refused = None;
    for session in 0..SESSIONS {
        let host = host.clone().with_credential(token.of_session(session));
        let options = Device::remote_options(&host).device_index(address.device);
        let device = options.init().map_err(|it| refusal(address, &it))?;
        match device.sync() {
            Ok(()) => return Ok(device),
            Err(it) => refused = Some(it.to_string()),
        }
    }
    Err(unreachable_at(address, &refused.unwrap_or_default()))
}

fn host(address: &RemoteAddress) -> Result<RemoteHost, RemoteError> {
    match &address.server {
        Server::WebSocket(place) => {
            // The link itself would go on trying for a quarter of a minute.
            let there = TcpStream::connect_timeout(place, PATIENCE);
            there.map_err(|it| unreachable_at(address, &it))?;
            Ok(RemoteHost::websocket(&format!("ws://{place}")))
        }
        Server::Iroh {
            key,
            places,
            relays,
        } => {
            let id = key.parse::<EndpointId>();
            let id = id.map_err(|it| RemoteError::Address(format!("{key} is no key: {it}")))?;
            let relays = match relays {
                Relays::Off => IrohRelays::Disabled,
                Relays::Public => IrohRelays::Public,
                Relays::Own(url) => {
                    let relay = url.parse::<IrohRelays>();
                    relay.map_err(|it| RemoteError::Address(format!("{it}")))?
                }
            };
            let mut host = IrohHost::new(id).with_relays(relays);
            for place in places {
                for found in found(address, place)? {
                    host = host.with_address(found);
                }
            }
            Ok(RemoteHost::iroh(host))
        }
    }
}

/// All numbers that a name stands for: the server may listen on one of them only.
fn found(address: &RemoteAddress, place: &str) -> Result<Vec<SocketAddr>, RemoteError> {
    let found = place.to_socket_addrs();
    let found = found.map_err(|it| unreachable_at(address, &format!("{place}: {it}")))?;
    Ok(found.collect())
}

fn unreachable_at(address: &RemoteAddress, why: &dyn ToString) -> RemoteError {
    RemoteError::Unreachable {
        server: address.to_string(),
        why: why.to_string(),
    }
}

fn refusal(address: &RemoteAddress, error: &ConnectError) -> RemoteError {
    let server = address.to_string();
    match error {
        ConnectError::Unauthorized => RemoteError::WrongToken(server),
        ConnectError::NoSuchDevice { device_count } => RemoteError::NoSuchDevice {
            server,
            device: address.device,
            count: *device_count,
        },
        ConnectError::IncompatibleProtocol { .. } | ConnectError::Handshake { .. } => {
            RemoteError::OtherVersion {
                server,
                why: error.to_string(),
            }
        }
        other => unreachable_at(address, other),
    }
}
