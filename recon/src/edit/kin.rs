//! Which splat of an edited scene is which of the same scene before an optimisation went on.

use super::{Bits, EditOp, Edited};

/// There was none.
const NEW: u32 = u32::MAX;

/// For each splat of a scene as it is edited, its forebear in an earlier state of it, edited alike.
#[derive(Clone, Debug)]
pub(super) struct Kin {
    /// By place; [`NEW`] for none. `[splats]`
    forebears: Vec<u32>,
}

impl Kin {
    /// Of scenes without edits. `None` where the numbers are of other scenes.
    pub(super) fn new(origins: &[u32], before: usize, after: usize) -> Option<Self> {
        let fits = origins.len() == after && origins.iter().all(|it| (*it as usize) < before);
        fits.then(|| Self {
            forebears: origins.to_vec(),
        })
    }

    /// The same bits for the later splats.
    pub(super) fn carried(&self, bits: &Bits) -> Bits {
        let is_set = |i: usize| {
            let forebear = self.forebears.get(i).filter(|it| **it != NEW);
            forebear.is_some_and(|it| bits.get(*it as usize))
        };
        Bits::of(self.forebears.len(), is_set)
    }

    /// Both scenes are about to have more splats by the same edit.
    pub(super) fn grow(&mut self, op: &EditOp, old: &Edited, new: &Edited, part: usize) {
        let before = old.marks.len() as u32;
        match op {
            EditOp::Merge { .. } => self.forebears.extend((0..part as u32).map(|i| before + i)),
            EditOp::Duplicate => {
                let (were, are) = (old.selection(), new.selection());
                let mut copies = vec![NEW; old.marks.len()];
                let selected = (0..old.marks.len()).filter(|i| were.get(*i));
                for (copy, i) in selected.enumerate() {
                    copies[i] = before + copy as u32;
                }
                let copy_of = |i: usize| match self.forebears[i] {
                    NEW => NEW,
                    forebear => copies[forebear as usize],
                };
                let made: Vec<u32> = (0..new.marks.len())
                    .filter(|i| are.get(*i))
                    .map(copy_of)
                    .collect();
                self.forebears.extend(made);
            }
            _ => {}
        }
    }
}
