//! The program `accrete`, run as a user runs it: files, pictures, exit codes, JSON.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bench;
mod convert;
mod datasets;
mod edit;
mod eval;
mod model;
mod optimise;
mod pictures;
mod poses;
mod reconstruct;
#[cfg(feature = "remote")]
mod remote;
mod sharing;
mod stopping;
mod synth;
mod train;
mod trouble;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The program, as Cargo has just built it.
fn accrete() -> Command {
    let program = env!("CARGO_BIN_EXE_accrete");
    let mut command = Command::new(program);
    // No test may open a window on the screen of whoever runs it.
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

/// What a run left behind.
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Outcome {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It went well.
    fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// It failed with `code`, and said so in words that contain `words`.
    fn failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.contains("error: "), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "{word}: {}", self.stderr);
        }
    }

    /// Standard output is JSON and nothing else.
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|err| panic!("{err}: {}", self.stdout))
    }
}

/// A folder to work in, with `scene.ply` inside.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let splats = recon::synthetic::demo_scene(5, 3_000, 1);
        let mut file = recon::io::SplatFile::new(splats, recon::io::SplatFormat::Ply);
        file.comments.push("made for a test".to_owned());
        recon::io::save(&folder.path().join("scene.ply"), &file).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `accrete` with these words, inside the folder.
    fn run(&self, words: &str) -> Outcome {
        self.run_with(words, |command| command)
    }

    /// The same, once `adjust` has set the surroundings.
    fn run_with(&self, words: &str, adjust: impl FnOnce(&mut Command) -> &mut Command) -> Outcome {
        let mut command = accrete();
        command
            .current_dir(self.folder.path())
            .args(words.split_whitespace());
        Outcome::of(adjust(&mut command).output().unwrap())
    }

    /// Everything in a folder of the desk, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        names(&self.path(folder))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
