//! A folder or a zip as a list of files. Nothing outside of it can be named, so nothing outside
//! is read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use zip::ZipArchive;

use super::bounded::read_at_most;
use super::{FormatError, IoError};

/// Folders deeper than this are not looked into.
const MAX_DEPTH: usize = 8;

/// Files beyond this many are not listed: nobody drops that many on purpose.
const MAX_FILES: usize = 200_000;

/// No single file of a dataset is larger (a 400 megapixel photo of 16-bit RGBA is 3 GiB unpacked).
const MAX_FILE_BYTES: u64 = 4 << 30;

/// Where results are kept beside the photos. The only hidden folder that is listed.
pub const RESULTS_FOLDER: &str = ".accrete";

/// The files of a folder or of a zip, by their paths inside of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Folder {
    listing: Arc<Listing>,
    /// Where the paths begin inside the listing; empty at its root.
    base: PathBuf,
}

#[derive(Debug)]
struct Listing {
    path: PathBuf,
    zip: Option<Mutex<ZipArchive<BufReader<File>>>>,
    /// Indices in the zip: names are spelt in many ways there.
    entries: HashMap<PathBuf, usize>,
    /// Sorted as a person would: `img2` before `img10`.
    files: Vec<PathBuf>,
    by_lowercase: HashMap<String, usize>,
}

impl Folder {
    /// Lists the folder or the zip at `path`.
    ///
    /// # Errors
    /// Where the system refuses, or the zip is damaged.
    pub fn open(path: &Path) -> Result<Self, IoError> {
        let system = |it| IoError::system(path, it);
        let metadata = fs::metadata(path).map_err(system)?;
        let mut entries = HashMap::new();
        let (mut files, zip) = if metadata.is_dir() {
            let mut files = Vec::new();
            let mut inside = vec![fs::canonicalize(path).map_err(system)?];
            list(path, Path::new(""), &mut inside, &mut files).map_err(system)?;
            (files, None)
        } else {
            let file = BufReader::new(File::open(path).map_err(system)?);
            let archive = ZipArchive::new(file).map_err(|it| {
                let cause = format!("not a readable zip ({it}). Pack or download it again");
                IoError::format(path, FormatError::Malformed(cause))
            })?;
            let names = (0..archive.len()).map(|it| (it, archive.name_for_index(it)));
            entries = names
                .filter_map(|(i, name)| Some((inside(&name?.ok()?)?, i)))
                .filter(|(path, _)| is_listed(path))
                .take(MAX_FILES)
                .collect();
            (entries.keys().cloned().collect(), Some(Mutex::new(archive)))
        };
        files.sort_by(|a, b| natord::compare(&slashed(a), &slashed(b)));
        let lowercase = |(i, it): (usize, &PathBuf)| (slashed(it).to_lowercase(), i);
        Ok(Self {
            listing: Arc::new(Listing {
                path: path.to_owned(),
                by_lowercase: files.iter().enumerate().map(lowercase).collect(),
                entries,
                zip,
                files,
            }),
            base: PathBuf::new(),
        })
    }

    /// The folder or the zip itself, without [`Self::below`]'s part.
    pub fn path(&self) -> &Path {
        &self.listing.path
    }

    /// Where the file would lie on the disk; `None` inside a zip.
    pub fn on_disk(&self, relative: &Path) -> Option<PathBuf> {
        let listing = &self.listing;
        listing
            .zip
            .is_none()
            .then(|| listing.path.join(&self.base).join(relative))
    }

    /// The same files seen from a folder inside: its paths begin there.
    #[must_use]
    pub fn below(&self, relative: &Path) -> Self {
        Self {
            listing: Arc::clone(&self.listing),
            base: self.base.join(relative),
        }
    }

    /// Every file, relative to the folder, in natural order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files = self.listing.files.iter();
        files.filter_map(|it| it.strip_prefix(&self.base).ok())
    }

    /// The file of that name as it is really spelt: with either slash, in any case, with `./` in
    /// front. `None` where there is none, and for any name that leads out of the folder.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let path = slashed(&self.base.join(inside(name)?));
        let exact = Path::new(&path);
        let listing = &self.listing;
        let found = match listing.by_lowercase.get(&path.to_lowercase()) {
            // Two names may differ in case only: then the exact one counts.
            Some(&index) if listing.files[index] == exact => exact,
            Some(_) if listing.files.iter().any(|it| it == exact) => exact,
            Some(&index) => &listing.files[index],
            None => return None,
        };
        found.strip_prefix(&self.base).map(Path::to_owned).ok()
    }

    /// The whole file.
    ///
    /// # Errors
    /// Where it is not there, or cannot be read.
    pub fn read(&self, relative: &Path) -> Result<Vec<u8>, IoError> {
        self.read_front(relative, MAX_FILE_BYTES)
    }

    /// Its first `max_bytes` bytes, or all where it has fewer.
    ///
    /// # Errors
    /// Where it is not there, or cannot be read.
    pub fn read_front(&self, relative: &Path, max_bytes: u64) -> Result<Vec<u8>, IoError> {
        let inner = self.base.join(relative);
        let path = self.listing.path.join(&inner);
        let system = |it| IoError::system(&path, it);
        let Some(zip) = &self.listing.zip else {
            let mut bytes = Vec::new();
            let file = File::open(&path).map_err(system)?;
            file.take(max_bytes)
                .read_to_end(&mut bytes)
                .map_err(system)?;
            return Ok(bytes);
        };
        let mut zip = zip
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let index = self.listing.entries.get(&inner);
        let index = index.ok_or_else(|| system(ErrorKind::NotFound.into()))?;
        let entry = zip.by_index(*index).map_err(|it| {
            let cause = format!("cannot be unpacked ({it}). Pack or download the zip again");
            IoError::format(&path, FormatError::Unsupported(cause))
        })?;
        let limit = max_bytes.min(entry.size());
        read_at_most(entry.take(limit), limit, "the packed file")
            .map_err(|it| IoError::format(&path, it))
    }
}

/// Lists what lies in `root/relative`. Links are followed: a folder of photos is often one. One
/// that leads back to a folder it lies `inside` of is not.
fn list(
    root: &Path,
    relative: &Path,
    inside: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(relative))? {
        let relative = relative.join(entry?.file_name());
        // A dangling link is as good as no file.
        let Ok(metadata) = fs::metadata(root.join(&relative)) else {
            continue;
        };
        if !is_listed(&relative) || MAX_FILES <= files.len() {
            continue;
        }
        if metadata.is_file() {
            files.push(relative);
        } else if metadata.is_dir() && inside.len() <= MAX_DEPTH {
            let Ok(real) = fs::canonicalize(root.join(&relative)) else {
                continue;
            };
            if inside.contains(&real) {
                continue;
            }
            inside.push(real);
            let result = list(root, &relative, inside, files);
            inside.pop();
            match result {
                Err(it) if it.kind() != ErrorKind::PermissionDenied => return Err(it),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Not what file managers and version control leave behind.
fn is_listed(relative: &Path) -> bool {
    relative.components().all(|it| {
        let name = it.as_os_str().to_string_lossy();
        let litter = ["__MACOSX", "Thumbs.db", "desktop.ini"];
        name == RESULTS_FOLDER || !(name.starts_with('.') || litter.contains(&name.as_ref()))
    })
}

/// `name` as a path that stays inside; `None` where it leads out or is absolute.
fn inside(name: &str) -> Option<PathBuf> {
    let name = name.replace('\\', "/");
    let mut path = PathBuf::new();
    for component in Path::new(&name).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => path.push(part),
            Component::ParentDir if path.pop() => {}
            _ => return None,
        }
    }
    let is_drive = name.as_bytes().get(1) == Some(&b':');
    (!path.as_os_str().is_empty() && !is_drive).then_some(path)
}

/// With forward slashes on every system; what is not Unicode is replaced.
pub(super) fn slashed(path: &Path) -> String {
    let parts = path.components().map(|it| it.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_not_paths() {
        for name in ["../a", "a/../../b", "/etc/passwd", "C:\\a", "", ".", "a/.."] {
            assert_eq!(inside(name), None, "{name}");
        }
        for (name, path) in [("./a\\b", "a/b"), ("a/./b/../c", "a/c")] {
            assert_eq!(inside(name), Some(PathBuf::from(path)));
        }
    }

    #[test]
    fn files_are_found_in_any_spelling_and_listed_as_a_person_would() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("Images/.hidden")).unwrap();
        for name in [
            "Images/img10.JPG",
            "Images/img2.JPG",
            "Images/.DS_Store",
            "Images/.hidden/a",
        ] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let folder = Folder::open(dir.path()).unwrap();
        let files: Vec<String> = folder.files().map(slashed).collect();
        assert_eq!(files, ["Images/img2.JPG", "Images/img10.JPG"]);
        let below = folder.below(Path::new("Images"));
        let found = below.find(".\\IMG2.jpg").unwrap();
        assert_eq!(found, Path::new("img2.JPG"));
        assert_eq!(below.read(&found).unwrap(), b"Images/img2.JPG");
        assert_eq!(below.read_front(&found, 3).unwrap(), b"Ima");
        assert_eq!(below.find("../other"), None);
    }
}
