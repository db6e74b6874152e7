//! Decoded photos that are kept, up to a number of bytes: the least recently used goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Photo;

/// Photos by the index of their view.
#[derive(Debug)]
pub(super) struct Cache {
    capacity: usize,
    bytes: usize,
    photos: HashMap<usize, (u64, Arc<Photo>)>,
    /// Views by when they were last asked for.
    by_use: BTreeMap<u64, usize>,
    clock: u64,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            bytes: 0,
            photos: HashMap::new(),
            by_use: BTreeMap::new(),
            clock: 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn contains(&self, view: usize) -> bool {
        self.photos.contains_key(&view)
    }

    pub(super) fn get(&mut self, view: usize) -> Option<Arc<Photo>> {
        let (used, photo) = self.photos.get_mut(&view)?;
        self.by_use.remove(used);
        self.clock += 1;
        *used = self.clock;
        self.by_use.insert(self.clock, view);
        Some(Arc::clone(photo))
    }

    /// Keeps a photo, and drops what has to go for it. One that alone is too large is not kept.
    pub(super) fn insert(&mut self, view: usize, photo: &Arc<Photo>) {
        if self.capacity < photo.bytes() {
            return;
        }
        if let Some((used, older)) = self.photos.remove(&view) {
            self.by_use.remove(&used);
            self.bytes -= older.bytes();
        }
        while self.capacity - self.bytes < photo.bytes() {
            let Some((_, oldest)) = self.by_use.pop_first() else {
                return;
            };
            if let Some((_, dropped)) = self.photos.remove(&oldest) {
                self.bytes -= dropped.bytes();
            }
        }
        self.clock += 1;
        self.bytes += photo.bytes();
        self.by_use.insert(self.clock, view);
        self.photos.insert(view, (self.clock, Arc::clone(photo)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Lens;

    fn photo(side: u32) -> Arc<Photo> {
        Arc::new(Photo {
            width: side,
            height: side,
            rgba: vec![0; (side * side * 4) as usize],
            mask: None,
            lens: Lens::centred(1.0, side, side),
        })
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = Cache::new(1200); // three photos of 10 × 10
        for view in 0..3 {
            cache.insert(view, &photo(10));
        }
        assert!(cache.get(0).is_some());
        cache.insert(3, &photo(10));
        assert!(!cache.contains(1) && cache.contains(0) && cache.contains(2));
        cache.insert(4, &photo(12)); // 576 bytes: two have to go
        assert_eq!(cache.bytes(), 400 + 576);
        assert!(cache.contains(3) && cache.contains(4));
        cache.insert(5, &photo(18)); // 1296 bytes
        assert!(!cache.contains(5) && cache.contains(4));
        cache.insert(4, &photo(1));
        assert_eq!(cache.bytes(), 404);
    }
}
