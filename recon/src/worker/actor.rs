//! The thread: takes a command, runs its job, tells how it ended.

use std::any::Any;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use render::gpu::Gpu;

use super::jobs;
use super::messages::{Command, Event, WorkerError};

/// How a job ended, other than by an error.
pub(super) enum Outcome {
    Finished,
    Cancelled,
}

/// What a job may do: draw on the GPU, tell the app, ask whether to go on.
pub(super) struct Actor {
    /// `None` where nothing is shown.
    pub(super) gpu: Option<Gpu>,
    inbox: Receiver<Command>,
    outbox: Sender<Event>,
    wake: Box<dyn Fn() + Send>,
    /// Came while a job ran, to be done after it.
    waiting: VecDeque<Command>,
    next_snapshot: u64,
}

impl Actor {
    pub(super) fn new(
        gpu: Option<Gpu>,
        inbox: Receiver<Command>,
        outbox: Sender<Event>,
        wake: Box<dyn Fn() + Send>,
    ) -> Self {
        Self {
            gpu,
            inbox,
            outbox,
            wake,
            waiting: VecDeque::new(),
            next_snapshot: 0,
        }
    }

    pub(super) fn run(mut self) {
        while let Some(command) = self.next() {
            let job = match &command {
                Command::ShowSplats { name, .. } => format!("Showing {name}"),
                Command::Open(path)
                | Command::OpenPart(path)
                | Command::OpenCameraPath { path, .. } => {
                    format!("Opening {}", path.display())
                }
                Command::FindPoses { photos, .. } => {
                    format!("Finding poses for {}", photos.folder.path().display())
                }
                Command::TakeFrames { video, .. } => {
                    format!("Taking frames from {}", video.display())
                }
                Command::Demo { .. } => "Generating the demo scene".to_owned(),
                Command::Export { path, .. } => format!("Writing {}", path.display()),
                Command::Film(job) => format!("Rendering {}", job.film.out.display()),
                Command::MeasureSplats { .. } => "Measuring splats".to_owned(),
                Command::SaveProject { path, .. } | Command::SaveCameraPath { path, .. } => {
                    format!("Saving {}", path.display())
                }
                Command::Reconstruct(job) => format!("Reconstructing {}", job.dataset.name),
                Command::Optimise(job) => format!("Optimising {}", job.dataset.name),
                // Nothing is running: there is nothing to end or to change.
                Command::Cancel
                | Command::Pause
                | Command::Resume
                | Command::Adjust(_)
                | Command::Evaluate
                | Command::TakeSnapshot
                | Command::SaveCheckpoint => continue,
            };
            let caught = catch_unwind(AssertUnwindSafe(|| jobs::run(&mut self, command)));
            self.tell(match caught {
                Ok(Ok(Outcome::Finished)) => Event::Finished,
                Ok(Ok(Outcome::Cancelled)) => Event::Cancelled,
                Ok(Err(err)) => Event::Failed(err),
                Err(panic) => Event::Failed(WorkerError::Panicked {
                    job,
                    what: message_of(&*panic),
                }),
            });
        }
    }

    /// Waits for room: results are never dropped.
    pub(super) fn tell(&self, event: Event) {
        self.outbox.send(event).ok();
        (self.wake)();
    }

    /// Tells if there is room: for what the next such event replaces.
    pub(super) fn offer(&self, event: Event) {
        if self.outbox.try_send(event).is_ok() {
            (self.wake)();
        }
    }

    /// Tells if there is room, and whether the job is to go on.
    pub(super) fn step(&mut self, what: &str, done: u64, total: u64) -> ControlFlow<()> {
        let progress = super::Progress {
            what: what.to_owned(),
            done,
            total,
        };
        self.offer(Event::Progressed(progress));
        loop {
            match self.inbox.try_recv() {
                Ok(Command::Cancel) | Err(TryRecvError::Disconnected) => {
                    self.waiting.clear();
                    return ControlFlow::Break(());
                }
                Ok(command) => {
                    // Whoever opens something else no longer waits for this.
                    let replaces = matches!(command, Command::Open(_) | Command::Demo { .. });
                    self.waiting.push_back(command);
                    if replaces {
                        return ControlFlow::Break(());
                    }
                }
                Err(TryRecvError::Empty) => return ControlFlow::Continue(()),
            }
        }
    }

    /// What was sent meanwhile, if anything; an error where nobody sends any longer.
    pub(super) fn order(&mut self) -> Option<Result<Command, ()>> {
        if let Some(command) = self.waiting.pop_front() {
            return Some(Ok(command));
        }
        match self.inbox.try_recv() {
            Ok(command) => Some(Ok(command)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(())),
        }
    }

    /// The same, after waiting for it.
    pub(super) fn wait_for_order(&mut self) -> Result<Command, ()> {
        if let Some(command) = self.waiting.pop_front() {
            return Ok(command);
        }
        self.inbox.recv().map_err(|_| ())
    }

    /// Whether [`Self::order`] has something.
    pub(super) fn has_orders(&self) -> bool {
        !self.waiting.is_empty() || !self.inbox.is_empty()
    }

    /// To be done when the running job has ended.
    pub(super) fn postpone(&mut self, command: Command) {
        self.waiting.push_front(command);
    }

    pub(super) fn snapshot_id(&mut self) -> u64 {
        self.next_snapshot += 1;
        self.next_snapshot
    }

    fn next(&mut self) -> Option<Command> {
        self.waiting.pop_front().or_else(|| self.inbox.recv().ok())
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|it| (*it).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
