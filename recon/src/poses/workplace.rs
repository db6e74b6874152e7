//! A folder to work in that is gone afterwards, however this program ends, and the child programs
//! that run there.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::PoseError;
use crate::io::{IoError, RESULTS_FOLDER};

/// Lies in [`RESULTS_FOLDER`]; hidden, so that no opener looks into it.
const WORK_FOLDER: &str = ".work";

/// What the guard does: it remembers the group of processes it was last told, kills it when told
/// to or when its input ends, and then clears the folder away. Its input ends with this program,
/// even if that is killed.
const GUARD: &str = r#"
trap '' HUP INT TERM
group=
end() { [ -n "$group" ] && kill -KILL -"$group" 2>/dev/null; group=; }
while IFS= read -r word; do
    case $word in
        kill) end ;;
        *) group=$word ;;
    esac
done
end
rm -rf -- "$1" "$1.lock"
rmdir -- "$2" 2>/dev/null && rmdir -- "$3" 2>/dev/null
"#;

/// A folder of its own under `.accrete/.work`. Removed when dropped; after a crash by a small
/// shell that outlives this program, or, where there is no shell, by the next workplace.
#[derive(Debug)]
pub(super) struct Workplace {
    path: PathBuf,
    /// Held locked, so that others see that this folder is in use.
    lock: Option<File>,
    guard: Option<Guard>,
    logs: u32,
}

#[derive(Debug)]
struct Guard {
    shell: Child,
    input: ChildStdin,
}

impl Workplace {
    /// In `near` where that can be written, else where the system keeps temporary files.
    ///
    /// # Errors
    /// Where neither can be written.
    pub(super) fn new(near: Option<&Path>) -> Result<Self, IoError> {
        if let Some(near) = near
            && let Ok(it) = Self::inside(near)
        {
            return Ok(it);
        }
        let temporary = std::env::temp_dir();
        Self::inside(&temporary).map_err(|it| IoError::system(&temporary, it))
    }

    /// In `folder` or nowhere.
    pub(super) fn inside(folder: &Path) -> std::io::Result<Self> {
        let parent = folder.join(RESULTS_FOLDER).join(WORK_FOLDER);
        fs::create_dir_all(&parent)?;
        // Children work elsewhere, so the path must not depend on where this program was started.
        let parent = fs::canonicalize(parent)?;
        clear_left_behind(&parent);
        let result = Self::below(&parent);
        if result.is_err() {
            remove_parents(&parent);
        }
        result
    }

    fn below(parent: &Path) -> std::io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{}-{count}", std::process::id()));
        let lock = File::create(lock_of(&path))?;
        // Not every file system can lock; then nothing is cleared away there either.
        lock.try_lock().ok();
        fs::create_dir(&path)?;
        let guard = Guard::start(&path);
        Ok(Self {
            path,
            lock: Some(lock),
            guard,
            logs: 0,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A new file for what a program says.
    pub(super) fn new_log(&mut self) -> PathBuf {
        self.logs += 1;
        self.path.join(format!("{}.log", self.logs))
    }

    /// Starts a program in a group of its own, so that it can be ended with all that it starts.
    pub(super) fn start(&mut self, command: &mut Command) -> Result<Running<'_>, PoseError> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.process_group(0);
        }
        let child = command.spawn().map_err(|it| {
            let program = command.get_program().to_string_lossy();
            PoseError::Failed(format!("{program} cannot be started: {it}"))
        })?;
        if let Some(guard) = &mut self.guard {
            guard.tell(&child.id().to_string());
        }
        Ok(Running {
            child,
            guard: self.guard.as_mut(),
        })
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What cannot be removed now is left to the guard or to the next workplace.
        fs::remove_dir_all(&self.path).ok();
        drop(self.lock.take());
        fs::remove_file(lock_of(&self.path)).ok();
        if let Some(parent) = self.path.parent() {
            remove_parents(parent);
        }
        if let Some(Guard { mut shell, input }) = self.guard.take() {
            drop(input);
            shell.wait().ok();
        }
    }
}

/// A program that runs. Killed when dropped before its end.
#[derive(Debug)]
pub(super) struct Running<'a> {
    child: Child,
    guard: Option<&'a mut Guard>,
}

impl Running<'_> {
    /// How it ended; `None` while it runs.
    pub(super) fn try_wait(&mut self) -> Result<Option<ExitStatus>, PoseError> {
        self.child
            .try_wait()
            .map_err(|it| PoseError::Failed(format!("a program that was started is lost: {it}")))
    }

    /// Standard output, where it is a pipe; once.
    pub(super) fn output(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Ends it and all that it started.
    pub(super) fn kill(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.tell("kill");
        }
        #[cfg(windows)]
        {
            let id = self.child.id().to_string();
            let mut tree = Command::new("taskkill");
            tree.args(["/T", "/F", "/PID", &id])
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            tree.status().ok();
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            // Its number may soon be another's.
            if let Some(guard) = &mut self.guard {
                guard.tell("");
            }
        } else {
            self.kill();
        }
    }
}

impl Guard {
    /// `None` where there is no shell.
    fn start(path: &Path) -> Option<Self> {
        if cfg!(windows) {
            return None;
        }
        let parent = path.parent()?;
        let mut command = Command::new("sh");
        command
            .args(["-c", GUARD, "accrete-guard"])
            .args([path, parent, parent.parent()?])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // A Ctrl-C in the terminal ends this program, not the guard.
            command.process_group(0);
        }
        let mut shell = command.spawn().ok()?;
        let input = shell.stdin.take()?;
        Some(Self { shell, input })
    }

    /// Where the guard itself was killed there is nobody to tell.
    fn tell(&mut self, word: &str) {
        writeln!(self.input, "{word}").ok();
    }
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

/// Removes workplaces whose program is gone.
fn clear_left_behind(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let lock = entry.path();
        if lock.extension().is_none_or(|it| it != "lock") {
            continue;
        }
        let is_unused = File::open(&lock).is_ok_and(|it| it.try_lock().is_ok());
        if is_unused {
            fs::remove_dir_all(lock.with_extension("")).ok();
            fs::remove_file(&lock).ok();
        }
    }
}

/// Removes the folders around workplaces where nothing else lies in them.
fn remove_parents(parent: &Path) {
    if fs::remove_dir(parent).is_ok()
        && let Some(results) = parent.parent()
    {
        fs::remove_dir(results).ok();
    }
}

/// Removes the folder for results where nothing was kept in it.
pub(crate) fn remove_empty(place: &Path) {
    fs::remove_dir(place).ok(); // Only what is empty goes.
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workplace_leaves_nothing_and_keeps_what_others_have() {
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path().join(RESULTS_FOLDER);
        let first = Workplace::new(Some(folder.path())).unwrap();
        let second = Workplace::new(Some(folder.path())).unwrap();
        assert!(
            first
                .path()
                .starts_with(fs::canonicalize(&results).unwrap())
        );
        assert!(
            first.path().is_dir() && second.path().is_dir(),
            "both in use"
        );
        drop(first);
        assert!(second.path().is_dir());
        fs::write(results.join("kept"), "").unwrap();
        drop(second);
        assert_eq!(fs::read_dir(&results).unwrap().count(), 1);
        fs::remove_file(results.join("kept")).unwrap();
        drop(Workplace::new(Some(folder.path())).unwrap());
        assert!(!results.exists());
    }

    #[test]
    fn what_a_crash_left_behind_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join(RESULTS_FOLDER).join(WORK_FOLDER);
        fs::create_dir_all(work.join("1-0/deep")).unwrap();
        fs::write(work.join("1-0.lock"), "").unwrap();
        drop(Workplace::new(Some(folder.path())).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn where_nothing_can_be_written_the_system_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        fs::write(&file, "").unwrap();
        let workplace = Workplace::new(Some(&file)).unwrap();
        let temporary = fs::canonicalize(std::env::temp_dir()).unwrap();
        assert!(workplace.path().starts_with(temporary));
    }
}
