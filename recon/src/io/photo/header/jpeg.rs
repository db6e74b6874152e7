//! The segments of a JPEG up to its frame header (ITU T.81, annex B).

use std::ops::Range;

use super::{Stored, check_reaches, malformed};
use crate::io::FormatError;

const WHAT: &str = "the JPEG header";

pub(super) fn read(bytes: &[u8]) -> Result<Stored<'_>, FormatError> {
    let Found { kind, frame, exif } = find(bytes)?;
    self::frame(kind, &bytes[frame], exif)
}

/// Whether the end mark comes after the frame header. A JPEG that was cut off has none; decoders
/// fill it up with grey.
pub(in crate::io::photo) fn has_end(bytes: &[u8]) -> bool {
    // The marks of a thumbnail come before the frame, and pixels cannot hold the mark.
    find(bytes).is_ok_and(|it| {
        let rest = &bytes[it.frame.end..];
        rest.array_windows().any(|it| *it == [0xff, 0xd9])
    })
}

struct Found<'a> {
    kind: u8,
    frame: Range<usize>,
    exif: Option<&'a [u8]>,
}

/// Finds the frame header.
fn find(bytes: &[u8]) -> Result<Found<'_>, FormatError> {
    let mut exif = None;
    let mut at = 2;
    loop {
        // Between segments there may be fill bytes, and cameras leave rubbish there.
        let marker = bytes[at..]
            .array_windows::<2>()
            .position(|&[a, b]| a == 0xff && !matches!(b, 0 | 0xff));
        let Some(marker) = marker else {
            check_reaches(bytes, bytes.len() + 1, WHAT)?;
            return Err(malformed("a JPEG without a frame header"));
        };
        at += marker + 2;
        let kind = bytes[at - 1];
        if matches!(kind, 0x01 | 0xd0..=0xd8) {
            continue; // these have no contents
        }
        if matches!(kind, 0xd9 | 0xda) {
            return Err(malformed("a JPEG without a frame header"));
        }
        check_reaches(bytes, at + 2, WHAT)?;
        let length = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        if length < 2 {
            return Err(malformed("a JPEG with an impossible segment"));
        }
        let end = at + length;
        check_reaches(bytes, end, WHAT)?;
        let segment = &bytes[at + 2..end];
        match kind {
            0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                let frame = at + 2..end;
                return Ok(Found { kind, frame, exif });
            }
            0xe1 if exif.is_none() => exif = segment.strip_prefix(b"Exif\0\0"),
            _ => {}
        }
        at = end;
    }
}

fn frame<'a>(kind: u8, segment: &[u8], exif: Option<&'a [u8]>) -> Result<Stored<'a>, FormatError> {
    let &[bits, h0, h1, w0, w1, components, ..] = segment else {
        return Err(malformed("a JPEG with a frame header that is too short"));
    };
    let unsupported = |what: &str| {
        FormatError::Unsupported(format!(
            "{what}, which is not read. Save it as an ordinary JPEG or as PNG"
        ))
    };
    if !matches!(kind, 0xc0..=0xc2) {
        return Err(unsupported("a lossless or arithmetic-coded JPEG"));
    }
    if bits != 8 {
        return Err(unsupported(&format!("a JPEG of {bits} bits per channel")));
    }
    if components == 0 || 4 < components {
        return Err(malformed(&format!("a JPEG of {components} channels")));
    }
    Ok(Stored {
        width: u32::from(u16::from_be_bytes([w0, w1])),
        height: u32::from(u16::from_be_bytes([h0, h1])),
        has_alpha: false,
        bits: 8,
        exif,
    })
}
