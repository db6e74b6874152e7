//! Other programs: where they lie, and running them so that they can be ended at any time.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::PoseError;
use super::workplace::Workplace;
use crate::io::IoError;

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(50);

/// So much of what a program said last is kept.
const KEPT_BYTES: usize = 256 << 10;

/// So many of its last lines stand in an error.
const LAST_LINES: usize = 12;

/// Where a program lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Somebody named it: it is to be used, or it is an error.
    Named(PathBuf),
    /// It is on PATH.
    OnPath(PathBuf),
}

impl Found {
    /// The program.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::OnPath(path) => path,
        }
    }
}

/// The program called `name`: the `explicit` one, else what the environment variable `variable`
/// names, else the first on PATH. A named folder stands for the program inside of it.
pub(super) fn find_program(name: &str, explicit: Option<&Path>, variable: &str) -> Option<Found> {
    let named = explicit.map(Path::to_owned).or_else(|| {
        let value = std::env::var_os(variable)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    });
    if let Some(named) = named {
        let inside = [named.as_path(), &named.join("bin")]
            .into_iter()
            .find_map(|it| in_folder(it, name));
        let is_bare = named.parent() == Some(Path::new(""));
        // A path counts from here, wherever the program is run; a mere name is looked up.
        let absolute = std::path::absolute(&named).unwrap_or_else(|_| named.clone());
        let named = if is_bare { named } else { absolute };
        return Some(Found::Named(inside.unwrap_or(named)));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .find_map(|it| in_folder(&it, name))
        .map(Found::OnPath)
}

fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) {
        &[".exe", ".bat", ".cmd"]
    } else {
        &[""]
    };
    let mut candidates = endings.iter().map(|it| folder.join(format!("{name}{it}")));
    candidates.find(|it| is_program(it))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// Standard output and standard error together; the end of it where it was much.
    pub(super) said: String,
}

impl Ended {
    /// Its last lines, for an error.
    pub(super) fn last_words(&self) -> String {
        let lines: Vec<&str> = self
            .said
            .lines()
            .map(str::trim_end)
            .filter(|it| !it.is_empty())
            .collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// An error where it did not end well.
    pub(super) fn check(self, what: &str) -> Result<Self, PoseError> {
        if self.status.success() {
            return Ok(self);
        }
        let words = self.last_words();
        let words = if words.is_empty() {
            "It said nothing.".to_owned()
        } else {
            format!("Its last words:\n{words}")
        };
        let status = self.status;
        Err(PoseError::Failed(format!(
            "{what} failed ({status}). {words}"
        )))
    }
}

/// Runs `command` to its end, or until `hear` breaks; then it is killed with all that it started.
/// `hear` gets what was said since the last call together with the line that was not complete
/// then, and is called every [`POLL`] even if nothing was said.
///
/// # Errors
/// [`PoseError::Cancelled`] when `hear` breaks; where the program does not start.
pub(super) fn run(
    workplace: &mut Workplace,
    command: &mut Command,
    hear: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<Ended, PoseError> {
    let log = workplace.new_log();
    let system = |it| IoError::system(&log, it);
    let writer = File::create(&log).map_err(system)?;
    let mut reader = File::open(&log).map_err(system)?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().map_err(system)?)
        .stderr(writer);
    let mut child = workplace.start(command)?;
    let mut said = Vec::new();
    let mut pending = 0;
    loop {
        // Asked before reading: what is said between the two is read in the end.
        let ended = child.try_wait()?;
        reader.read_to_end(&mut said).map_err(system)?;
        let fresh = String::from_utf8_lossy(&said[pending..]);
        let go_on = hear(&fresh);
        pending = said
            .iter()
            .rposition(|it| *it == b'\n')
            .map_or(0, |it| it + 1);
        let excess = said.len().saturating_sub(KEPT_BYTES).min(pending);
        said.drain(..excess);
        pending -= excess;
        if go_on.is_break() {
            child.kill();
            return Err(PoseError::Cancelled);
        }
        if let Some(status) = ended {
            let said = String::from_utf8_lossy(&said).into_owned();
            return Ok(Ended { status, said });
        }
        pause();
    }
}

/// Waits for [`POLL`]: on a condition that nobody signals, as threads are the worker's alone.
pub(super) fn pause() {
    let nobody = Mutex::new(());
    let guard = nobody.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = Condvar::new().wait_timeout(guard, POLL);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_program_wins_and_a_folder_stands_for_what_is_inside() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("nowhere");
        let found = find_program("colmap", Some(&nowhere), "ACCRETE_NO_SUCH_VARIABLE");
        assert_eq!(found, Some(Found::Named(nowhere)));
        let name = if cfg!(windows) { "it.exe" } else { "it" };
        let program = folder.path().join("bin").join(name);
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::write(&program, "").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&program, mode).unwrap();
        }
        let found = find_program("it", Some(folder.path()), "ACCRETE_NO_SUCH_VARIABLE");
        assert_eq!(found, Some(Found::Named(program)));
        let none = find_program("no-such-program-anywhere", None, "ACCRETE_NO_SUCH_VARIABLE");
        assert_eq!(none, None);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_heard_and_killed_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mut workplace = Workplace::new(Some(folder.path())).unwrap();
        let mut heard = String::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; printf half; exit 3"]);
        let ended = run(&mut workplace, &mut command, &mut |text| {
            heard.push_str(text);
            ControlFlow::Continue(())
        });
        let ended = ended.unwrap();
        assert!(heard.contains("one\ntwo\nhalf"), "{heard}");
        assert_eq!(ended.status.code(), Some(3));
        let err = ended.check("The script").unwrap_err().to_string();
        assert!(err.contains("The script") && err.contains("half"), "{err}");

        // A script that waits for a grandchild, which would write a file after a while.
        let witness = folder.path().join("witness");
        let script = r#"sh -c 'sleep 0.4; echo > "$0"' "$0" & echo ready; wait"#;
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&witness);
        let result = run(&mut workplace, &mut command, &mut |text| {
            if text.contains("ready") {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(matches!(result, Err(PoseError::Cancelled)), "{result:?}");
        for _ in 0..14 {
            pause();
        }
        assert!(!witness.exists(), "the grandchild lives on");
        drop(workplace);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let mut workplace = Workplace::new(None).unwrap();
        let mut command = Command::new("/nowhere/colmap");
        let result = run(&mut workplace, &mut command, &mut |_| {
            ControlFlow::Continue(())
        });
        let err = result.unwrap_err().to_string();
        assert!(err.contains("/nowhere/colmap"), "{err}");
    }
}
