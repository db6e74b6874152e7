//! Where a server is and what it wants to be told, as one word that can be pasted.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::RemoteError;

/// Begins an address.
const SCHEME: &str = "remote:";
/// Stands for the server's key where there is none.
const WEB_SOCKET: &str = "ws";
/// Stands for a place.
const PUBLIC_RELAYS: &str = "relay";
/// Letters of a server's key.
const KEY_LEN: usize = 64;
const TOKEN_LEN: std::ops::RangeInclusive<usize> = 16..=128;

/// A device of another machine: `remote:KEY.TOKEN@PLACE@PLACE…/INDEX`.
///
/// `KEY` is the server's public key in hexadecimal, or `ws`. A place is `HOST:PORT`, `relay` for
/// the public relays, or a relay's URL. The token and the index may be missing. No letter of it
/// means anything to a shell, nor to a list of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAddress {
    /// Where.
    pub server: Server,
    /// What the server wants to be told. It is shown and stored nowhere: see
    /// [`RemoteAddress::pasted`].
    pub token: Option<Token>,
    /// Which of the server's devices, from 0.
    pub device: usize,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// From anywhere: encrypted.
    Iroh {
        /// Its public key, 64 hexadecimal digits: nobody else can answer in its name.
        key: String,
        /// `HOST:PORT`, each of which is tried.
        places: Vec<String>,
        /// Ways around where no place can be reached.
        relays: Relays,
    },
    /// On this machine only.
    WebSocket(SocketAddr),
}

/// Machines of others that pass on what they cannot read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Relays {
    /// None: everything goes directly.
    #[default]
    Off,
    /// Those of n0, who make Iroh. They learn who talks to whom.
    Public,
    /// One of your own, by its URL.
    Own(String),
}

impl Relays {
    /// What `--relay` is given: nothing for the public ones, or a URL.
    ///
    /// # Errors
    /// [`RemoteError::Address`] where it is no URL.
    pub fn asked(text: &str) -> Result<Self, RemoteError> {
        let is_url = text.starts_with("https://") || text.starts_with("http://");
        match text {
            "" | PUBLIC_RELAYS => Ok(Self::Public),
            // These part an address.
            _ if is_url && !text.contains(['@', ',']) => {
                Ok(Self::Own(text.trim_end_matches('/').to_owned()))
            }
            _ => Err(RemoteError::Address(format!(
                "{text:?} is no URL of a relay"
            ))),
        }
    }
}

/// A secret that lets its bearer compute on a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Reads one; white space around it does not belong to it.
    ///
    /// # Errors
    /// [`RemoteError::Token`], which does not quote it.
    pub fn new(text: &str) -> Result<Self, RemoteError> {
        let text = text.trim();
        let fails = |what: &str| Err(RemoteError::Token(what.to_owned()));
        let is_word = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        if !text.bytes().all(is_word) {
            return fails("there are other letters in it");
        }
        if !TOKEN_LEN.contains(&text.len()) {
            return fails(&format!("it has {} letters", text.len()));
        }
        Ok(Self(text.to_owned()))
    }

    /// What is presented to the server: [`Self::in_presented`] is the way back.
    #[cfg(any(test, feature = "remote"))]
    pub(super) fn of_session(&self, session: u32) -> String {
        match session {
            0 => self.0.clone(),
            other => format!("{}.{other}", self.0),
        }
    }

    /// The part of what was presented that has to be the token: all but the session's number,
    /// which no token can contain.
    #[cfg(any(test, feature = "remote"))]
    pub(super) fn in_presented(presented: &[u8]) -> &[u8] {
        let end = presented.iter().position(|it| *it == b'.');
        &presented[..end.unwrap_or(presented.len())]
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl RemoteAddress {
    /// The whole word, with the token: for the person who may have it, and for nothing else.
    pub fn pasted(&self) -> String {
        self.word(self.token.as_ref())
    }

    fn word(&self, token: Option<&Token>) -> String {
        let token = token.map_or_else(String::new, |it| format!(".{}", it.0));
        let index = match self.device {
            0 => String::new(),
            index => format!("/{index}"),
        };
        match &self.server {
            Server::WebSocket(place) => format!("{SCHEME}{WEB_SOCKET}{token}@{place}{index}"),
            Server::Iroh {
                key,
                places,
                relays,
            } => {
                let relay = match relays {
                    Relays::Off => None,
                    Relays::Public => Some(PUBLIC_RELAYS),
                    Relays::Own(url) => Some(url.as_str()),
                };
                let who = format!("{SCHEME}{key}{token}");
                let places = places.iter().map(String::as_str).chain(relay);
                let word: Vec<&str> = std::iter::once(who.as_str()).chain(places).collect();
                format!("{}{index}", word.join("@"))
            }
        }
    }
}

/// Without the token.
impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word(None))
    }
}

impl FromStr for RemoteAddress {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, RemoteError> {
        let wrong = RemoteError::Address;
        let Some(text) = text.trim().strip_prefix(SCHEME) else {
            return Err(wrong(format!("it does not begin with {SCHEME}")));
        };
        let (text, device) = match text.rsplit_once('/') {
            Some((head, index)) if is_number(index) => {
                let device = index.parse();
                let device = device.map_err(|_| wrong(format!("there is no device {index}")))?;
                (head, device)
            }
            _ => (text, 0),
        };
        let mut parts = text.split('@');
        let who = parts.next().unwrap_or_default();
        let (key, token) = match who.split_once('.') {
            Some((key, token)) => (key, Some(Token::new(token)?)),
            None => (who, None),
        };
        let places: Vec<&str> = parts.collect();
        let server = if key == WEB_SOCKET {
            let [place] = places[..] else {
                return Err(wrong(
                    "a WebSocket has one place, 127.0.0.1:PORT".to_owned(),
                ));
            };
            Server::WebSocket(loopback(place)?)
        } else {
            iroh(key, &places)?
        };
        Ok(Self {
            server,
            token,
            device,
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

fn iroh(key: &str, all: &[&str]) -> Result<Server, RemoteError> {
    let wrong = |what: String| Err(RemoteError::Address(what));
    if key.len() != KEY_LEN || !key.bytes().all(|it| it.is_ascii_hexdigit()) {
        return wrong(format!(
            "a server's key of {KEY_LEN} hexadecimal digits is missing behind {SCHEME}"
        ));
    }
    let (mut places, mut relays) = (Vec::new(), Relays::Off);
    for place in all {
        if *place == PUBLIC_RELAYS || place.contains("://") {
            relays = Relays::asked(place)?;
            continue;
        }
        let port = place.rsplit_once(':');
        if !port.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
            return wrong(format!("{place:?} is no place such as 192.168.1.5:4433"));
        }
        places.push((*place).to_owned());
    }
    if places.is_empty() && relays == Relays::Off {
        return wrong("it lacks a place such as @192.168.1.5:4433".to_owned());
    }
    Ok(Server::Iroh {
        key: key.to_ascii_lowercase(),
        places,
        relays,
    })
}

/// A place on this machine.
///
/// # Errors
/// [`RemoteError::NotLoopback`] for any other.
fn loopback(place: &str) -> Result<SocketAddr, RemoteError> {
    let elsewhere = || RemoteError::NotLoopback(place.to_owned());
    let numbers = place.replace("localhost:", "127.0.0.1:");
    let found: SocketAddr = numbers.parse().map_err(|_| elsewhere())?;
    if found.ip().is_loopback() {
        Ok(found)
    } else {
        Err(elsewhere())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";
    const TOKEN: &str = "Abc-123_Abc-123_";

    fn parse(text: &str) -> Result<RemoteAddress, RemoteError> {
        text.parse()
    }

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for rest in [
            "@192.168.1.5:4433",
            "@192.168.1.5:4433@gpu.local:4433@[::1]:80/3",
            "@relay",
            "@10.0.0.2:1@https://relay.example.com",
            "@10.0.0.2:1@https://relay.example.com/1",
        ] {
            let key = KEY.to_lowercase();
            let address = parse(&format!("remote:{KEY}.{TOKEN}{rest}")).unwrap();
            assert_eq!(address.pasted(), format!("remote:{key}.{TOKEN}{rest}"));
            assert_eq!(address.to_string(), format!("remote:{key}{rest}"));
            let without = parse(&address.to_string()).unwrap();
            assert_eq!((without.token, &without.server), (None, &address.server));
            assert_eq!(without.device, address.device);
        }
        let address = parse(&format!("remote:ws.{TOKEN}@localhost:80/2")).unwrap();
        assert_eq!(address.to_string(), "remote:ws@127.0.0.1:80/2");
        assert_eq!(address.device, 2);
    }

    #[test]
    fn a_token_is_shown_nowhere() {
        let address = parse(&format!("remote:{KEY}.{TOKEN}@a:1")).unwrap();
        for shown in [format!("{address}"), format!("{address:?}")] {
            assert!(!shown.contains(TOKEN), "{shown}");
        }
        for bad in ["short", "a word with spaces", &"x".repeat(200)] {
            let error = Token::new(bad).unwrap_err().to_string();
            assert!(!error.contains(bad), "{error}");
        }
        let token = Token::new(&format!(" {TOKEN}\n")).unwrap();
        for session in [0, 1, 12] {
            let presented = token.of_session(session);
            assert_eq!(Token::in_presented(presented.as_bytes()), TOKEN.as_bytes());
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("ws@127.0.0.1:80", "begin with remote:"),
            ("remote:", "64 hexadecimal"),
            ("remote:host", "64 hexadecimal"),
            ("remote:ws", "one place"),
            ("remote:ws@192.168.1.5:80", "goes no further than 127.0.0.1"),
            ("remote:ws@0.0.0.0:80", "goes no further than 127.0.0.1"),
            ("remote:ws@example.com:80", "goes no further than 127.0.0.1"),
            (&format!("remote:{KEY}"), "lacks a place"),
            (&format!("remote:{KEY}@host"), "no place such as"),
            (&format!("remote:{KEY}@host:99999"), "no place such as"),
            (&format!("remote:{KEY}@ftp://a"), "no URL of a relay"),
            (&format!("remote:{KEY}.abc@a:1"), "16 to 128"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
