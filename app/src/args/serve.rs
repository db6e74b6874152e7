//! What `accrete serve` takes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use recon::model::{Devices, Relays};

use super::device::devices;

/// What `serve` takes.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// What is offered: auto, cpu, gpu, cuda, cuda:1; several with commas, all of one kind, are
    /// numbered from 0 (remote:…/1 is the second)
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = devices)]
    pub device: Devices,

    /// Network interface and port; port 0 is any that is free [default: 0.0.0.0:0, with --websocket
    /// 127.0.0.1:0]
    #[arg(long, value_name = "IP:PORT")]
    pub listen: Option<SocketAddr>,

    /// Let Iroh's public relays help where no direct way is found, or a relay of your own; they
    /// pass on what they cannot read
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = relays,
        conflicts_with = "websocket"
    )]
    pub relay: Option<Relays>,

    /// Serve programs of this machine alone, unencrypted
    #[arg(long)]
    pub websocket: bool,

    /// File with the token that clients present [default: ACCRETE_TOKEN, else a new one each time]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// File with this server's secret key, written where there is none: with it and a token of your
    /// own the address stays the same [default: a new key each time]
    #[arg(long, value_name = "FILE", conflicts_with = "websocket")]
    pub identity: Option<PathBuf>,
}

fn relays(text: &str) -> Result<Relays, String> {
    Relays::asked(text).map_err(|it| it.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use recon::model::DeviceChoice;

    use super::super::{Cli, Command};
    use super::*;

    fn serve(args: &str) -> Result<ServeArgs, clap::Error> {
        let words = ["accrete", "serve"].into_iter();
        let cli = Cli::try_parse_from(words.chain(args.split_whitespace()))?;
        match cli.chosen().unwrap() {
            Command::Serve(args) => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn relays_are_off_unless_asked_for() {
        let args = serve("").unwrap();
        assert_eq!((args.relay, args.websocket), (None, false));
        assert_eq!(args.device, Devices::default());
        assert_eq!(serve("--relay").unwrap().relay, Some(Relays::Public));
        let own = Relays::Own("https://relay.example.com".to_owned());
        let args = serve("--relay=https://relay.example.com/ --device cuda:1 --listen [::]:4433");
        let args = args.unwrap();
        assert_eq!(args.relay, Some(own));
        assert_eq!(args.device, DeviceChoice::Cuda(1).into());
        assert_eq!(args.listen.unwrap().port(), 4433);
        serve("--relay=example.com").unwrap_err();
        serve("--relay --websocket").unwrap_err();
        serve("--listen 4433").unwrap_err();
        serve("--token secret").unwrap_err();
    }
}
