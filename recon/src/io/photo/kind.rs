//! Which kind of image a file is: its first bytes decide, its name only says what was meant.

use std::fmt;

use crate::io::FormatError;

/// The kinds of photos that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhotoKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP, lossy or lossless.
    WebP,
    /// OpenEXR.
    OpenExr,
    /// TIFF, BigTIFF included.
    Tiff,
}

impl fmt::Display for PhotoKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::OpenExr => "OpenEXR",
            Self::Tiff => "TIFF",
        })
    }
}

/// Endings of files that are TIFF inside and hold a sensor's raw values.
const RAW_ENDINGS: &[&str] = &[
    "3fr", "arw", "cr2", "dng", "erf", "iiq", "kdc", "mef", "mos", "nef", "nrw", "orf", "pef",
    "rw2", "rwl", "sr2", "srf", "srw",
];

const CONVERT: &str = "Convert it to JPEG or PNG, at full size and without cropping";

impl PhotoKind {
    /// Endings, in lower case and without the dot, that a photo of a kind that is read may have.
    pub const ENDINGS: &[&str] = &["jpg", "jpeg", "jpe", "png", "webp", "exr", "tif", "tiff"];

    /// The kind of the file called `name` that begins with `front` (32 bytes are enough to be
    /// sure, some hundred for the words of the error).
    ///
    /// # Errors
    /// [`FormatError::Unsupported`] with what it is instead, and what to do.
    pub fn recognise(name: &str, front: &[u8]) -> Result<Self, FormatError> {
        let ending = name.rsplit_once('.').map_or("", |(_, it)| it);
        let ending = ending.to_ascii_lowercase();
        match front {
            [0xff, 0xd8, 0xff, ..] => return Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => return Ok(Self::Png),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => {
                return Ok(Self::WebP);
            }
            [0x76, 0x2f, 0x31, 0x01, ..] => return Ok(Self::OpenExr),
            [b'I', b'I', 42 | 43, 0, rest @ ..] | [b'M', b'M', 0, 42 | 43, rest @ ..] => {
                let is_raw = rest.get(4..6) == Some(b"CR") || RAW_ENDINGS.contains(&&*ending);
                if !is_raw {
                    return Ok(Self::Tiff);
                }
            }
            _ => {}
        }
        Err(FormatError::Unsupported(foreign(&ending, front)))
    }
}

/// What a file is that is no photo of ours, and what to do about it.
fn foreign(ending: &str, front: &[u8]) -> String {
    if front.is_empty() {
        return "the file is empty (0 bytes). Copy or export it again".to_owned();
    }
    if let Some(kind) = known(front) {
        return format!("{kind}, which is not read. {CONVERT}");
    }
    let mut words = front.split(|it| *it == b'\n');
    if words
        .next()
        .is_some_and(|it| it.starts_with(b"version https://git-lfs"))
    {
        return "a git-LFS pointer, not the photo it stands for. Run `git lfs pull` in its \
                repository and open it again"
            .to_owned();
    }
    let printable = |it: &u8| matches!(it, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    let front = &front[..front.len().min(256)];
    if front.iter().all(printable) && str::from_utf8(&front[..front.len().min(16)]).is_ok() {
        let shown: String = String::from_utf8_lossy(front).chars().take(24).collect();
        let shown = shown.escape_default();
        return format!("text (“{shown}…”), not a photo. The download went wrong; copy it again");
    }
    let as_named = match ending {
        "" => String::new(),
        it if PhotoKind::ENDINGS.contains(&it) => format!(", although it is named .{it}"),
        it => format!(" (.{it})"),
    };
    format!("not a photo of a kind that is read{as_named}. {CONVERT}, or leave it out")
}

/// Kinds of images that people have and that are not read.
fn known(front: &[u8]) -> Option<&'static str> {
    let brand = front.get(4..12).filter(|it| it.starts_with(b"ftyp"));
    if let Some(brand) = brand {
        return Some(match &brand[4..] {
            b"avif" | b"avis" => "an AVIF image",
            b"crx " => "a raw photo (CR3)",
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"heif" | b"mif1"
            | b"msf1" => "a HEIC/HEIF photo",
            _ => "a video (MP4 or QuickTime) and not a photo",
        });
    }
    Some(match front {
        [b'I', b'I', 42 | 43, 0, ..]
        | [b'M', b'M', 0, 42 | 43, ..]
        | [b'I', b'I', b'R' | b'U', ..]
        | [b'M', b'M', b'O', b'R', ..] => "a raw photo of a camera",
        [b'G', b'I', b'F', b'8', ..] => "a GIF",
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => "a BMP image",
        [b'8', b'B', b'P', b'S', ..] => "a Photoshop document",
        [b'#', b'?', b'R', b'A', b'D', ..] | [b'#', b'?', b'R', b'G', b'B', ..] => {
            "a Radiance HDR image"
        }
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => "a JPEG XL image",
        [0, 0, 0, 12, b'j', b'P', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => "a JPEG 2000 image",
        [b'F', b'U', b'J', b'I', b'F', b'I', b'L', b'M', ..] => "a raw photo (RAF)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str, front: &[u8]) -> String {
        PhotoKind::recognise(name, front).unwrap_err().to_string()
    }

    #[test]
    fn content_decides_before_the_name() {
        let png = b"\x89PNG\r\n\x1a\n....";
        assert_eq!(PhotoKind::recognise("a.jpg", png).unwrap(), PhotoKind::Png);
        let tiff = b"II*\0\x08\0\0\0........";
        assert_eq!(PhotoKind::recognise("a", tiff).unwrap(), PhotoKind::Tiff);
        assert!(error("a.NEF", tiff).contains("raw photo"));
        assert!(error("a.tif", b"II*\0\x10\0\0\0CR\x02\0").contains("raw photo"));
    }

    #[test]
    fn what_is_no_photo_is_named() {
        for (front, word) in [
            (&b""[..], "empty"),
            (b"404: Not Found", "text (“404: Not Found…”)"),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "git lfs pull",
            ),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
            (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "video"),
            (b"\0\x01\x02\x03", "although it is named .jpg"),
        ] {
            let error = error("photo.JPG", front);
            assert!(error.contains(word), "{error}");
        }
    }
}
