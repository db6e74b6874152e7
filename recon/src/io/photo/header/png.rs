//! The chunks of a PNG up to its first pixels.

use super::{Stored, check_reaches, malformed};
use crate::io::FormatError;

const WHAT: &str = "the PNG header";

pub(super) fn read(bytes: &[u8]) -> Result<Stored<'_>, FormatError> {
    // The signature, then IHDR: 13 bytes between length and name, and checksum.
    check_reaches(bytes, 33, WHAT)?;
    if &bytes[12..16] != b"IHDR" {
        return Err(malformed("a PNG that does not begin with its header"));
    }
    let number =
        |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (depth, colour) = (bytes[24], bytes[25]);
    let mut stored = Stored {
        width: number(16),
        height: number(20),
        has_alpha: matches!(colour, 4 | 6),
        bits: if depth == 16 { 16 } else { 8 },
        exif: None,
    };
    let mut at = 33;
    loop {
        check_reaches(bytes, at + 8, WHAT)?;
        let start = at + 8;
        let end = start.saturating_add(number(at) as usize);
        match &bytes[at + 4..start] {
            b"IDAT" | b"IEND" => return Ok(stored),
            b"tRNS" => stored.has_alpha = true,
            b"eXIf" => {
                check_reaches(bytes, end, WHAT)?;
                stored.exif = Some(&bytes[start..end]);
            }
            _ => {}
        }
        at = end.saturating_add(4);
        check_reaches(bytes, at, WHAT)?;
    }
}
