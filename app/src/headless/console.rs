//! Where words, reports and progress go: people's text, JSON, warnings, a closed pipe.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use recon::io::{IoError, replace};
use serde::Serialize;

use crate::args::Common;

/// Everything the headless modes say goes through this.
#[derive(Clone, Debug)]
pub struct Console {
    json: Option<JsonTo>,
    quiet: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum JsonTo {
    Stdout,
    File(PathBuf),
}

/// Nobody reads standard output any more (`accrete … | head`). Not worth a message: whoever closed
/// it has seen enough.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
struct OutputClosed;

impl Console {
    /// As the command line wants it.
    ///
    /// # Errors
    /// Where the folder of the report does not exist: better said before an hour's work.
    pub fn new(common: &Common) -> anyhow::Result<Self> {
        let json = common.json.as_ref().map(|path| match path.to_str() {
            Some("-") => JsonTo::Stdout,
            _ => JsonTo::File(path.clone()),
        });
        if let Some(JsonTo::File(path)) = &json {
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
            if path.is_dir() || folder.is_some_and(|it| !it.is_dir()) {
                bail!(
                    "--json={}: not a file in a folder that exists",
                    path.display()
                );
            }
        }
        let quiet = common.quiet;
        Ok(Self { json, quiet })
    }

    /// Says something to the person: on standard output, unless that is for JSON.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub fn say(&self, text: impl Display) -> anyhow::Result<()> {
        if self.quiet {
            return Ok(());
        }
        if self.json == Some(JsonTo::Stdout) {
            told_on_stderr(&text);
            return Ok(());
        }
        to_stdout(&text)
    }

    /// Whether nothing but warnings, errors and reports is wanted.
    #[cfg(feature = "remote")]
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Warns, on standard error.
    pub fn warn(&self, text: impl Display) {
        told_on_stderr(&format_args!("warning: {text}"));
    }

    /// Hands over the report, where `--json` asks for one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn report(&self, report: &impl Serialize) -> anyhow::Result<()> {
        let Some(to) = &self.json else {
            return Ok(());
        };
        let json = serde_json::to_string_pretty(report).context("the report as JSON")?;
        match to {
            JsonTo::Stdout => to_stdout(&json),
            JsonTo::File(path) => {
                let bytes = format!("{json}\n").into_bytes();
                replace(path, &bytes).map_err(|it| IoError::system(path, it).into())
            }
        }
    }

    /// Says that `what` has nothing to report, where `--json` asks for it.
    pub fn no_report(&self, what: &str) {
        if self.json.is_some() {
            self.warn(format_args!("--json: {what} has nothing to report"));
        }
    }

    /// A bar of `len` steps on standard error; hidden where that is no terminal.
    pub fn progress(&self, len: u64, what: &str) -> ProgressBar {
        let target = if self.quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(len), target);
        let template = "{msg} {wide_bar} {pos}/{len}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.with_message(what.to_owned())
    }
}

/// Whether an error says no more than that standard output was closed.
pub fn is_closed_output(err: &anyhow::Error) -> bool {
    err.is::<OutputClosed>()
}

/// Tells an error with its causes on standard error.
pub fn tell_error(err: &anyhow::Error) {
    told_on_stderr(&format_args!("error: {}", with_causes(err)));
}

/// An error and its causes in one line. Some errors quote their cause: it is not said twice.
pub(super) fn with_causes(err: &anyhow::Error) -> String {
    let mut text = err.to_string();
    for cause in err.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn told_on_stderr(text: &dyn Display) {
    // Where standard error is closed there is nobody left to tell.
    writeln!(io::stderr(), "{text}").ok();
}

fn to_stdout(text: &dyn Display) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(err) if err.kind() == ErrorKind::BrokenPipe => Err(OutputClosed.into()),
        result => result.context("standard output"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let refused = IoError::system(Path::new("a.ply"), ErrorKind::NotFound.into());
        let text = with_causes(&anyhow::Error::from(refused).context("opening"));
        assert_eq!(text, "opening: a.ply: entity not found");
    }

    #[test]
    fn a_report_needs_a_folder() {
        let common = Common {
            json: Some("no/such/folder/r.json".into()),
            ..Common::default()
        };
        let err = Console::new(&common).unwrap_err().to_string();
        assert!(err.contains("no/such/folder/r.json"), "{err}");
    }
}
