//! Unpacking that trusts no header: claims are weighed against the file, bytes counted as they come.

use std::io::{ErrorKind, Read};

use super::FormatError;

/// What any file may unpack to, however small it is: 800 thousand splats that are all alike.
const FREE_BYTES: u64 = 16 << 20;

/// What each byte of a file may unpack to beyond that. Real scenes shrink 2 to 10 times; a file
/// made to fill the memory shrinks 1000 times (gzip) or without limit (WebP, zstd).
const MAX_RATIO: u64 = 64;

/// Whether a file of `file_len` bytes can hold `count` splats of `bytes_per_splat` unpacked bytes.
/// To be asked before anything is allocated for them.
pub(super) fn check_claim(
    count: u64,
    bytes_per_splat: u64,
    file_len: u64,
) -> Result<(), FormatError> {
    let limit = FREE_BYTES.saturating_add(MAX_RATIO.saturating_mul(file_len));
    if limit < count.saturating_mul(bytes_per_splat) {
        return Err(FormatError::Malformed(format!(
            "claims {count} splats, more than its {file_len} bytes can hold. The file is damaged \
             or was made to fill the memory"
        )));
    }
    Ok(())
}

/// Reads `reader` to its end, which must not lie beyond `limit` bytes. The memory grows with what
/// arrives, not with what is claimed.
pub(super) fn read_at_most(
    reader: impl Read,
    limit: u64,
    what: &str,
) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    let result = reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|it| (it.kind(), it.to_string()));
    match result {
        Err((ErrorKind::UnexpectedEof, _)) => Err(FormatError::Truncated {
            what: what.to_owned(),
            needed: limit,
            found: bytes.len() as u64,
        }),
        Err((_, reason)) => Err(FormatError::Malformed(format!(
            "{what} cannot be unpacked ({reason}). The file is damaged; copy or export it again"
        ))),
        Ok(_) if limit < bytes.len() as u64 => Err(FormatError::Malformed(format!(
            "{what} goes on after the {limit} bytes that it should have. The file is damaged or \
             was made to fill the memory"
        ))),
        Ok(_) => Ok(bytes),
    }
}

/// Reads `reader` to its end, which must lie at exactly `expected` bytes.
pub(super) fn read_exactly(
    reader: impl Read,
    expected: u64,
    what: &str,
) -> Result<Vec<u8>, FormatError> {
    let bytes = read_at_most(reader, expected, what)?;
    check_length(bytes.len() as u64, expected, what)?;
    Ok(bytes)
}

/// `found` bytes are there where `needed` are.
pub(super) fn check_length(found: u64, needed: u64, what: &str) -> Result<(), FormatError> {
    if found < needed {
        return Err(FormatError::Truncated {
            what: what.to_owned(),
            needed,
            found,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_at_the_limit() {
        let endless = std::io::repeat(7);
        let error = read_at_most(endless, 1000, "the stream").unwrap_err();
        assert!(error.to_string().contains("1000 bytes"), "{error}");
    }

    #[test]
    fn too_little_is_truncated() {
        let error = read_exactly(&[1_u8, 2][..], 3, "the stream").unwrap_err();
        assert!(matches!(
            error,
            FormatError::Truncated {
                needed: 3,
                found: 2,
                ..
            }
        ));
        assert_eq!(read_exactly(&[1_u8, 2][..], 2, "it").unwrap(), [1, 2]);
    }

    #[test]
    fn claims_are_weighed_against_the_file() {
        assert!(check_claim(u64::from(u32::MAX), 20, 10_000).is_err());
        assert!(check_claim(u64::MAX, u64::MAX, u64::MAX).is_ok());
        assert!(check_claim(138_766, 65, 1_000_000).is_ok());
    }
}
