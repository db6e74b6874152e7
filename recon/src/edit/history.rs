//! The ordered list of edits: do, undo, redo, and do again on a later state of the scene.

use std::sync::Arc;

use render::Splats;

use super::kin::Kin;
use super::marks::{CROPPED, DELETED, LOCKED, SELECTED};
use super::{CropScope, EditError, EditOp, Edited, Region, Restart, Scope, Similarity};

/// Scenes between edits that are kept take at most so much memory, in bytes; others are computed
/// anew.
const CACHE_BYTES: usize = 256 << 20;

/// The edits of a scene. Splats as they were are never changed.
#[derive(Clone, Debug)]
pub struct History {
    start: Edited,
    /// Splats of other files.
    parts: Vec<Arc<Splats>>,
    steps: Vec<Step>,
    /// How many of the steps are done; those behind were undone.
    done: usize,
    now: Edited,
    /// Scenes between edits that are kept take at most so much memory, in bytes.
    room: usize,
}

#[derive(Clone, Debug)]
struct Step {
    op: EditOp,
    /// The scene after it, as long as there is room.
    after: Option<Edited>,
}

/// What became of edits when they were done again on other splats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many hold.
    pub kept: usize,
    /// Those that do not, as a person reads them.
    pub dropped: Vec<String>,
}

impl History {
    /// No edits yet.
    pub fn new(splats: Arc<Splats>) -> Self {
        let start = Edited::new(splats);
        Self {
            now: start.clone(),
            start,
            parts: Vec::new(),
            steps: Vec::new(),
            done: 0,
            room: CACHE_BYTES,
        }
    }

    /// The edits `ops` of `splats`, of which the first `done` are done.
    ///
    /// # Errors
    /// Where one of them cannot be done.
    pub fn replay(
        splats: Arc<Splats>,
        parts: Vec<Arc<Splats>>,
        ops: Vec<EditOp>,
        done: usize,
    ) -> Result<Self, EditError> {
        let mut history = Self::new(splats);
        history.parts = parts;
        for op in ops {
            history.apply(op)?;
        }
        history.go_to(done);
        Ok(history)
    }

    /// The scene as it stands.
    pub fn now(&self) -> &Edited {
        &self.now
    }

    /// The splats before the first edit.
    pub fn splats(&self) -> &Arc<Splats> {
        &self.start.splats
    }

    /// Splats of other files that edits merge.
    pub fn parts(&self) -> &[Arc<Splats>] {
        &self.parts
    }

    /// All edits, those that were undone among them.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = &EditOp> {
        self.steps.iter().map(|it| &it.op)
    }

    /// How many of the edits are done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The edit that would be undone.
    pub fn last(&self) -> Option<&EditOp> {
        self.steps.get(self.done.checked_sub(1)?).map(|it| &it.op)
    }

    /// The edit that would be done again.
    pub fn next(&self) -> Option<&EditOp> {
        self.steps.get(self.done).map(|it| &it.op)
    }

    /// Does one more edit. Those that were undone are forgotten.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn apply(&mut self, op: EditOp) -> Result<(), EditError> {
        let after = self.now.after(&op, &self.parts)?;
        self.steps.truncate(self.done);
        self.steps.push(Step {
            op,
            after: Some(after.clone()),
        });
        self.done += 1;
        self.now = after;
        self.trim();
        Ok(())
    }

    /// Adds splats of another file, and selects them.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn merge(&mut self, splats: Arc<Splats>, name: String) -> Result<(), EditError> {
        self.parts.push(splats);
        let part = self.parts.len() - 1;
        let merged = self.apply(EditOp::Merge { part, name });
        if merged.is_err() {
            self.parts.pop();
        }
        merged
    }

    /// The scene as it would be after one more edit.
    ///
    /// # Errors
    /// Those of [`History::apply`].
    pub fn preview(&self, op: &EditOp) -> Result<Edited, EditError> {
        self.now.after(op, &self.parts)
    }

    /// Takes the last edit back. Tells which; `None` where there is none.
    pub fn undo(&mut self) -> Option<&EditOp> {
        let done = self.done.checked_sub(1)?;
        self.go_to(done);
        self.next()
    }

    /// Does the edit again that was taken back last. Tells which; `None` where there is none.
    pub fn redo(&mut self) -> Option<&EditOp> {
        self.next()?;
        self.go_to(self.done + 1);
        self.last()
    }

    /// Takes edits back, or does them again, until `done` of them are done.
    pub fn go_to(&mut self, done: usize) {
        let done = done.min(self.steps.len());
        let kept = (1..=done).rev().find_map(|k| {
            let after = self.steps[k - 1].after.as_ref();
            after.map(|it| (k, it.clone()))
        });
        let (from, mut now) = kept.unwrap_or_else(|| (0, self.start.clone()));
        for step in &self.steps[from..done] {
            // It was done before, on the same scene: it cannot fail.
            if let Ok(after) = now.after(&step.op, &self.parts) {
                now = after;
            }
        }
        if let Some(step) = done.checked_sub(1).and_then(|it| self.steps.get_mut(it)) {
            step.after = Some(now.clone());
        }
        self.done = done;
        self.now = now;
        self.trim();
    }

    /// The same edits on another state of the scene. Those that say what they mean are asked again:
    /// a volume, a range, a shape seen through everything. Those that know nothing but their splats
    /// go with these, where `origins` tells from which splat before the first edit each of the new
    /// ones comes; else they are left out, and so is what counts on them.
    pub fn rebase(&mut self, splats: Arc<Splats>, origins: Option<&[u32]>) -> Kept {
        let mut old = self.start.clone();
        let mut kin = origins.and_then(|it| Kin::new(it, old.splats.len(), splats.len()));
        let (steps, done) = (std::mem::take(&mut self.steps), self.done);
        let parts = std::mem::take(&mut self.parts);
        *self = Self {
            parts,
            room: self.room,
            ..Self::new(splats)
        };
        let (mut kept, mut kept_done) = (Kept::default(), 0);
        // The selection is not the one that was made: what relies on it must not be done.
        let mut is_lost = false;
        for (k, step) in steps.into_iter().enumerate() {
            let Step { op, after } = step;
            let again = self.asked_again(&op, kin.as_ref(), &mut is_lost);
            let before = self.now.clone();
            if again.map(|it| self.apply(it)) == Some(Ok(())) {
                kept.kept += 1;
                kept_done += usize::from(k < done);
                let part = self.now.marks.len() - before.marks.len();
                if let Some(kin) = &mut kin {
                    kin.grow(&op, &old, &before, part);
                }
            } else {
                kept.dropped.push(op.label());
            }
            if kin.is_some()
                && let Some(after) = after.or_else(|| old.after(&op, &self.parts).ok())
            {
                old = after;
            }
        }
        self.go_to(kept_done);
        kept
    }

    /// The edit for other splats than those that it was made for; `None` where it has no meaning.
    fn asked_again(&self, op: &EditOp, kin: Option<&Kin>, is_lost: &mut bool) -> Option<EditOp> {
        if *is_lost && op.needs_selection() {
            return None;
        }
        match op {
            EditOp::Select { pick, mode, hits } => {
                let again = EditOp::select(pick.clone(), *mode, &self.now.splats);
                let carried = || {
                    Some(EditOp::Select {
                        pick: pick.clone(),
                        mode: *mode,
                        hits: kin?.carried(hits),
                    })
                };
                let again = again.or_else(carried);
                *is_lost = again.is_none();
                again
            }
            EditOp::Remove { what, hits } => Some(EditOp::Remove {
                what: what.clone(),
                hits: kin?.carried(hits),
            }),
            EditOp::SelectAll | EditOp::SelectNone => {
                *is_lost = false;
                Some(op.clone())
            }
            op => Some(op.clone()),
        }
    }

    /// What an optimisation of the scene begins with. Locked splats stay as they are, and with
    /// `only_selected` all that are not selected. `region` is one of the scene as it stands.
    ///
    /// # Errors
    /// [`EditError::Nothing`].
    pub fn restart(
        &self,
        only_selected: bool,
        region: Option<Region>,
    ) -> Result<Restart, EditError> {
        let (mut now, mut again) = (self.start.clone(), Vec::new());
        for step in &self.steps[..self.done] {
            match &step.op {
                // Photos say what the colours are.
                op @ EditOp::Adjust {
                    scope: Scope::All, ..
                } => again.push((op.clone(), now.placement)),
                op => {
                    let is_kept = matches!(
                        op,
                        EditOp::Background { .. }
                            | EditOp::Uncrop
                            | EditOp::Crop {
                                scope: CropScope::Export,
                                ..
                            }
                    );
                    now = now.after(op, &self.parts)?;
                    if is_kept {
                        again.push((op.clone(), now.placement));
                    }
                }
            }
        }
        let chosen: Vec<usize> = (0..now.marks.len())
            .filter(|i| now.marks[*i] & DELETED == 0)
            .collect();
        if chosen.iter().all(|i| now.marks[*i] & CROPPED != 0) {
            return Err(EditError::Nothing);
        }
        let is_frozen = |i: &usize| {
            let marks = now.marks[*i];
            marks & LOCKED != 0 || (only_selected && marks & SELECTED == 0)
        };
        let frozen = chosen.iter().map(is_frozen).collect();
        let mut splats = now.splats.select(&chosen);
        let placement = now.placement;
        let back = placement.inverse();
        if placement != Similarity::IDENTITY {
            back.move_splats(&mut splats, |_| true);
        }
        Ok(Restart {
            splats: Arc::new(splats),
            frozen,
            region: region.map(|it| it.moved(&back)),
            again: placed(placement, again),
        })
    }

    /// Keeps scenes between edits within other limits.
    #[cfg(test)]
    pub(super) fn set_room(&mut self, bytes: usize) {
        self.room = bytes;
        self.trim();
    }

    /// Forgets scenes between edits, the oldest first, until there is room.
    fn trim(&mut self) {
        let mut bytes = 0;
        let mut above: *const Splats = Arc::as_ptr(&self.now.splats);
        for step in self.steps.iter_mut().rev() {
            let Some(after) = &step.after else { continue };
            bytes += after.marks.len();
            if Arc::as_ptr(&after.splats) != above {
                above = Arc::as_ptr(&after.splats);
                bytes += bytes_of(&after.splats);
            }
            if self.room < bytes {
                step.after = None;
            }
        }
    }
}

/// Edits to be done again in the scene that was moved as a whole, first of all.
fn placed(placement: Similarity, ops: Vec<(EditOp, Similarity)>) -> Vec<EditOp> {
    let moved = (placement != Similarity::IDENTITY).then_some(EditOp::Transform {
        by: placement,
        scope: Scope::All,
    });
    let rest = ops.into_iter().map(|(op, then)| match op {
        EditOp::Crop {
            region,
            inside,
            scope,
        } => EditOp::Crop {
            region: region.moved(&placement.after(&then.inverse())),
            inside,
            scope,
        },
        op => op,
    });
    moved.into_iter().chain(rest).collect()
}

fn bytes_of(splats: &Splats) -> usize {
    splats.len() * (11 * 4 + 12 * splats.coeffs_per_splat())
}
