//! A scene as it stands after some edits.

use std::collections::BTreeMap;
use std::sync::Arc;

use render::Splats;

use super::marks::{CROPPED, DELETED, SELECTED, is_free};
use super::{Bits, EditOp, Region, Similarity};

/// A scene as it stands after some edits. Cheap to clone: what edits leave alone is shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// All splats, deleted ones among them. Edits that add some put them at the end.
    pub splats: Arc<Splats>,
    /// What is marked on each. `[splats]`
    pub marks: Arc<Vec<u8>>,
    /// Selections that were kept, by name.
    pub kept: Arc<BTreeMap<String, Bits>>,
    /// Display rgb behind the scene; `None` where no edit chose it.
    pub background: Option<[f32; 3]>,
    /// Where the whole scene was moved to, from where its cameras know it.
    pub placement: Similarity,
}

/// What an optimisation of an edited scene begins with.
#[derive(Clone, Debug)]
pub struct Restart {
    /// The splats, where the photos' cameras know them.
    pub splats: Arc<Splats>,
    /// Which of them stay as they are. `[splats]`
    pub frozen: Vec<bool>,
    /// Where splats may change; `None` for everywhere.
    pub region: Option<Region>,
    /// Edits to be done again on what comes out.
    pub again: Vec<EditOp>,
}

impl Edited {
    /// Before the first edit.
    pub fn new(splats: Arc<Splats>) -> Self {
        Self {
            marks: Arc::new(vec![0; splats.len()]),
            splats,
            kept: Arc::default(),
            background: None,
            placement: Similarity::IDENTITY,
        }
    }

    /// How many splats have all of these marks.
    pub fn count(&self, marks: u8) -> usize {
        self.marks.iter().filter(|it| *it & marks == marks).count()
    }

    /// How many would be saved.
    pub fn saved_count(&self) -> usize {
        self.marks.iter().filter(|it| is_saved(**it)).count()
    }

    /// What is selected.
    pub fn selection(&self) -> Bits {
        Bits::of(self.marks.len(), |i| self.marks[i] & SELECTED != 0)
    }

    /// What can be selected and changed.
    pub fn free(&self) -> Bits {
        Bits::of(self.marks.len(), |i| is_free(self.marks[i]))
    }

    /// Lower and upper corner of the box around the means that have a mark; `None` where there
    /// are none.
    pub fn bounds_of(&self, mark: u8) -> Option<(glam::Vec3, glam::Vec3)> {
        let marked = self.marks.iter().zip(&self.splats.means);
        let marked = marked.filter(|(marks, mean)| *marks & mark != 0 && mean.is_finite());
        marked.fold(None, |bounds, (_, &it)| match bounds {
            None => Some((it, it)),
            Some((low, high)) => Some((low.min(it), high.max(it))),
        })
    }

    /// The splats as they are saved: without what is deleted or cropped. Hidden ones are saved.
    pub fn result(&self) -> Splats {
        let indices: Vec<usize> = (0..self.marks.len())
            .filter(|i| is_saved(self.marks[*i]))
            .collect();
        if indices.len() == self.splats.len() {
            return (*self.splats).clone();
        }
        self.splats.select(&indices)
    }

    /// The same where the photos' cameras know them.
    pub fn result_for_cameras(&self) -> Splats {
        let mut splats = self.result();
        if self.placement != Similarity::IDENTITY {
            self.placement.inverse().move_splats(&mut splats, |_| true);
        }
        splats
    }
}

fn is_saved(marks: u8) -> bool {
    marks & (DELETED | CROPPED) == 0
}
