//! `serve`, and the network on another machine: the same splats, and what goes wrong.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use recon::io::{OpenOptions, Opened, open_with};
use recon::model::{
    DeviceChoice, ModelError, Network, ReconstructConfig, ReconstructUpdate, RemoteError,
    load_networks, open_device, reconstruct,
};
use serde_json::Value;
use tests::gpu;

use super::reconstruct::desk;
use super::sharing::same_splats;
use super::{Desk, Outcome, accrete};

/// Far more than a server that was lost may go unnoticed.
const PATIENCE: Duration = Duration::from_mins(1);

const TOKEN: &str = "a-token-for-tests-only";

/// A server on this machine, ended when dropped.
struct Served {
    child: Child,
    words: BufReader<ChildStdout>,
    /// With its token.
    address: String,
}

impl Served {
    fn start(words: &str) -> Self {
        let mut command = accrete();
        command.args(["serve", "--device", "cpu"]);
        command.args(words.split_whitespace());
        command.env("ACCRETE_TOKEN", TOKEN);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut words = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("remote:") {
            line.clear();
            assert!(0 < words.read_line(&mut line).unwrap(), "no address");
        }
        let address = line.split_whitespace().last().unwrap().to_owned();
        Self {
            child,
            words,
            address,
        }
    }

    fn on_iroh() -> Self {
        Self::start("--listen 127.0.0.1:0")
    }

    fn on_web_socket() -> Self {
        Self::start("--websocket")
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a person does.
    #[cfg(unix)]
    fn interrupt(&mut self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.child.wait().unwrap().success());
        let mut rest = String::new();
        self.words.read_to_string(&mut rest).unwrap();
        assert!(rest.trim().ends_with("stopped"), "{rest}");
    }

    /// What it said on standard error, once it has ended.
    fn complaints(mut self) -> String {
        self.kill();
        let mut text = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        text
    }

    /// The tiny network of the desk, on this server.
    fn network(&self, desk: &Desk) -> Network {
        let choice: DeviceChoice = self.address.parse().unwrap();
        let device = open_device(&choice, None).unwrap();
        let weights = desk.path("tiny.safetensors");
        let read = load_networks(&weights, None, &[device], &ReconstructConfig::default());
        read.unwrap().0.remove(0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn run(desk: &Desk, device: &str, out: &str, more: &str) -> Outcome {
    desk.run(&format!(
        "reconstruct scan --weights whole.safetensors --views 4 --device {device} --out {out} {more}"
    ))
}

#[test]
fn a_network_elsewhere_makes_the_same_splats() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    run(&desk, "cpu", "here.ply", "").done();
    let served = Served::on_iroh();
    let outcome = run(&desk, &served.address, "there.ply", "--json=m.json").done();
    same_splats(&desk, "there.ply", "here.ply");
    // The address is told, and its token nowhere.
    let json = std::fs::read_to_string(desk.path("m.json")).unwrap();
    let report: Value = serde_json::from_str(&json).unwrap();
    let device = report["device"].as_str().unwrap();
    assert_eq!(device, served.address.replace(&format!(".{TOKEN}"), ""));
    for text in [&outcome.stdout, &outcome.stderr, &json] {
        assert!(!text.contains(TOKEN), "{text}");
    }
    // It stays for the next one, and shares views with other devices.
    let both = format!("{},cpu", served.address);
    run(&desk, &both, "both.ply", "").done();
    same_splats(&desk, "both.ply", "here.ply");
    let complaints = served.complaints();
    assert!(
        !complaints.contains("panicked") && !complaints.contains(TOKEN),
        "{complaints}"
    );
}

#[test]
fn chunks_are_streamed_through_another_process() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let more = "--mode causal --chunk 2 --selective";
    run(&desk, "cpu", "here.ply", more).done();
    let served = Served::on_web_socket();
    run(&desk, &served.address, "there.ply", more).done();
    same_splats(&desk, "there.ply", "here.ply");
    // The address may be told where nobody else looks.
    let words = format!(
        "reconstruct scan --weights whole.safetensors --views 4 --device remote --out again.ply {more}"
    );
    let elsewhere = desk.run_with(&words, |it| it.env("ACCRETE_REMOTE", &served.address));
    elsewhere.done();
    same_splats(&desk, "again.ply", "here.ply");
}

#[test]
fn who_has_no_token_is_refused() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    for served in [Served::on_iroh(), Served::on_web_socket()] {
        let wrong = served.address.replace(TOKEN, "some-other-token-for-tests");
        let outcome = run(&desk, &wrong, "a.ply", "");
        outcome.failed(1, &["refuses the token", "accrete serve"]);
        let without = served.address.replace(&format!(".{TOKEN}"), "");
        run(&desk, &without, "a.ply", "").failed(1, &["the token for", "is missing"]);
        let other = format!("{}/1", served.address);
        run(&desk, &other, "a.ply", "").failed(1, &["no device 1", "serves 1"]);
        let complaints = served.complaints();
        assert!(complaints.contains("without the token"), "{complaints}");
    }
    assert!(!desk.path("a.ply").exists());
}

#[test]
fn web_sockets_stay_on_this_machine() {
    let desk = Desk::new();
    for place in ["0.0.0.0:0", "192.168.1.5:4433", "[::]:0"] {
        let words = format!("serve --device cpu --websocket --listen {place}");
        desk.run(&words)
            .failed(1, &[place, "not encrypted", "127.0.0.1"]);
    }
    let device = format!("remote:ws.{TOKEN}@192.168.1.5:4433");
    let outcome = run(&desk, &device, "a.ply", "");
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("not encrypted"),
        "{}",
        outcome.stderr
    );
    desk.run("--quiet serve --device cpu")
        .failed(1, &["--quiet"]);
    desk.run("serve --device remote")
        .failed(1, &["which machine?"]);
    let outcome = desk.run_with("serve --device cpu", |it| it.env("ACCRETE_TOKEN", "short"));
    outcome.failed(1, &["ACCRETE_TOKEN", "16 to 128"]);
    std::fs::write(desk.path("token"), "with spaces in it").unwrap();
    desk.run("serve --device cpu --token-file token")
        .failed(1, &["token", "other letters"]);
}

#[test]
fn nobody_there_is_an_error() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let mut served = Served::on_web_socket();
    served.kill();
    let begun = Instant::now();
    run(&desk, &served.address, "a.ply", "").failed(1, &["cannot be reached", "firewall"]);
    assert!(begun.elapsed() < PATIENCE);
}

/// Lets the server go when the network has begun to look at photos.
fn lose(mut served: Served, go: impl Fn(&mut Served)) {
    let desk = desk();
    let network = served.network(&desk);
    let options = OpenOptions { hold_out: None };
    let Opened::Dataset(dataset) = open_with(&desk.path("scan"), &options).unwrap() else {
        panic!("no photos");
    };
    let mut lost = None;
    let mut listen = |update| {
        if let ReconstructUpdate::Preparing { what, .. } = update
            && what.contains("looks at photos")
            && lost.is_none()
        {
            go(&mut served);
            lost = Some(Instant::now());
        }
        ControlFlow::Continue(())
    };
    let config = ReconstructConfig::default();
    let ended = reconstruct(
        &Arc::new(dataset),
        &config,
        &network,
        &mut || None,
        &mut listen,
    );
    let error = ended.unwrap_err();
    assert!(
        matches!(error, ModelError::Remote(RemoteError::Lost(_))),
        "{error}"
    );
    assert!(lost.unwrap().elapsed() < PATIENCE);
}

#[test]
fn a_server_that_is_killed_ends_the_job() {
    lose(Served::on_web_socket(), Served::kill);
}

#[test]
fn a_server_that_falls_silent_ends_the_job() {
    lose(Served::on_iroh(), Served::kill);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_server_and_tells_its_clients() {
    lose(Served::on_iroh(), Served::interrupt);
    lose(Served::on_web_socket(), Served::interrupt);
}

#[test]
fn a_server_that_came_back_is_found_again() {
    let desk = desk();
    let key = desk.path("server.key");
    let key = key.to_str().unwrap();
    for (first, again) in [
        (Served::on_web_socket(), "--websocket".to_owned()),
        (
            Served::start(&format!("--listen 127.0.0.1:0 --identity {key}")),
            format!("--identity {key}"),
        ),
    ] {
        let mut first = first;
        let place = first.address.rsplit('@').next().unwrap().to_owned();
        let device = first.network(&desk).device;
        #[cfg(unix)]
        first.interrupt();
        #[cfg(not(unix))]
        first.kill();
        recon::model::wait_for(&device).unwrap_err();
        let second = Served::start(&format!("{again} --listen {place}"));
        assert_eq!(second.address, first.address);
        recon::model::wait_for(&second.network(&desk).device).unwrap();
    }
}
