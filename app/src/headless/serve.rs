//! `accrete serve`: this machine's GPU for networks of other machines.

use std::net::Ipv4Addr;

use anyhow::{Context, bail};
use recon::model::{HostOptions, RemoteAddress, ServeNews, Token, Transport, device_name};
use recon::worker::serve;

use super::interrupt::Interrupts;
use super::{Console, OpenGpu, gpu_for};
use crate::args::ServeArgs;

/// Has the token where no file does.
const TOKEN: &str = "ACCRETE_TOKEN";

/// Serves until Ctrl-C.
///
/// # Errors
/// Where the device is not there or the port is taken.
pub fn run(console: &Console, open_gpu: OpenGpu<'_>, args: &ServeArgs) -> anyhow::Result<()> {
    if console.is_quiet() {
        bail!("--quiet would hide the address, without which nobody finds this machine");
    }
    console.no_report("serve");
    let transport = transport(args);
    let token = token(args)?;
    let gpu = gpu_for(args.device.each(), open_gpu)?;
    let devices = args.device.open(gpu.as_ref())?;
    let names: Vec<String> = devices.iter().map(device_name).collect();
    let options = HostOptions {
        devices,
        transport,
        token,
    };
    let interrupts = Interrupts::heed();
    let door = console.clone();
    let hear = move |news| match news {
        // A closed output is no reason to leave clients alone.
        ServeNews::Admitted(who) => drop(door.say(format_args!("{who} came in"))),
        ServeNews::Refused(who) => {
            door.warn(format_args!(
                "{who} came without the token, and was refused"
            ));
        }
    };
    let ready = |address: &RemoteAddress| tell(console, args, &names.join(", "), address);
    serve(options, ready, hear, &|| interrupts.taken())?;
    console.say("stopped")
}

/// The only place where the token is said.
fn tell(
    console: &Console,
    args: &ServeArgs,
    device: &str,
    address: &RemoteAddress,
) -> anyhow::Result<()> {
    let how = if args.websocket {
        "to programs of this machine, unencrypted"
    } else if args.relay.is_some() {
        "encrypted, directly or over a relay"
    } else {
        "encrypted, directly"
    };
    console.say(format_args!(
        "serving {device} {how}. On the other side:\n\n  accrete reconstruct FOLDER --weights W \
         --device {}\n\nWhoever has this line can compute here. Ctrl-C ends it",
        address.pasted()
    ))
}

fn transport(args: &ServeArgs) -> Transport {
    if args.websocket {
        let listen = args.listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
        return Transport::WebSocket { listen };
    }
    Transport::Iroh {
        listen: args.listen.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into()),
        relays: args.relay.clone().unwrap_or_default(),
        identity: args.identity.clone(),
    }
}

/// That of a file or of the surroundings; `None` where neither has one.
fn token(args: &ServeArgs) -> anyhow::Result<Option<Token>> {
    if let Some(path) = &args.token_file {
        let name = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(name)?;
        return Ok(Some(Token::new(&text).with_context(name)?));
    }
    let Ok(text) = std::env::var(TOKEN) else {
        return Ok(None);
    };
    Ok(Some(Token::new(&text).context(TOKEN)?))
}
