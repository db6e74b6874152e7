//! The header that all versions share, the columns it implies, and extension records.

use super::axes::AxisSigns;
use crate::io::FormatError;

/// "NGSP".
pub(super) const MAGIC: [u8; 4] = *b"NGSP";

/// Size of the header of v1 to v3, and of the part of v4's that is the same.
pub(super) const HEADER_BYTES: usize = 16;

/// Size of the header of v4: the shared part, whose last byte is the number of streams, the
/// offset of the table (u32), and reserved bytes.
pub(super) const HEADER_BYTES_V4: usize = 32;

/// Flag: optimised for antialiased rendering.
pub(super) const ANTIALIASED: u8 = 0x01;

/// Flag: extension records follow.
const EXTENDED: u8 = 0x02;

/// Flag of Spark: the splats are the nodes of a tree of levels of detail.
const LOD_TREE: u8 = 0x80;

/// Positions are 24-bit numbers: more fractional bits than that mean nothing.
const MAX_FRACTIONAL_BITS: u8 = 24;

/// The highest degree that the format knows; what is above 3 is dropped after reading.
const MAX_DEGREE: u8 = 4;

/// Adobe's extension that names the axes of the file.
const COORDINATE_SYSTEM: u32 = 0xADBE_0003;

/// What the first 16 bytes say. Checked, but not against the size of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// 1 to 4.
    pub version: u32,
    /// Splats.
    pub count: u32,
    /// Of the harmonics, 0 to 4.
    pub degree: u8,
    /// Positions are in units of `2^-fractional_bits`.
    pub fractional_bits: u8,
    /// A bit field.
    pub flags: u8,
    /// v4: streams; otherwise reserved.
    pub streams: u8,
}

impl Header {
    /// Reads the shared part of a header.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let Some((head, _)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(FormatError::Truncated {
                what: "the SPZ header".to_owned(),
                needed: HEADER_BYTES as u64,
                found: bytes.len() as u64,
            });
        };
        let &[m0, m1, m2, m3, v0, v1, v2, v3, n0, n1, n2, n3, rest @ ..] = head;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(FormatError::Malformed(
                "not an SPZ file: its contents do not begin with NGSP".to_owned(),
            ));
        }
        let [degree, fractional_bits, flags, streams] = rest;
        let header = Self {
            version: u32::from_le_bytes([v0, v1, v2, v3]),
            count: u32::from_le_bytes([n0, n1, n2, n3]),
            degree,
            fractional_bits,
            flags,
            streams,
        };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), FormatError> {
        if !(1..=4).contains(&self.version) {
            return Err(FormatError::Unsupported(format!(
                "SPZ version {}; versions 1 to 4 are read. Export it as version 3 or 4",
                self.version
            )));
        }
        if self.flags & LOD_TREE != 0 {
            return Err(FormatError::Unsupported(
                "an SPZ file with a tree of levels of detail (Spark). Export the full scene \
                 without levels"
                    .to_owned(),
            ));
        }
        for (what, found, most) in [
            ("harmonics of degree", self.degree, MAX_DEGREE),
            (
                "fractional bits of positions:",
                self.fractional_bits,
                MAX_FRACTIONAL_BITS,
            ),
        ] {
            if most < found {
                return Err(FormatError::Malformed(format!(
                    "the SPZ header says {what} {found}; at most {most} is possible"
                )));
            }
        }
        Ok(())
    }

    /// The 16 bytes that [`parse`](Self::parse) reads.
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.version.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.count.to_le_bytes());
        bytes[12..].copy_from_slice(&[self.degree, self.fractional_bits, self.flags, self.streams]);
        bytes
    }

    /// Coefficients above degree 0 that each splat has in the file.
    pub(super) fn rest_coeffs(&self) -> usize {
        (usize::from(self.degree) + 1).pow(2) - 1
    }

    /// Bytes per splat of each column, in the order of the file; the last may be 0.
    pub(super) fn column_widths(&self) -> [usize; 6] {
        let position = if self.version == 1 { 6 } else { 9 };
        let rotation = if self.version < 3 { 3 } else { 4 };
        [position, 1, 3, 3, rotation, 3 * self.rest_coeffs()]
    }

    /// Bytes of all columns of all splats.
    pub(super) fn payload_bytes(&self) -> u64 {
        u64::from(self.count) * self.bytes_per_splat()
    }

    /// Bytes of all columns of one splat.
    pub(super) fn bytes_per_splat(&self) -> u64 {
        self.column_widths().iter().sum::<usize>() as u64
    }

    /// Whether the flag for extension records is set.
    pub(super) fn is_extended(&self) -> bool {
        self.flags & EXTENDED != 0
    }
}

/// The names of [`Header::column_widths`].
pub(super) const COLUMN_NAMES: [&str; 6] = [
    "the positions",
    "the opacities",
    "the colours",
    "the scales",
    "the rotations",
    "the harmonics",
];

/// Goes through extension records, `type: u32, length: u32, payload`: the signs that the splats
/// are to be read with, and a warning for each record that is not understood.
pub(super) fn read_extensions(mut records: &[u8], warnings: &mut Vec<String>) -> AxisSigns {
    let mut signs = AxisSigns::RUB;
    while let Some((&[t0, t1, t2, t3, l0, l1, l2, l3], rest)) = records.split_first_chunk::<8>() {
        let kind = u32::from_le_bytes([t0, t1, t2, t3]);
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let Some((payload, next)) = rest.split_at_checked(length) else {
            warnings.push(format!(
                "extension record {kind:#010x} is cut short; it and what follows is ignored"
            ));
            return signs;
        };
        match signs_of_extension(kind, payload) {
            Some(found) => signs = found,
            None => warnings.push(format!(
                "extension record {kind:#010x} ({length} bytes) is not known and is ignored"
            )),
        }
        records = next;
    }
    signs
}

/// The signs that lead from the axes that a coordinate-system record names to RDF. `None` for
/// other records, and for axes that are swapped and not only turned around.
fn signs_of_extension(kind: u32, payload: &[u8]) -> Option<AxisSigns> {
    if kind != COORDINATE_SYSTEM {
        return None;
    }
    let code = u32::from_le_bytes(payload.try_into().ok()?);
    // 0 is "not said", the default holds. From 1, bit 0 is right rather than left, bit 1 up
    // rather than down, bit 2 forward rather than back.
    match code {
        0 => Some(AxisSigns::RUB),
        1..=8 => {
            let towards = |bit: u32| {
                if (code - 1) >> bit & 1 == 1 {
                    1.0
                } else {
                    -1.0
                }
            };
            Some(AxisSigns::new(towards(0), -towards(1), towards(2)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_round_trip() {
        let header = Header {
            version: 4,
            count: 77,
            degree: 3,
            fractional_bits: 12,
            flags: ANTIALIASED,
            streams: 6,
        };
        assert_eq!(Header::parse(&header.to_bytes()).unwrap(), header);
        assert_eq!(header.bytes_per_splat(), 9 + 1 + 3 + 3 + 4 + 45);
    }

    #[test]
    fn unknown_versions_are_named() {
        let mut bytes = *b"NGSP\x05\0\0\0\x01\0\0\0\0\x0c\0\0";
        let error = Header::parse(&bytes).unwrap_err();
        assert!(matches!(&error, FormatError::Unsupported(it) if it.contains("version 5")));
        bytes[4] = 2;
        bytes[12] = 9;
        assert!(matches!(
            Header::parse(&bytes),
            Err(FormatError::Malformed(_))
        ));
    }

    #[test]
    fn extensions_are_skipped_or_followed() {
        let mut warnings = Vec::new();
        let mut records = vec![];
        for (kind, payload) in [
            (0x1234_0001_u32, &[9_u8, 9, 9][..]),
            (COORDINATE_SYSTEM, &[6, 0, 0, 0]),
        ] {
            records.extend(kind.to_le_bytes());
            records.extend((payload.len() as u32).to_le_bytes());
            records.extend(payload);
        }
        let signs = read_extensions(&records, &mut warnings);
        // 6 is RDF, the axes in memory.
        assert_eq!(signs, AxisSigns::new(1.0, 1.0, 1.0));
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("0x12340001 (3 bytes)"));

        records.extend(0xADBE_0002_u32.to_le_bytes());
        records.extend(u32::MAX.to_le_bytes());
        read_extensions(&records, &mut warnings);
        assert!(warnings[2].contains("cut short"));
        assert_eq!(
            signs_of_extension(COORDINATE_SYSTEM, &[4, 0, 0, 0]),
            Some(AxisSigns::RUB)
        );
    }
}
