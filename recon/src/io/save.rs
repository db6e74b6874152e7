//! Writes a splat file so that an interruption never destroys the file that was there before.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::html::{self, Page};
use super::{FormatError, IoError, SplatFile, SplatFormat};
use super::{compressed_ply, ply, sog, splat, spz};

/// Writes `file` in its format to `path`: into a new file beside it, which takes the name only
/// when it is complete. What the format cannot hold is left out; [`losses`](super::losses) says
/// what that is. Returns the size in bytes.
///
/// # Errors
/// [`IoError`], naming the path, where the splats cannot be written in that format or the system
/// refuses. A file that was there before is then untouched.
pub fn save(path: &Path, file: &SplatFile) -> Result<u64, IoError> {
    save_with_page(path, file, &Page::default())
}

/// The same; `page` is what a `.html` tells besides the splats, and no other format asks for it.
///
/// # Errors
/// As [`save`].
pub fn save_with_page(path: &Path, file: &SplatFile, page: &Page) -> Result<u64, IoError> {
    let bytes = write(file, page).map_err(|it| IoError::format(path, it))?;
    replace(path, &bytes).map_err(|it| IoError::system(path, it))?;
    Ok(bytes.len() as u64)
}

/// The bytes of `file` in its format.
fn write(file: &SplatFile, page: &Page) -> Result<Vec<u8>, FormatError> {
    match file.format {
        SplatFormat::Ply => ply::write(file),
        SplatFormat::CompressedPly => compressed_ply::write(file),
        SplatFormat::Splat => splat::write(file),
        SplatFormat::Spz { .. } => spz::write(file),
        SplatFormat::Sog => sog::write(file),
        SplatFormat::Html => html::write(file, page),
    }
}

/// Puts `bytes` at `path` in one step: into a new file beside it, which then takes the name.
///
/// # Errors
/// What the system says; a file that was there before is then untouched.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    replace_with(path, |it| it, |file| file.write_all(bytes))
}

/// The same with what `write` writes, for files too large to be made in memory. `failed` makes an
/// error of what the system says.
pub(super) fn replace_with<E>(
    path: &Path,
    failed: impl Fn(std::io::Error) -> E,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    // A link stays one: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (part, mut file) = create_beside(&target).map_err(&failed)?;
    let result = write(&mut file).and_then(|()| {
        let kept = file.sync_all().and_then(|()| fs::rename(&part, &target));
        kept.map_err(&failed)
    });
    if result.is_err() {
        // The first error is the one to tell; the file may not even be there.
        let _ = fs::remove_file(&part);
    }
    result
}

/// After so long nobody writes to a file any more, where the system does not tell who lives.
const LONG: Duration = Duration::from_mins(10);

/// Removes what programs that were killed while they replaced `path` have left beside it. What
/// cannot be removed stays: the work goes on without that.
pub(super) fn clear_unfinished(path: &Path) {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (Some(folder), Some(start)) = (target.parent(), part_start(&target)) else {
        return;
    };
    // The folder of a bare name.
    let here = Path::new(".");
    let folder = if folder.as_os_str().is_empty() {
        here
    } else {
        folder
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let writer = name
            .as_encoded_bytes()
            .strip_prefix(start.as_encoded_bytes())
            .and_then(|it| it.strip_suffix(PART.as_bytes()))
            .and_then(|it| str::from_utf8(it).ok())
            .and_then(|it| it.split_once('-'))
            .filter(|(_, number)| number.parse::<u32>().is_ok())
            .and_then(|(process, _)| process.parse::<u32>().ok());
        if writer.is_some_and(|it| is_gone(it, &entry)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether nobody is at work on what the program of this number began.
fn is_gone(writer: u32, entry: &fs::DirEntry) -> bool {
    if writer == std::process::id() {
        return false;
    }
    let programs = Path::new("/proc");
    if programs.join("self").exists() {
        return !programs.join(writer.to_string()).exists();
    }
    let changed = entry.metadata().and_then(|it| it.modified());
    let age = changed.ok().and_then(|it| it.elapsed().ok());
    age.is_some_and(|it| LONG < it)
}

/// The ending of a file that is not complete.
const PART: &str = ".part";

/// What the name of a file that is to become `target` starts with.
fn part_start(target: &Path) -> Option<OsString> {
    let mut start = OsString::from(".");
    start.push(target.file_name()?);
    start.push(".");
    Some(start)
}

/// A new file in the folder of `target`, so that renaming it does not copy.
fn create_beside(target: &Path) -> std::io::Result<(PathBuf, File)> {
    let start = part_start(target).ok_or_else(|| {
        let cause = "not the name of a file";
        std::io::Error::new(std::io::ErrorKind::InvalidInput, cause)
    })?;
    let mut number = 0;
    loop {
        let mut part = start.clone();
        part.push(format!("{}-{number}{PART}", std::process::id()));
        let part = target.with_file_name(part);
        match File::create_new(&part) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            result => return Ok((part, result?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use render::Splats;

    use super::*;

    /// An empty folder of this test's own.
    fn folder(name: &str) -> PathBuf {
        let name = format!("accrete-save-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn an_older_file_is_replaced_and_nothing_else_is_left() {
        let folder = folder("replace");
        let path = folder.join("a.ply");
        fs::write(&path, b"older").unwrap();
        save(&path, &SplatFile::new(Splats::default(), SplatFormat::Ply)).unwrap();
        assert!(fs::read(&path).unwrap().starts_with(b"ply\n"));
        assert_eq!(names(&folder), ["a.ply"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_failed_save_leaves_the_older_file() {
        let folder = folder("failed");
        let path = folder.join("a.ply");
        fs::write(&path, b"older").unwrap();
        let mut broken = Splats::default();
        broken.quats.push([0.0; 4]);
        let error = save(&path, &SplatFile::new(broken, SplatFormat::Ply)).unwrap_err();
        assert!(error.to_string().contains("a.ply"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"older");
        // A folder of that name cannot be replaced, and what was begun is cleared away.
        let file = SplatFile::new(Splats::default(), SplatFormat::Ply);
        let taken = folder.join("taken.ply");
        fs::create_dir_all(taken.join("inside")).unwrap();
        save(&taken, &file).unwrap_err();
        assert_eq!(names(&folder).len(), 2);
        fs::remove_dir_all(folder).unwrap();
    }

    /// Names of no program, of this one, and of none of ours.
    #[test]
    fn what_a_killed_program_left_is_removed() {
        let folder = folder("killed");
        let path = folder.join("a.ply");
        let own = format!(".a.ply.{}-0.part", std::process::id());
        let (gone, numbered) = (".a.ply.4294967295-0.part", ".a.ply.4294967294-3.part");
        let others = [
            own.as_str(),
            ".b.ply.4294967295-0.part",
            ".a.ply.4294967295-x.part",
            ".a.ply.part",
            "a.ply.4294967295-0.part",
        ];
        for name in others.into_iter().chain([gone, numbered]) {
            let file = File::create(folder.join(name)).unwrap();
            let long_ago = std::time::SystemTime::now() - 2 * LONG;
            file.set_modified(long_ago).unwrap();
        }
        clear_unfinished(&path);
        let mut left = names(&folder);
        left.sort_unstable();
        let mut expected = others.map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(left, expected);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing() {
        let folder = folder("link");
        let (target, link) = (folder.join("a.ply"), folder.join("link.ply"));
        fs::write(&target, b"older").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        save(&link, &SplatFile::new(Splats::default(), SplatFormat::Ply)).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read(&target).unwrap().starts_with(b"ply\n"));
        fs::remove_dir_all(folder).unwrap();
    }
}
