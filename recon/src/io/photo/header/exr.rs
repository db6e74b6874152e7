//! The attributes of an OpenEXR file.

use super::{Stored, check_reaches, malformed};
use crate::io::FormatError;
use crate::io::photo::MAX_PIXELS;

const WHAT: &str = "the OpenEXR header";

/// No attribute that matters is longer; a file made to be read for ever has longer ones.
const MAX_NAME: usize = 256;

pub(super) fn read(bytes: &[u8]) -> Result<Stored<'_>, FormatError> {
    let mut rest = Rest { bytes, at: 4 };
    let flags = rest.number()?;
    if flags & 0x0800 != 0 {
        return Err(FormatError::Unsupported(
            "a deep OpenEXR image. Export it flat, with one value per pixel".to_owned(),
        ));
    }
    let (mut size, mut channels) = (None, None);
    loop {
        let name = rest.text()?;
        if name.is_empty() {
            break;
        }
        rest.text()?; // its type
        let length = rest.number()? as usize;
        let value = rest.take(length)?;
        match name {
            b"displayWindow" => size = Some(window(value)?),
            b"dataWindow" => {
                let (width, height) = window(value)?;
                if MAX_PIXELS < u64::from(width) * u64::from(height) {
                    return Err(malformed("an OpenEXR image of impossible size"));
                }
            }
            b"channels" => channels = Some(names(value)?),
            _ => {}
        }
    }
    let (Some((width, height)), Some(channels)) = (size, channels) else {
        return Err(malformed("an OpenEXR header without a size or channels"));
    };
    let has = |name: &[u8]| channels.contains(&name);
    if !(has(b"R") && has(b"G") && has(b"B")) {
        return Err(FormatError::Unsupported(
            "an OpenEXR image without channels R, G and B. Export it as plain RGB".to_owned(),
        ));
    }
    Ok(Stored {
        width,
        height,
        has_alpha: has(b"A"),
        bits: 32,
        exif: None,
    })
}

/// Width and height of a box of two corners, both of them inside.
fn window(value: &[u8]) -> Result<(u32, u32), FormatError> {
    let (corners, _) = value.as_chunks::<4>();
    let &[x0, y0, x1, y1] = corners else {
        return Err(malformed("an OpenEXR image of unknown size"));
    };
    let side = |low: [u8; 4], high: [u8; 4]| {
        let side = i64::from(i32::from_le_bytes(high)) - i64::from(i32::from_le_bytes(low)) + 1;
        u32::try_from(side).map_err(|_| malformed("an OpenEXR image of impossible size"))
    };
    Ok((side(x0, x1)?, side(y0, y1)?))
}

/// The channels' names: each is followed by 16 bytes on how it is stored.
fn names(value: &[u8]) -> Result<Vec<&[u8]>, FormatError> {
    let mut rest = Rest {
        bytes: value,
        at: 0,
    };
    let mut names = Vec::new();
    while rest.at < value.len() {
        match rest.text()? {
            [] => break,
            name => names.push(name),
        }
        rest.take(16)?;
    }
    Ok(names)
}

struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let end = self.at.saturating_add(length);
        check_reaches(self.bytes, end, WHAT)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, FormatError> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Up to the next zero byte, which is passed.
    fn text(&mut self) -> Result<&'a [u8], FormatError> {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        match rest.iter().take(MAX_NAME).position(|it| *it == 0) {
            Some(length) => Ok(&self.take(length + 1)?[..length]),
            None if MAX_NAME <= rest.len() => Err(malformed("an OpenEXR header without end")),
            None => {
                check_reaches(self.bytes, self.bytes.len() + 1, WHAT)?;
                Ok(&[])
            }
        }
    }
}
