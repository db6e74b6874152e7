//! A folder that is still being filled: looked at until photos have come, or none will.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dataset::{Dataset, HoldOut, Split, View};
use crate::io;

use super::reconstruct_messages::Watch;

/// The folder is looked at this often. Photos that were there the last time, too, are complete.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Orders are heard this often meanwhile.
const LISTEN_EVERY: Duration = Duration::from_millis(50);

/// What whoever waits for photos hears meanwhile.
pub(super) enum Waiting {
    /// Nothing came for so many seconds, of the second number.
    Quiet(u64, u64),
    /// Something is odd, in words for a person.
    Warned(String),
}

/// Hears of the wait, and says whether it goes on.
pub(super) type Listen<'a> = &'a mut dyn FnMut(Waiting) -> ControlFlow<()>;

/// Looks at a folder now and then.
pub(super) struct Watcher {
    path: PathBuf,
    hold_out: Option<HoldOut>,
    patience: Duration,
    /// As it was handed over last.
    dataset: Arc<Dataset>,
    /// Names of new views at the last look.
    before: HashSet<String>,
    /// Why the folder could not be opened the last time.
    refused: Option<String>,
    /// It was told that cameras moved.
    told: bool,
}

impl Watcher {
    pub(super) fn new(dataset: Arc<Dataset>, watch: &Watch) -> Self {
        Self {
            path: dataset.report.path.clone(),
            hold_out: watch.hold_out.clone(),
            patience: watch.patience,
            dataset,
            before: HashSet::new(),
            refused: None,
            told: false,
        }
    }

    /// The dataset as soon as it has at least `count` new views to learn from, or fewer and no
    /// more come for the moment; `None` when nothing came for as long as patience lasts. Breaks
    /// where the job is told to end.
    pub(super) fn wait(
        &mut self,
        count: usize,
        listen: Listen<'_>,
    ) -> ControlFlow<(), Option<Arc<Dataset>>> {
        let mut quiet = Instant::now();
        loop {
            let look = self.look(count, listen)?;
            if let Look::Grown(grown) = look {
                self.dataset = grown.clone();
                return ControlFlow::Continue(Some(grown));
            }
            if let Look::Growing = look {
                quiet = Instant::now();
            } else if self.patience <= quiet.elapsed() {
                if let Some(why) = self.refused.take() {
                    listen(Waiting::Warned(why))?;
                }
                return ControlFlow::Continue(None);
            }
            let looked = Instant::now();
            while looked.elapsed() < LOOK_EVERY {
                let waited = quiet.elapsed().min(self.patience).as_secs();
                let asked = Instant::now();
                listen(Waiting::Quiet(waited, self.patience.as_secs()))?;
                // A pause is no sign that no more photos come.
                quiet += asked.elapsed();
                std::thread::sleep(LISTEN_EVERY);
            }
        }
    }

    fn look(&mut self, count: usize, listen: Listen<'_>) -> ControlFlow<(), Look> {
        // A pose file that is just being written is no error: there is a next time.
        let newer = match io::open_dataset(&self.path, self.hold_out.as_ref()) {
            Ok(Some(it)) => it,
            Ok(None) => return ControlFlow::Continue(Look::Quiet),
            Err(err) => {
                self.refused = Some(err.to_string());
                return ControlFlow::Continue(Look::Quiet);
            }
        };
        self.refused = None;
        let new = self.dataset.new_views(&newer);
        let names: HashSet<String> = new.iter().map(|it| it.name.clone()).collect();
        let before = std::mem::replace(&mut self.before, names);
        let is_ready = |it: &View| before.contains(&it.name);
        let is_learnt = |it: &&View| it.split == Split::Train;
        let all = new.iter().copied().filter(is_learnt).count();
        let ready = new.iter().copied().filter(is_learnt);
        let ready = ready.filter(|it| is_ready(it)).count();
        if all == 0 {
            return ControlFlow::Continue(Look::Quiet);
        }
        if ready < count.min(all) {
            return ControlFlow::Continue(Look::Growing);
        }
        let joined = self.dataset.joined(&newer, &is_ready);
        if 0 < joined.moved && !self.told {
            self.told = true;
            listen(Waiting::Warned(format!(
                "{}: {} photos that were seen have other poses now. They stay where they were, so \
                 that new ones may not fit: poses of a folder that is being filled have to keep \
                 their coordinates",
                self.path.display(),
                joined.moved
            )))?;
        }
        self.before.retain(|it| !before.contains(it));
        ControlFlow::Continue(Look::Grown(Arc::new(joined.dataset)))
    }
}

/// What a look found.
enum Look {
    /// Views to learn from.
    Grown(Arc<Dataset>),
    /// Some that may not be complete yet, or after which more come.
    Growing,
    /// None.
    Quiet,
}
