//! The worker as the modes without a window use it: one command at a time, progress on a bar.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ::render::gpu::Gpu;
use anyhow::Context;
use indicatif::ProgressBar;
use recon::worker::{Command, Event, Progress, Worker};
use serde::Serialize;

use super::Console;
use super::interrupt::Interrupts;

/// Nothing may wake this program for so long; then it looks by itself.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A part of a job, and how long it took.
#[derive(Serialize)]
pub(super) struct Stage {
    pub(super) what: String,
    pub(super) seconds: f64,
}

/// The worker, and how long each stage of its job took.
pub(super) struct Job {
    worker: Worker,
    woken: Receiver<()>,
    pub(super) bar: ProgressBar,
    stages: Vec<(String, Instant)>,
    warnings: Vec<String>,
    /// `None` where Ctrl-C simply ends the program.
    interrupts: Option<Interrupts>,
    pub(super) console: Console,
}

impl Job {
    /// Starts the worker, without a device where nothing is drawn.
    ///
    /// # Errors
    /// Where the system grants no thread.
    pub(super) fn start(console: &Console, gpu: Option<Gpu>) -> anyhow::Result<Self> {
        let (wake, woken) = channel();
        // Nobody hears it at the very end.
        let wake = move || {
            wake.send(()).ok();
        };
        let worker = Worker::spawn(gpu, wake).context("the background worker could not start")?;
        Ok(Self {
            worker,
            woken,
            bar: console.progress(0, "Opening"),
            stages: Vec::new(),
            warnings: Vec::new(),
            interrupts: None,
            console: console.clone(),
        })
    }

    /// Sends a command and listens until its job has ended.
    ///
    /// # Errors
    /// What made it fail.
    pub(super) fn work(
        &mut self,
        command: Command,
        mut hear: impl FnMut(&ProgressBar, Event),
    ) -> anyhow::Result<()> {
        self.worker.send(command);
        let ended = loop {
            let events: Vec<Event> = self.worker.events().collect();
            let mut ended = None;
            for event in events {
                match event {
                    Event::Progressed(it) => self.show(it),
                    Event::Warned(text) => {
                        self.bar.suspend(|| self.console.warn(&text));
                        self.warnings.push(text);
                    }
                    Event::Finished => ended = Some(Ok(())),
                    Event::Cancelled => ended = Some(Err(anyhow::anyhow!("cancelled"))),
                    Event::Failed(err) => ended = Some(Err(err.into())),
                    other => {
                        if matches!(&other, Event::Trained(it) if it.paused) {
                            // Nobody is here who could let it go on: it shall end and keep what
                            // there is.
                            self.worker.send(Command::Cancel);
                        }
                        hear(&self.bar, other);
                    }
                }
            }
            if let Some(ended) = ended {
                break ended;
            }
            self.heed_interrupt();
            // Woken, or not for a while: the same is to be done.
            self.woken.recv_timeout(LOOK_EVERY).ok();
        };
        self.bar.finish_and_clear();
        ended
    }

    /// The same with a job that keeps what it has where it is ended: by Ctrl-C, too.
    ///
    /// # Errors
    /// What made it fail.
    pub(super) fn work_until_interrupted(
        &mut self,
        command: Command,
        hear: impl FnMut(&ProgressBar, Event),
    ) -> anyhow::Result<()> {
        self.interrupts = Some(Interrupts::heed());
        let worked = self.work(command, hear);
        self.interrupts = None;
        worked
    }

    /// Ends the job where Ctrl-C asks for it.
    fn heed_interrupt(&self) {
        if self.interrupts.as_ref().is_some_and(Interrupts::taken) {
            self.worker.send(Command::Cancel);
            self.bar.suspend(|| {
                self.console
                    .warn("stopping; what there is will be kept (Ctrl-C again ends at once)");
            });
        }
    }

    fn show(&mut self, progress: Progress) {
        if self.stages.last().is_none_or(|it| it.0 != progress.what) {
            self.stages.push((progress.what.clone(), Instant::now()));
            self.bar.reset();
            self.bar.set_message(progress.what);
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }

    /// What was odd so far, in words for a person; it was told when it came.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Times only what comes from here on.
    pub(super) fn forget_stages(&mut self) {
        self.stages.clear();
    }

    /// How long each stage took; the last one until now.
    pub(super) fn stages(&self) -> Vec<Stage> {
        let ends = self.stages.iter().skip(1).map(|it| it.1);
        let ends = ends.chain([Instant::now()]);
        let stages = self.stages.iter().zip(ends);
        stages
            .map(|((what, begun), end)| Stage {
                what: what.clone(),
                seconds: end.duration_since(*begun).as_secs_f64(),
            })
            .collect()
    }
}
