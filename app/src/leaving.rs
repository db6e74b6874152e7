//! Leaving work that was not exported: what is asked, and what follows. Pure.

use recon::worker::Command;

/// What the user was about to do.
#[derive(Clone, Debug)]
pub enum Destination {
    /// End the program.
    Quit,
    /// Show the first screen.
    Close,
    /// Begin something else.
    Command(Command),
}

/// How far the user's answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// There is none yet.
    #[default]
    Asked,
    /// To be saved, once the optimisation has ended and its splats are there.
    Ending,
    /// To be saved; the place is being asked for, or the file is being written.
    Saving,
}

/// Work that would be lost.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// What the user was about to do.
    pub to: Destination,
    /// How far the answer is.
    pub stage: Stage,
}

impl Leaving {
    /// Nothing was answered yet.
    pub fn new(to: Destination) -> Self {
        Self {
            to,
            stage: Stage::default(),
        }
    }
}

/// The answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Save first.
    Save,
    /// The work may go.
    Discard,
    /// Stay.
    Cancel,
}

/// Whether a command takes the place of what is open.
pub fn replaces(command: &Command) -> bool {
    matches!(
        command,
        Command::Open(_)
            | Command::Demo { .. }
            | Command::FindPoses { .. }
            | Command::TakeFrames { .. }
            | Command::Reconstruct(_)
            | Command::Optimise(_)
    )
}
