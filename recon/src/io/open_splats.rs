//! Opens a splat file: what its content says counts first, its name second.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::mem::discriminant;
use std::path::{Path, PathBuf};

use super::{FormatError, IoError, SplatFile, SplatFormat};
use super::{compressed_ply, ply, sog, splat, spz};

/// Bytes from the front of a file that tell what it is.
const HEAD_BYTES: u64 = 4096;

/// Reads the splat file at `path`: `.ply`, `.compressed.ply`, `.splat`, `.spz`, `.sog`, or SOG as
/// a folder with `meta.json` (the folder or that file).
///
/// # Errors
/// [`IoError`], naming the path, where the system refuses, where the content is of another kind,
/// or where it is damaged. What is of another kind is not read beyond its first bytes.
pub fn open_splats(path: &Path) -> Result<SplatFile, IoError> {
    let read = match classify(path)? {
        Content::Ply => read_any_ply,
        Content::Splat => splat::read,
        Content::Spz => spz::read,
        Content::Sog => sog::read,
        Content::SogFolder(folder) => return sog::read_folder(&folder),
    };
    let bytes = fs::read(path).map_err(|it| IoError::system(path, it))?;
    let mut file = read(&bytes).map_err(|it| IoError::format(path, it))?;
    if let Ok(named) = SplatFormat::from_path(path)
        && discriminant(&named) != discriminant(&file.format)
    {
        let found = file.format;
        let warning = format!("named as {named}, but its content is {found}: read as that");
        file.warnings.push(warning);
    }
    Ok(file)
}

/// The header tells which kind of `.ply` it is.
fn read_any_ply(bytes: &[u8]) -> Result<SplatFile, FormatError> {
    if compressed_ply::is_compressed(bytes) {
        compressed_ply::read(bytes)
    } else {
        ply::read(bytes)
    }
}

/// What is to be read, and how.
#[derive(Debug, PartialEq)]
enum Content {
    /// `.ply` or `.compressed.ply`.
    Ply,
    Splat,
    Spz,
    /// The zip.
    Sog,
    /// The folder that holds `meta.json`.
    SogFolder(PathBuf),
}

fn classify(path: &Path) -> Result<Content, IoError> {
    let system = |it| IoError::system(path, it);
    let refuse = |cause: &str| {
        let cause = FormatError::Unsupported(cause.to_owned());
        Err(IoError::format(path, cause))
    };
    let metadata = fs::metadata(path).map_err(system)?;
    if metadata.is_dir() {
        if path.join("meta.json").is_file() {
            return Ok(Content::SogFolder(path.to_owned()));
        }
        return refuse("a folder without meta.json: no splats in SOG format");
    }
    if !metadata.is_file() {
        return refuse("neither a file nor a folder");
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(system)?;
    file.take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(system)?;
    recognise(path, &head).map_err(|it| IoError::format(path, it))
}

/// What the file at `path` is that begins with `head`.
fn recognise(path: &Path, head: &[u8]) -> Result<Content, FormatError> {
    let unsupported = |cause: &str| Err(FormatError::Unsupported(cause.to_owned()));
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_named = |it: &str| extension == it;
    match head {
        [] => unsupported("the file is empty (0 bytes). Copy or export it again"),
        [b'p', b'l', b'y', b'\n' | b'\r', ..] => Ok(Content::Ply),
        [b'N', b'G', b'S', b'P', ..] | [0x1f, 0x8b, 8, ..] => Ok(Content::Spz),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] if is_named("usdz") => {
            unsupported("a USD scene, which is not read. Export the splats as .ply instead")
        }
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Content::Sog),
        [b'g', b'l', b'T', b'F', ..] => unsupported(
            "a binary glTF scene (.glb), which is not read. \
             Export the splats as .ply, .spz or .sog instead",
        ),
        _ if head.starts_with(b"version https://git-lfs") => unsupported(
            "a git-LFS pointer, not the file it stands for. \
             Run `git lfs pull` in its repository and open it again",
        ),
        _ if begins_as_web_page(head) && contains(head, b"Accrete splat page") => unsupported(
            "a page for looking at splats, as is written to .html: splats are not read from it. \
             Open the file that it was made from",
        ),
        _ if begins_as_web_page(head) => {
            unsupported("a web page, not splats: the download went wrong")
        }
        // Any bytes may be a .splat, so here the name has to count.
        _ if is_named("splat") => Ok(Content::Splat),
        _ if path.file_name() == Some(OsStr::new("meta.json")) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            Ok(Content::SogFolder(folder.to_owned()))
        }
        _ => Err(foreign(path, head)),
    }
}

fn begins_as_web_page(head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    let begins = |it: &[u8]| {
        let start = start.get(..it.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(it))
    };
    begins(b"<!doctype html") || begins(b"<html")
}

fn contains(head: &[u8], words: &[u8]) -> bool {
    head.windows(words.len()).any(|it| it == words)
}

/// Says what a file is that holds no splats.
fn foreign(path: &Path, head: &[u8]) -> FormatError {
    let formats = SplatFormat::SUPPORTED;
    let what = kind_of(head);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    FormatError::Unsupported(match SplatFormat::from_path(path) {
        Ok(format) => {
            format!("named as {format}, but the content is {what}: the file is damaged or misnamed")
        }
        Err(_) if name == "lod-meta.json" => {
            "SOG in several levels of detail, which is not read. Open one of its parts".to_owned()
        }
        Err(_) if name.to_ascii_lowercase().ends_with(".ksplat") => {
            "a .ksplat, which is not read. Convert it to .ply (SuperSplat can)".to_owned()
        }
        Err(_) => format!("no splats: the content is {what}. Supported are {formats}"),
    })
}

/// What a file that begins with `head` is, in words, where it is no splats.
pub(super) fn kind_of(head: &[u8]) -> &'static str {
    match head {
        [0x89, b'P', b'N', b'G', ..]
        | [0xff, 0xd8, 0xff, ..]
        | [b'G', b'I', b'F', b'8', ..]
        | [b'R', b'I', b'F', b'F', _, _, _, _, b'W', ..]
        | [b'I', b'I', 42, 0, ..]
        | [b'M', b'M', 0, 42, ..]
        | [0x76, 0x2f, 0x31, 0x01, ..] => "an image",
        [
            _,
            _,
            _,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'h',
            b'e',
            b'i' | b'v',
            ..,
        ]
        | [_, _, _, _, b'f', b't', b'y', b'p', b'm', b'i', b'f', ..]
        | [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => "an image in HEIF format",
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [0x1a, 0x45, 0xdf, 0xa3, ..]
        | [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', ..] => "a video",
        _ if is_text(head) => "text",
        _ => "of an unknown kind",
    }
}

fn is_text(head: &[u8]) -> bool {
    let text = match str::from_utf8(head) {
        Ok(text) => text,
        // The end of the head may cut a character in two.
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text
        .chars()
        .any(|it| it.is_control() && !it.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(name: &str, head: &[u8]) -> String {
        recognise(Path::new(name), head).unwrap_err().to_string()
    }

    #[test]
    fn content_counts_before_the_name() {
        let is = |name: &str, head: &[u8]| recognise(Path::new(name), head).unwrap();
        assert_eq!(is("a.splat", b"ply\r\nformat"), Content::Ply);
        assert_eq!(is("a.bin", b"NGSP\x04\0\0\0"), Content::Spz);
        assert_eq!(is("a.ply", b"\x1f\x8b\x08\0"), Content::Spz);
        assert_eq!(is("a", b"PK\x03\x04"), Content::Sog);
        assert_eq!(is("a.SPLAT", &[7; 32]), Content::Splat);
        let folder = Content::SogFolder(PathBuf::from("x"));
        assert_eq!(is("x/meta.json", b"{\"version\":2"), folder);
    }

    #[test]
    fn what_is_no_splats_is_called_by_its_name() {
        for (name, head, says) in [
            ("a.ply", &b""[..], "empty"),
            (
                "a.splat",
                b"version https://git-lfs.github.com/spec/v1\n",
                "git lfs pull",
            ),
            ("a.glb", b"glTF\x02\0\0\0", ".glb"),
            ("a.usdz", b"PK\x03\x04", "USD"),
            ("a.spz", b"\n<!DOCTYPE HTML><title>404", "web page"),
            (
                "a.ply",
                b"\x89PNG\r\n",
                "named as .ply, but the content is an image",
            ),
            (
                "a.html",
                b"<!DOCTYPE html>\n<meta content=\"Accrete splat page\">",
                "Open the file that it was made from",
            ),
            ("a.jpg", b"\xff\xd8\xff\xe0", "an image"),
            ("a.mp4", b"\0\0\0\x20ftypisom", "a video"),
            ("a.txt", "naïve".as_bytes(), "content is text"),
            ("a.txt", &"naï".as_bytes()[..3], "content is text"),
            ("a.ksplat", &[0, 1, 0xff], ".ksplat"),
            ("lod-meta.json", b"{}", "levels of detail"),
            ("a.dat", &[0, 1, 0xff], "unknown kind"),
        ] {
            let cause = cause(name, head);
            assert!(cause.contains(says), "{name}: {cause}");
        }
    }

    #[test]
    fn errors_name_the_path() {
        let nowhere = Path::new("no/such/folder/a.ply");
        let error = open_splats(nowhere).unwrap_err();
        assert!(matches!(error, IoError::System { .. }));
        assert!(error.to_string().contains("a.ply"), "{error}");
        let folder = std::env::temp_dir();
        let error = open_splats(&folder).unwrap_err().to_string();
        assert!(error.contains("meta.json"), "{error}");
    }
}
