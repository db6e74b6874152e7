//! What is asked of a reconstruction while the network works, which itself knows only to go on or to
//! end: followed between its pieces of work.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::model::{KeptScene, Network};

use super::actor::Actor;
use super::jobs;
use super::messages::{Command, Event};

/// Follows orders, and remembers what they are about.
#[derive(Debug)]
pub(super) struct Orders {
    /// What the network knew after the last whole chunk; `None` before, and in modes that keep
    /// nothing.
    pub(super) scene: Option<Box<KeptScene>>,
    place: Option<PathBuf>,
    /// For the optimisation that follows.
    later: Vec<Command>,
    /// Time that was spent on them.
    spent: Duration,
}

impl Orders {
    /// None yet. What is known of the scene is kept in `place`; `None` where photos lie in a zip and
    /// no place was chosen.
    pub(super) fn new(place: Option<PathBuf>) -> Self {
        Self {
            scene: None,
            place,
            later: Vec::new(),
            spent: Duration::ZERO,
        }
    }

    /// Tells how far the work is, and does what was asked for meanwhile; while paused, waits for
    /// what is asked for. Breaks where the job is to end: it was cancelled, something new is to be
    /// done, or nobody listens any longer.
    pub(super) fn attend(
        &mut self,
        actor: &mut Actor,
        network: &Network,
        (what, done, total): (&str, u64, u64),
    ) -> ControlFlow<()> {
        actor.step(what, done, total)?;
        if !actor.has_orders() {
            return ControlFlow::Continue(());
        }
        let begun = Instant::now();
        let flow = self.follow(actor, network);
        self.spent += begun.elapsed();
        flow
    }

    fn follow(&mut self, actor: &mut Actor, network: &Network) -> ControlFlow<()> {
        let mut is_paused = false;
        loop {
            let order = if is_paused {
                Some(actor.wait_for_order())
            } else {
                actor.order()
            };
            let command = match order {
                None => return ControlFlow::Continue(()),
                Some(Err(())) => return ControlFlow::Break(()),
                Some(Ok(command)) => command,
            };
            match command {
                Command::Pause if !is_paused => {
                    is_paused = true;
                    actor.tell(Event::Paused);
                }
                Command::Resume if is_paused => {
                    is_paused = false;
                    actor.tell(Event::Resumed);
                }
                Command::Cancel => return ControlFlow::Break(()),
                command if jobs::is_done_meanwhile(&command) => {
                    jobs::do_meanwhile(actor, command);
                }
                Command::SaveCheckpoint => self.keep(actor, network),
                Command::Adjust(_) => self.later.push(command),
                // Every chunk is measured, and a snapshot of its own.
                Command::Pause | Command::Resume | Command::Evaluate | Command::TakeSnapshot => {}
                other => {
                    // A new job: this one ends, and what it has is kept.
                    actor.postpone(other);
                    return ControlFlow::Break(());
                }
            }
        }
    }

    fn keep(&self, actor: &Actor, network: &Network) {
        match &self.place {
            Some(path) => self.keep_in(path, actor, network),
            None => actor.tell(Event::Warned(
                "photos in a zip have no place beside them where the scene could be kept"
                    .to_owned(),
            )),
        }
    }

    /// Writes what the network knows of the scene. A disk that is full is no reason to end.
    pub(super) fn keep_in(&self, path: &Path, actor: &Actor, network: &Network) {
        let Some(scene) = &self.scene else {
            actor.tell(Event::Warned(
                "nothing of the scene can be kept yet: that takes a whole chunk, in causal mode"
                    .to_owned(),
            ));
            return;
        };
        actor.tell(match scene.save(network, path) {
            Ok(bytes) => Event::SceneKept {
                path: path.to_owned(),
                views: scene.seen.len(),
                bytes,
            },
            Err(err) => Event::Warned(format!("the scene was not kept: {err}")),
        });
    }

    /// How much time was spent on them since this was asked for last.
    pub(super) fn take_spent(&mut self) -> Duration {
        std::mem::take(&mut self.spent)
    }

    /// Whether time was spent on them since then.
    pub(super) fn were_followed(&self) -> bool {
        self.spent != Duration::ZERO
    }

    /// Hands what is for later to the job that follows.
    pub(super) fn hand_over(self, actor: &mut Actor) {
        for command in self.later.into_iter().rev() {
            actor.postpone(command);
        }
    }
}
