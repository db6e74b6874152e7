//! The film strip's pictures: small copies of the photos, a bounded number of them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use eframe::egui::TextureHandle;

/// Small copies that are kept at most.
pub const MAX_THUMBNAILS: usize = 300;

/// Longer side of a small copy in pixels.
pub const THUMBNAIL_SIDE: u32 = 144;

/// How many beside those that are seen are wanted too.
const MARGIN: usize = 6;

/// The small copies that are there.
#[derive(Clone, Default)]
pub struct Film {
    /// By the index of the view.
    pub thumbnails: BTreeMap<usize, TextureHandle>,
    /// Views whose photo cannot be read.
    pub failed: BTreeSet<usize>,
    /// Views that were asked for and have not come.
    pub asked: BTreeSet<usize>,
    /// First and behind-last view that the strip showed last. A cell, as panels only read.
    pub shown: Cell<(usize, usize)>,
    /// The strip shall bring this view into sight, once.
    pub bring: Cell<Option<usize>>,
}

impl fmt::Debug for Film {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Textures have nothing to tell.
        let there: Vec<&usize> = self.thumbnails.keys().collect();
        f.debug_struct("Film")
            .field("thumbnails", &there)
            .field("failed", &self.failed)
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

impl Film {
    /// Views whose small copy is wanted and was not asked for, of `views` in all.
    pub fn missing(&self, views: usize) -> Vec<usize> {
        let wanted = self.wanted(views);
        let is_missing = |it: &usize| {
            !self.thumbnails.contains_key(it)
                && !self.failed.contains(it)
                && !self.asked.contains(it)
        };
        wanted.filter(is_missing).collect()
    }

    /// Lets those go that lie farthest from what is seen, where there are too many.
    pub fn thin(&mut self, views: usize) {
        let wanted = self.wanted(views);
        while MAX_THUMBNAILS < self.thumbnails.len() {
            let distance = |it: usize| {
                let before = wanted.start.saturating_sub(it);
                before.max((it + 1).saturating_sub(wanted.end))
            };
            let farthest = self
                .thumbnails
                .keys()
                .copied()
                .max_by_key(|it| distance(*it));
            if let Some(view) = farthest {
                self.thumbnails.remove(&view);
            }
        }
    }

    fn wanted(&self, views: usize) -> Range<usize> {
        let (first, end) = self.shown.get();
        first.saturating_sub(MARGIN)..(end + MARGIN).min(views)
    }
}

/// The view that lies `by` places from `from` among those that `is_there`; the first where none
/// was chosen. It stays where there is none further on.
pub fn scrub(from: Option<usize>, by: isize, views: usize) -> Option<usize> {
    let last = views.checked_sub(1)?;
    Some(match from {
        None if by < 0 => last,
        None => 0,
        Some(from) => from.min(last).saturating_add_signed(by).min(last),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_wanted_once() {
        let mut film = Film::default();
        film.shown.set((10, 14));
        assert_eq!(film.missing(100), (4..20).collect::<Vec<_>>());
        film.asked.extend(4..12);
        film.failed.insert(12);
        assert_eq!(film.missing(100), (13..20).collect::<Vec<_>>());
        assert_eq!(film.missing(15), [13, 14]);
        assert!(Film::default().missing(0).is_empty());
    }

    #[test]
    fn the_farthest_go_first() {
        let ctx = eframe::egui::Context::default();
        let mut film = Film::default();
        for view in 0..MAX_THUMBNAILS + 5 {
            let image = eframe::egui::ColorImage::example();
            let texture = ctx.load_texture("t", image, Default::default());
            film.thumbnails.insert(view, texture);
        }
        film.shown.set((290, 300));
        film.thin(1000);
        assert_eq!(film.thumbnails.len(), MAX_THUMBNAILS);
        assert!(!film.thumbnails.contains_key(&0) && film.thumbnails.contains_key(&299));
    }

    #[test]
    fn scrubbing_stops_at_either_end() {
        assert_eq!(scrub(None, 1, 5), Some(0));
        assert_eq!(scrub(None, -1, 5), Some(4));
        assert_eq!(scrub(Some(3), 1, 5), Some(4));
        assert_eq!(scrub(Some(4), 1, 5), Some(4));
        assert_eq!(scrub(Some(0), -1, 5), Some(0));
        assert_eq!(scrub(Some(9), 1, 5), Some(4));
        assert_eq!(scrub(None, 1, 0), None);
    }
}
