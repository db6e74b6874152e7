//! The side that has the GPU.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use burn::server::{
    AuthorizationRequest, BURN_REMOTE_ALPN, IrohIdentity, PeerAuthorizer, RemoteServer,
    TokenAuthorizer, WebSocketTransport,
};
use burn::tensor::Device;
use iroh::endpoint::{Builder, IdleTimeout, PortmapperConfig, QuicTransportConfig, presets};
use iroh::protocol::Router;
use iroh::{Endpoint, RelayMode, RelayUrl, SecretKey};

use super::{Relays, RemoteAddress, RemoteError, Server, Token};

/// A client that is silent for so long is gone, and a server too: both sides take the shorter of
/// their two patiences.
const SILENCE: Duration = Duration::from_secs(10);
/// Often enough that a few lost packets are no silence.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// Bytes of a token that is made here: as many as a key of AES has.
const TOKEN_BYTES: usize = 16;
/// More places than this are no help in a line that a person reads.
const PLACES: usize = 4;

/// What a server offers, and to whom.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// All of one kind: a client chooses by their place in this list.
    pub devices: Vec<Device>,
    /// Where clients knock.
    pub transport: Transport,
    /// What they have to present; `None` makes one.
    pub token: Option<Token>,
}

/// How clients come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// From anywhere, encrypted.
    Iroh {
        /// The interface and UDP port; port 0 is any that is free.
        listen: SocketAddr,
        /// Ways around.
        relays: Relays,
        /// A file with the server's secret key, made where there is none, so that its address
        /// stays; `None` makes a new key each time.
        identity: Option<PathBuf>,
    },
    /// From this machine, by TCP.
    WebSocket {
        /// One of the loopback's addresses.
        listen: SocketAddr,
    },
}

/// What happens at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServeNews {
    /// Somebody with the token came in.
    Admitted(String),
    /// Somebody without it did not.
    Refused(String),
}

/// A server whose door is open.
pub struct Host {
    address: RemoteAddress,
    serving: Serving,
}

enum Serving {
    Iroh(Router),
    WebSocket(RemoteServer, TcpListener),
}

impl Host {
    /// Opens the door. Needs a Tokio runtime; `hear` is called on its threads.
    ///
    /// # Errors
    /// [`RemoteError::Serve`] where the port is taken or the devices are not of one kind,
    /// [`RemoteError::NotLoopback`].
    pub async fn open(
        options: HostOptions,
        hear: impl Fn(ServeNews) + Send + Sync + 'static,
    ) -> Result<Self, RemoteError> {
        let token = options.token.map_or_else(new_token, Ok)?;
        let door = Door {
            authorizer: TokenAuthorizer::new(token.of_session(0)).map_err(|it| serve(&it))?,
            hear: Arc::new(hear),
        };
        let server = RemoteServer::new(options.devices).with_authorizer(door);
        let (server, serving) = match &options.transport {
            Transport::WebSocket { listen } => on_web_socket(server, *listen)?,
            Transport::Iroh {
                listen,
                relays,
                identity,
            } => {
                let identity = match identity {
                    None => IrohIdentity::random(),
                    Some(path) => IrohIdentity::load_or_create(path)
                        .map_err(|it| serve(&format!("{}: {it}", path.display())))?,
                };
                on_iroh(server, *listen, relays, &identity).await?
            }
        };
        Ok(Self {
            address: RemoteAddress {
                server,
                token: Some(token),
                device: 0,
            },
            serving,
        })
    }

    /// What a client is to be told.
    pub fn address(&self) -> &RemoteAddress {
        &self.address
    }

    /// Serves until `stop` is over, then says goodbye.
    ///
    /// # Errors
    /// [`RemoteError::Serve`] where the door breaks.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), RemoteError> {
        match self.serving {
            Serving::Iroh(router) => {
                let closed = router.endpoint().closed();
                let ended = tokio::select! {
                    () = stop => Ok(()),
                    () = closed => Err(serve(&"the link was closed")),
                };
                router.shutdown().await.map_err(|it| serve(&it))?;
                ended
            }
            Serving::WebSocket(server, listener) => {
                let serving = server.serve_async(WebSocketTransport::from_listener(listener));
                tokio::select! {
                    () = stop => Ok(()),
                    ended = serving => ended.map_err(|it| serve(&it)),
                }
            }
        }
    }
}

fn serve(why: &dyn ToString) -> RemoteError {
    RemoteError::Serve(why.to_string())
}

/// Lets in who has the token.
struct Door {
    /// Compares in a time that tells nothing of the token.
    authorizer: TokenAuthorizer,
    hear: Arc<dyn Fn(ServeNews) + Send + Sync>,
}

impl PeerAuthorizer for Door {
    fn authorize(&self, request: AuthorizationRequest<'_>) -> Result<(), String> {
        let client = request.client.to_string();
        let credential = Token::in_presented(request.credential.as_bytes()).into();
        let admitted = self.authorizer.authorize(AuthorizationRequest {
            credential: &credential,
            ..request
        });
        (self.hear)(match admitted {
            Ok(()) => ServeNews::Admitted(client),
            Err(_) => ServeNews::Refused(client),
        });
        admitted
    }
}

/// Sixteen random bytes in hexadecimal, from where Iroh takes its secret keys.
fn new_token() -> Result<Token, RemoteError> {
    let bytes = IrohIdentity::random().to_bytes();
    let digits: Vec<String> = bytes[..TOKEN_BYTES]
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect();
    Token::new(&digits.concat())
}

fn on_web_socket(
    server: RemoteServer,
    listen: SocketAddr,
) -> Result<(Server, Serving), RemoteError> {
    if !listen.ip().is_loopback() {
        return Err(RemoteError::NotLoopback(listen.to_string()));
    }
    let taken = |it: std::io::Error| serve(&format!("{listen}: {it}"));
    let listener = TcpListener::bind(listen).map_err(taken)?;
    let place = listener.local_addr().map_err(taken)?;
    let serving = Serving::WebSocket(server, listener);
    Ok((Server::WebSocket(place), serving))
}

async fn on_iroh(
    server: RemoteServer,
    listen: SocketAddr,
    relays: &Relays,
    identity: &IrohIdentity,
) -> Result<(Server, Serving), RemoteError> {
    let taken = |why: &dyn ToString| serve(&format!("{listen}: {}", why.to_string()));
    let builder = builder(relays)?
        .secret_key(SecretKey::from_bytes(&identity.to_bytes()))
        .alpns(vec![BURN_REMOTE_ALPN.to_vec()])
        .clear_ip_transports()
        .bind_addr(listen)
        .map_err(|it| taken(&it))?;
    let endpoint = builder.bind().await.map_err(|it| taken(&it))?;
    let server = server.into_protocol(&endpoint).map_err(|it| serve(&it))?;
    let places = places(&endpoint, listen);
    let key = endpoint.id().to_string();
    let router = Router::builder(endpoint).accept(BURN_REMOTE_ALPN, server);
    let server = Server::Iroh {
        key,
        places,
        relays: relays.clone(),
    };
    Ok((server, Serving::Iroh(router.spawn())))
}

fn builder(relays: &Relays) -> Result<Builder, RemoteError> {
    let builder = match relays {
        // Nobody is asked anything: neither servers of n0's, nor the router for a way in.
        Relays::Off => Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .portmapper_config(PortmapperConfig::Disabled),
        Relays::Public => Endpoint::builder(presets::N0),
        Relays::Own(url) => {
            let relay = url.parse::<RelayUrl>();
            let relay = relay.map_err(|it| RemoteError::Address(format!("{it}")))?;
            Endpoint::builder(presets::Minimal).relay_mode(RelayMode::custom([relay]))
        }
    };
    let silence = IdleTimeout::try_from(SILENCE).map_err(|it| serve(&it))?;
    let quic = QuicTransportConfig::builder()
        .max_idle_timeout(Some(silence))
        .keep_alive_interval(SIGN_OF_LIFE)
        .default_path_keep_alive_interval(SIGN_OF_LIFE)
        // As the tensor library has it, on whose word large packets get lost.
        .enable_segmentation_offload(false);
    Ok(builder.transport_config(quic.build()))
}

/// Where the server can be reached, numbers of IPv4 first: shells take them as they are.
fn places(endpoint: &Endpoint, listen: SocketAddr) -> Vec<String> {
    let bound = endpoint.bound_sockets();
    let port = bound.first().map_or(listen.port(), SocketAddr::port);
    let mut found: Vec<SocketAddr> = endpoint.addr().ip_addrs().copied().collect();
    if found.is_empty() {
        found = bound
            .iter()
            .filter(|it| !it.ip().is_unspecified())
            .copied()
            .collect();
    }
    if found.is_empty() {
        found.push((Ipv4Addr::LOCALHOST, port).into());
    }
    found.sort_by_key(|it| (it.is_ipv6(), it.ip().is_loopback()));
    found.truncate(PLACES);
    found.iter().map(ToString::to_string).collect()
}
