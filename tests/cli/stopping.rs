//! `optimise` stopped on its way: by Ctrl-C, and by force.
#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use recon::io::checkpoint;
use serde_json::Value;
use tests::gpu;

use super::eval::desk;
use super::{Desk, Outcome, accrete};

/// A busy machine takes its time to compile kernels.
const PATIENCE: Duration = Duration::from_mins(5);

/// So many steps that it will not end by itself, a checkpoint after every second.
const ENDLESS: &str = "optimise scan --preset fast --sh-degree 1 --steps 900000 \
                       --autosave-steps 2 --checkpoint state";

fn start(desk: &Desk, words: &str) -> Child {
    accrete()
        .current_dir(desk.path("."))
        .args(words.split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < PATIENCE, "no {what} after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ctrl_c_keeps_what_there_is() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let words = format!("{ENDLESS} --measure-every 2 --out a.ply --json=report.json");
    let child = start(&desk, &words);
    wait_for("checkpoint", || desk.path("state").is_file());
    interrupt(&child);
    let outcome = Outcome::of(child.wait_with_output().unwrap()).done();
    assert!(outcome.stderr.contains("stopping"), "{}", outcome.stderr);
    let report = std::fs::read_to_string(desk.path("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["cancelled"], true);
    assert_eq!(report["curve"][0]["step"], 2);
    let step = checkpoint::open(&desk.path("state")).unwrap().step;
    assert_eq!(report["steps"], step);
    let splats = recon::io::open_splats(&desk.path("a.ply")).unwrap().splats;
    assert_eq!(report["splats"], splats.len());
}

/// Whenever the program is killed, the newest checkpoint opens, and is gone on from.
#[test]
fn a_killed_run_goes_on_from_its_checkpoint() {
    if gpu::gpu().is_none() {
        return;
    }
    let desk = desk();
    let state = desk.path("state");
    let mut newest = 0;
    for (round, wait_ms) in [0, 23, 61].into_iter().enumerate() {
        let resume = if round == 0 { "" } else { " --resume" };
        let mut child = start(&desk, &format!("{ENDLESS}{resume}"));
        let step = || checkpoint::open(&state).map_or(0, |it| it.step);
        wait_for("newer checkpoint", || newest < step());
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let kept = checkpoint::open(&state).unwrap().step;
        assert!(newest < kept, "{newest}, then {kept}");
        newest = kept;
    }
    let words = format!(
        "optimise scan --steps {} --resume --checkpoint state --json",
        newest + 3
    );
    let json = desk.run(&words).done().json();
    assert_eq!(json["steps"], newest + 3);
}
