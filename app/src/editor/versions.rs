//! The scene before and after it was optimised with its edits: undo goes back beyond that.

use std::sync::Arc;

use recon::edit::{EditOp, History};
use recon::io::SplatFile;

/// Versions that are kept, each with splats of its own; the oldest make room.
const MOST: usize = 4;

/// A scene with the edits that were done on it.
#[derive(Clone, Debug)]
pub struct Version {
    /// The edits.
    pub history: History,
    /// The splats before the first of them, on the host.
    pub file: Arc<SplatFile>,
    /// What a person calls it.
    pub name: String,
}

/// An optimisation that began with the scene as it is edited.
#[derive(Clone, Debug)]
pub struct Sequel {
    /// Edits to be done on its first snapshot, instead of those that are part of it by then.
    pub ops: Vec<EditOp>,
    /// The splats that were edited.
    pub file: Arc<SplatFile>,
    /// What a person calls them.
    pub name: String,
}

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the scene before.
    Back,
    /// To what was made of it.
    Forth,
}

/// Those before and those after the one that is shown.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// The newest is the last.
    before: Vec<Version>,
    /// The oldest is the last.
    after: Vec<Version>,
}

impl Versions {
    /// How many there are that way.
    pub fn count(&self, way: Way) -> usize {
        match way {
            Way::Back => self.before.len(),
            Way::Forth => self.after.len(),
        }
    }

    /// One more before the one that is shown. What came after that is forgotten.
    pub(crate) fn keep(&mut self, before: Version) {
        self.after.clear();
        self.before.push(before);
        let excess = self.before.len().saturating_sub(MOST);
        self.before.drain(..excess);
    }

    /// Something else is done with the one that is shown.
    pub(crate) fn forget_after(&mut self) {
        self.after.clear();
    }

    /// The next one that way.
    pub(crate) fn next(&self, way: Way) -> Option<&Version> {
        match way {
            Way::Back => self.before.last(),
            Way::Forth => self.after.last(),
        }
    }

    /// Goes there from `now`.
    pub(crate) fn go(&mut self, way: Way, now: Version) -> Option<Version> {
        let (from, to) = match way {
            Way::Back => (&mut self.before, &mut self.after),
            Way::Forth => (&mut self.after, &mut self.before),
        };
        let next = from.pop()?;
        to.push(now);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use recon::io::SplatFormat;
    use render::Splats;

    use super::*;

    fn version(name: &str) -> Version {
        Version {
            history: History::new(Arc::default()),
            file: Arc::new(SplatFile::new(Splats::default(), SplatFormat::Ply)),
            name: name.to_owned(),
        }
    }

    #[test]
    fn there_and_back_again() {
        let mut versions = Versions::default();
        assert!(versions.go(Way::Back, version("now")).is_none());
        for name in ["a", "b", "c", "d", "e"] {
            versions.keep(version(name));
        }
        assert_eq!(versions.count(Way::Back), MOST);
        let e = versions.go(Way::Back, version("now")).unwrap();
        let d = versions.go(Way::Back, e).unwrap();
        assert_eq!(d.name, "d");
        assert_eq!(versions.count(Way::Forth), 2);
        assert_eq!(versions.next(Way::Forth).unwrap().name, "e");
        let e = versions.go(Way::Forth, d).unwrap();
        let now = versions.go(Way::Forth, e).unwrap();
        assert_eq!((now.name.as_str(), versions.count(Way::Back)), ("now", 4));
        versions.go(Way::Back, now).unwrap();
        versions.keep(version("f"));
        assert_eq!(versions.count(Way::Forth), 0, "that is another way on");
    }
}
