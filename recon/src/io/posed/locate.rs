//! Finds the photo that a pose file means: names there are stale, absolute, without ending.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::io::Folder;
use crate::io::photo_names::{READABLE, extension, is_photo, slashed};

/// Folders that hold the same photos, smaller by the number.
const REDUCED: [&str; 3] = ["images_2", "images_4", "images_8"];

/// Of a path from another machine so many last parts are tried.
const MAX_PARTS: usize = 8;

/// Finds photos in a folder by the names that a pose file gives them.
pub(super) struct Locator<'a> {
    folder: &'a Folder,
    /// Where the pose file lies, relative to the folder: names may count from there.
    beside: &'a Path,
    anywhere: OnceLock<Anywhere>,
}

/// Photos by their bare names, in lower case.
#[derive(Default)]
struct Anywhere {
    by_name: HashMap<String, Vec<PathBuf>>,
    by_stem: HashMap<String, Vec<PathBuf>>,
}

/// A photo that was not found.
#[derive(Debug, PartialEq)]
pub(super) struct Missed {
    /// Every path that was tried, in that order.
    pub(super) tried: Vec<PathBuf>,
    /// Photos of that bare name, where there are several.
    pub(super) namesakes: Vec<PathBuf>,
}

impl<'a> Locator<'a> {
    pub(super) fn new(folder: &'a Folder, beside: &'a Path) -> Self {
        Self {
            folder,
            beside,
            anywhere: OnceLock::new(),
        }
    }

    /// The photo called `name`, relative to the folder. Tried, in this order: as named; the last
    /// parts of the name, each as it is and below `images/`; the same with another ending; the
    /// same in `images_2`, `images_4`, `images_8`; the bare name anywhere, if only one has it.
    pub(super) fn photo(&self, name: &str) -> Result<PathBuf, Missed> {
        let parts = parts_of(name);
        let mut search = Search::new(self.folder);
        let tails: Vec<String> = tails(&parts).collect();
        let full: Vec<String> = self
            .named(name)
            .into_iter()
            .chain(below_images(&tails))
            .collect();
        let endings = other_endings(name);
        let found = search
            .first(full.iter().cloned())
            .or_else(|| search.first(with_endings(&full, &endings)))
            .or_else(|| {
                let reduced: Vec<String> = reduced(&tails).collect();
                let exact = search.first(reduced.iter().cloned());
                exact.or_else(|| search.first(with_endings(&reduced, &endings)))
            });
        if let Some(found) = found {
            return Ok(found);
        }
        self.by_bare_name(&parts, search)
    }

    /// A file that is no photo (a mask, a point cloud): as named, or by the last parts of its name.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        let parts = parts_of(name);
        let named = self.named(name).into_iter().chain(tails(&parts));
        Search::new(self.folder).first(named)
    }

    /// As it stands, from where the pose file lies and from the folder.
    fn named(&self, name: &str) -> Vec<String> {
        let mut named = Vec::new();
        if !self.beside.as_os_str().is_empty() {
            named.push(format!("{}/{name}", slashed(self.beside)));
        }
        named.push(name.to_owned());
        named
    }

    fn by_bare_name(&self, parts: &[&str], search: Search) -> Result<PathBuf, Missed> {
        let mut tried = search.tried;
        let Some(bare) = parts.last() else {
            return Err(Missed {
                tried,
                namesakes: Vec::new(),
            });
        };
        let anywhere = self.anywhere.get_or_init(|| Anywhere::of(self.folder));
        tried.push(Path::new("**").join(bare));
        let bare = bare.to_lowercase();
        let stem = stem_of(&bare);
        let exact = anywhere.by_name.get(&bare);
        let namesakes = exact.or_else(|| anywhere.by_stem.get(stem));
        match namesakes.map(Vec::as_slice) {
            Some([only]) => Ok(only.clone()),
            namesakes => Err(Missed {
                tried,
                namesakes: namesakes.unwrap_or_default().to_vec(),
            }),
        }
    }
}

impl Anywhere {
    fn of(folder: &Folder) -> Self {
        let mut it = Self::default();
        for path in folder.files().filter(|it| is_photo(it)) {
            let name = path.file_name().unwrap_or_default();
            let name = name.to_string_lossy().to_lowercase();
            let stem = stem_of(&name).to_owned();
            it.by_stem.entry(stem).or_default().push(path.to_owned());
            it.by_name.entry(name).or_default().push(path.to_owned());
        }
        it
    }
}

/// Tries paths, each once.
struct Search<'a> {
    folder: &'a Folder,
    tried: Vec<PathBuf>,
    seen: BTreeSet<String>,
}

impl<'a> Search<'a> {
    fn new(folder: &'a Folder) -> Self {
        Self {
            folder,
            tried: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    fn first(&mut self, mut names: impl Iterator<Item = String>) -> Option<PathBuf> {
        names.find_map(|name| {
            let found = self.folder.find(&name);
            if found.is_none() && self.seen.insert(name.clone()) {
                self.tried.push(PathBuf::from(name));
            }
            found
        })
    }
}

/// The parts of a path of any system, without `.`; what leads upwards is cut off with all before.
fn parts_of(name: &str) -> Vec<&str> {
    let parts = name.split(['/', '\\']);
    let parts: Vec<&str> = parts.filter(|it| !it.is_empty() && *it != ".").collect();
    let begins = |it: &&str| *it == ".." || it.ends_with(':');
    let start = parts.iter().rposition(begins).map_or(0, |it| it + 1);
    parts[start..].to_vec()
}

/// The last parts of a name, the longest first.
fn tails(parts: &[&str]) -> impl Iterator<Item = String> {
    let start = parts.len().saturating_sub(MAX_PARTS);
    (start..parts.len()).map(|it| parts[it..].join("/"))
}

/// Each as it is, then below `images/`.
fn below_images(tails: &[String]) -> impl Iterator<Item = String> {
    tails.iter().flat_map(|tail| {
        let below = (!tail.starts_with("images/")).then(|| format!("images/{tail}"));
        std::iter::once(tail.clone()).chain(below)
    })
}

fn reduced(tails: &[String]) -> impl Iterator<Item = String> {
    REDUCED.iter().flat_map(move |folder| {
        tails.iter().map(move |tail| {
            let tail = tail.strip_prefix("images/").unwrap_or(tail);
            format!("{folder}/{tail}")
        })
    })
}

/// The endings to try instead of the name's own.
fn other_endings(name: &str) -> Vec<&'static str> {
    let own = extension(Path::new(name));
    READABLE.into_iter().filter(|it| *it != own).collect()
}

fn with_endings(names: &[String], endings: &[&str]) -> impl Iterator<Item = String> {
    names.iter().flat_map(move |name| {
        let stem = stem_of(name);
        endings.iter().map(move |it| format!("{stem}.{it}"))
    })
}

/// Without the ending of an image; any other point belongs to the name.
fn stem_of(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if crate::io::photo_names::is_image(Path::new(name)) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder with these files, and what a name leads to in it.
    fn found(files: &[&str], beside: &str, name: &str) -> Result<String, Missed> {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        let folder = Folder::open(dir.path()).unwrap();
        let locator = Locator::new(&folder, Path::new(beside));
        locator.photo(name).map(|it| slashed(&it))
    }

    #[test]
    fn names_of_every_kind_lead_to_the_photo() {
        for (file, beside, name) in [
            ("images/a.jpg", "", "./images/a.jpg"),
            ("images/a.jpg", "", "a.jpg"),
            ("images/a.JPG", "", "IMAGES\\A.jpg"),
            ("images/a.jpg", "", "/home/someone/scene/images/a.jpg"),
            ("images/a.jpg", "", "C:\\scans\\images\\a.jpg"),
            ("images/a.jpg", "", "../images/a.jpg"),
            ("images/a.jpg", "colmap/text", "../../images/a.jpg"),
            ("train/r_0.png", "", "./train/r_0"),
            ("images/a.1.webp", "", "images/a.1"),
            ("images/a.exr", "", "images/a.jpg"),
            ("images_4/a.jpg", "", "images/a.jpg"),
            ("images_2/a.png", "", "a.jpg"),
            ("input/cam/a.jpg", "", "cam/a.jpg"),
            ("frames/a.jpg", "", "a"),
            ("poses/a.jpg", "poses", "a.jpg"),
        ] {
            let found = found(&[file], beside, name);
            assert_eq!(found.as_deref(), Ok(file), "{name} beside {beside}");
        }
    }

    #[test]
    fn the_named_ending_and_the_full_size_come_first() {
        let all = ["images/a.png", "images/a.jpg", "images_2/a.jpg", "a/a.jpg"];
        assert_eq!(found(&all, "", "images/a.jpg").unwrap(), "images/a.jpg");
        assert_eq!(found(&all, "", "images/a.exr").unwrap(), "images/a.png");
        let reduced = ["images_4/a.jpg", "images_2/a.jpg"];
        assert_eq!(found(&reduced, "", "a.jpg").unwrap(), "images_2/a.jpg");
    }

    #[test]
    fn a_missing_photo_tells_where_it_was_sought() {
        let files = ["x/a.jpg", "y/a.jpg", "masks/b.jpg"];
        let missed = found(&files, "", "images/a.jpg").unwrap_err();
        assert_eq!(missed.namesakes.len(), 2);
        assert_eq!(missed.tried[0], Path::new("images/a.jpg"));
        assert!(missed.tried.contains(&PathBuf::from("a.jpg")));
        assert!(missed.tried.contains(&PathBuf::from("images_8/a.webp")));
        let missed = found(&files, "", "images/b.jpg").unwrap_err();
        assert!(missed.namesakes.is_empty(), "a mask is no photo");
        for name in ["", ".", "../../etc/passwd", "//", "C:"] {
            found(&files, "", name).unwrap_err();
        }
    }
}
