//! The part of an edited scene that is cleaned, where its cameras know it.

use std::sync::Arc;

use render::Splats;

use crate::edit::marks::{DELETED, is_free};
use crate::edit::{Bits, Edited, Similarity};

/// What clean-up looks at: all splats that are left, where the photos' cameras know them. Those
/// that are hidden, locked or cropped stand in the way of others, but are never found.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The splats.
    pub splats: Arc<Splats>,
    /// Which of the scene's splats each is; `None` where all are there.
    chosen: Option<Arc<Vec<u32>>>,
    /// Which can be removed.
    free: Bits,
    /// Of the scene.
    len: usize,
}

impl Subject {
    /// Of a scene that was never edited.
    pub fn whole(splats: Arc<Splats>) -> Self {
        let len = splats.len();
        Self {
            free: Bits::of(len, |_| true),
            chosen: None,
            splats,
            len,
        }
    }

    /// What is left of an edited scene.
    pub fn of(scene: &Edited) -> Self {
        let marks = &scene.marks;
        let len = marks.len();
        let is_there = |i: &usize| marks[*i] & DELETED == 0;
        let chosen: Vec<usize> = (0..len).filter(is_there).collect();
        let free = Bits::of(chosen.len(), |k| is_free(marks[chosen[k]]));
        let moved = scene.placement != Similarity::IDENTITY;
        if chosen.len() == len && !moved {
            return Self {
                splats: scene.splats.clone(),
                chosen: None,
                free,
                len,
            };
        }
        let mut splats = scene.splats.select(&chosen);
        if moved {
            scene.placement.inverse().move_splats(&mut splats, |_| true);
        }
        let chosen = chosen.into_iter().map(|it| it as u32).collect();
        Self {
            splats: Arc::new(splats),
            chosen: Some(Arc::new(chosen)),
            free,
            len,
        }
    }

    /// Whether splat `k` of [`Self::splats`] can be removed.
    pub(super) fn is_free(&self, k: usize) -> bool {
        self.free.get(k)
    }

    /// A set of [`Self::splats`] as one of the scene's.
    pub(super) fn in_scene(&self, found: Bits) -> Bits {
        let Some(chosen) = &self.chosen else {
            return found;
        };
        let mut bits = Bits::none(self.len);
        for (k, &i) in chosen.iter().enumerate() {
            if found.get(k) {
                bits.set(i as usize);
            }
        }
        bits
    }
}
