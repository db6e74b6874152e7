//! The background worker: the app sends [`Command`]s and drains [`Event`]s each frame.
//!
//! One thread runs one job at a time. While a job runs, what is sent waits, except
//! [`Command::Cancel`], which ends the job at its next step, and something new to open, which ends
//! it too. An optimisation and a reconstruction follow every order between two pieces of work; any
//! new job ends them.
//! A slow window costs frames of progress, never a result: progress is dropped when nobody reads,
//! results wait. Dropping [`Worker`] ends the job and joins the thread.

mod actor;
mod film;
mod jobs;
mod measure;
mod messages;
mod optimise;
mod optimise_messages;
mod orders;
mod pace;
mod poses;
mod ranks;
mod reconstruct;
mod reconstruct_messages;
#[cfg(feature = "remote")]
mod serve;
mod share;
mod watch;

pub use messages::{
    Command, EngineChoice, Event, FilmJob, Lineage, Opened, Progress, Snapshot, WorkerError,
};
pub use optimise_messages::{Adjustment, LiveSplats, Moment, OptimiseJob, OptimiseReport, Start};
pub use reconstruct_messages::{
    ChunkEvaluation, ChunkReport, ReconstructJob, ReconstructReport, SeenChunk, Sequel, Watch,
};

#[cfg(feature = "remote")]
pub use serve::serve;

pub use ranks::{Keep, Load, Sequence, on_ranks, reconstruct_on, run_shared};
pub use share::share;

pub use crate::optim::{Evaluation, TrainProgress};

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use render::gpu::Gpu;

use actor::Actor;

/// Events that may wait to be read; progress beyond that is dropped.
const OUTBOX: usize = 64;

/// A handle on the background thread.
#[derive(Debug)]
pub struct Worker {
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread. `wake` is called after each event, to make the window repaint. Without
    /// a GPU it opens photos and finds poses, and shows nothing.
    ///
    /// # Errors
    /// Where the system grants no thread.
    pub fn spawn(
        gpu: impl Into<Option<Gpu>>,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (commands, inbox) = unbounded();
        let (outbox, events) = bounded(OUTBOX);
        let actor = Actor::new(gpu.into(), inbox, outbox, Box::new(wake));
        let thread = std::thread::Builder::new()
            .name("recon-worker".to_owned())
            .spawn(move || actor.run())?;
        Ok(Self {
            commands: Some(commands),
            events,
            thread: Some(thread),
        })
    }

    /// Sends a command. Never blocks.
    pub fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            commands.send(command).ok();
        }
    }

    /// The events that have come since the last call.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.try_iter()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.commands = None; // The thread sees a closed inbox.
        for _ in &self.events {} // It may be waiting for room in the outbox.
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
