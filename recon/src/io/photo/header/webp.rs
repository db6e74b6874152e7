//! The chunks of a WebP; its EXIF block lies behind the pixels.

use super::{Stored, check_reaches, malformed};
use crate::io::FormatError;

const WHAT: &str = "the WebP header";

pub(super) fn read(bytes: &[u8]) -> Result<Stored<'_>, FormatError> {
    check_reaches(bytes, 30, WHAT)?;
    let opaque = |width: u32, height: u32| Stored {
        width,
        height,
        has_alpha: false,
        bits: 8,
        exif: None,
    };
    let short = |at: usize| u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    match &bytes[12..16] {
        b"VP8 " if bytes[23..26] == [0x9d, 0x01, 0x2a] => {
            Ok(opaque(short(26) & 0x3fff, short(28) & 0x3fff))
        }
        b"VP8L" if bytes[20] == 0x2f => {
            let word = short(21) | short(23) << 16;
            Ok(Stored {
                has_alpha: word >> 28 & 1 == 1,
                ..opaque((word & 0x3fff) + 1, (word >> 14 & 0x3fff) + 1)
            })
        }
        b"VP8X" => extended(bytes),
        _ => Err(malformed("a WebP without a picture")),
    }
}

fn extended(bytes: &[u8]) -> Result<Stored<'_>, FormatError> {
    let flags = bytes[20];
    if flags & 0x02 != 0 {
        return Err(FormatError::Unsupported(
            "an animated WebP and not a photo. Export its frames as single images".to_owned(),
        ));
    }
    let size = |at: usize| 1 + u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], 0]);
    let exif = if flags & 0x08 == 0 {
        None
    } else {
        find(bytes, *b"EXIF")?
    };
    Ok(Stored {
        width: size(24),
        height: size(27),
        has_alpha: flags & 0x10 != 0,
        bits: 8,
        // Some writers keep the prefix that JPEG has.
        exif: exif.map(|it| it.strip_prefix(b"Exif\0\0").unwrap_or(it)),
    })
}

/// The contents of the chunk `name`; `None` where the file ends without one.
fn find(bytes: &[u8], name: [u8; 4]) -> Result<Option<&[u8]>, FormatError> {
    let number = |at: usize| {
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
    };
    let file_end = number(4).saturating_add(8);
    let mut at = 12_usize;
    while at.saturating_add(8) <= file_end {
        check_reaches(bytes, at + 8, WHAT)?;
        let start = at + 8;
        let end = start.saturating_add(number(at + 4));
        if bytes[at..at + 4] == name {
            check_reaches(bytes, end, WHAT)?;
            return Ok(Some(&bytes[start..end]));
        }
        at = end.saturating_add(end & 1);
    }
    Ok(None)
}
