//! Reading: which container, its contents, bounded; then the columns.

use flate2::read::GzDecoder;
use render::sh;

use super::axes::AxisSigns;
use super::header::{
    ANTIALIASED, COLUMN_NAMES, HEADER_BYTES, HEADER_BYTES_V4, Header, MAGIC, read_extensions,
};
use super::unpack::unpack;
use crate::io::bounded::{check_claim, check_length, read_at_most, read_exactly};
use crate::io::{FormatError, SplatFile, SplatFormat};

/// How every gzip stream begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Bytes of extension records after the columns of v1 to v3 that are read; known ones have 12.
const MAX_EXTENSION_BYTES: u64 = 1 << 16;

/// Bytes of an entry in v4's table of streams: packed and unpacked size, u64 each.
const TABLE_ENTRY_BYTES: usize = 16;

/// The columns of a file, still quantised.
struct Packed {
    header: Header,
    /// As long as the header says.
    payload: Vec<u8>,
    signs: AxisSigns,
}

/// Reads an SPZ file of version 1 to 4, the older ones with or without their gzip.
///
/// A header that claims more splats than the file can hold is an error before memory is taken
/// for them.
pub fn read(bytes: &[u8]) -> Result<SplatFile, FormatError> {
    let mut warnings = Vec::new();
    let packed = if bytes.starts_with(&GZIP_MAGIC) {
        read_gzip(bytes, &mut warnings)?
    } else if bytes.starts_with(&MAGIC) {
        let header = Header::parse(bytes)?;
        check_claim(
            u64::from(header.count),
            header.bytes_per_splat(),
            bytes.len() as u64,
        )?;
        if header.version == 4 {
            read_streams(header, bytes, &mut warnings)?
        } else {
            warnings.push(format!(
                "an SPZ file of version {} is normally in gzip; this one is not",
                header.version
            ));
            let (_, contents) = bytes.split_at(HEADER_BYTES);
            split_payload(header, contents.to_vec(), &mut warnings)?
        }
    } else {
        return Err(FormatError::Malformed(
            "not an SPZ file: it begins neither like gzip nor with NGSP".to_owned(),
        ));
    };
    let header = packed.header;
    if header.count == 0 {
        warnings.push("holds no splats".to_owned());
    }
    if sh::MAX_DEGREE < u32::from(header.degree) {
        warnings.push(format!(
            "spherical harmonics of degree {} were cut to degree {}",
            header.degree,
            sh::MAX_DEGREE
        ));
    }
    Ok(SplatFile {
        splats: unpack(&header, &packed.payload, packed.signs),
        format: SplatFormat::Spz {
            version: header.version,
        },
        antialiased: Some(header.flags & ANTIALIASED != 0),
        comments: Vec::new(),
        warnings,
    })
}

/// v1 to v3: header, columns and extension records in one gzip stream.
fn read_gzip(bytes: &[u8], warnings: &mut Vec<String>) -> Result<Packed, FormatError> {
    let mut stream = GzDecoder::new(bytes);
    let head = read_exactly(
        std::io::Read::take(&mut stream, HEADER_BYTES as u64),
        HEADER_BYTES as u64,
        "the SPZ header",
    )?;
    let header = Header::parse(&head)?;
    if 3 < header.version {
        return Err(FormatError::Malformed(format!(
            "SPZ version {} inside gzip; only versions 1 to 3 are stored so",
            header.version
        )));
    }
    check_claim(
        u64::from(header.count),
        header.bytes_per_splat(),
        bytes.len() as u64,
    )?;
    let mut limit = header.payload_bytes();
    if header.is_extended() {
        limit += MAX_EXTENSION_BYTES;
    }
    let contents = read_at_most(stream, limit, "the SPZ contents")?;
    split_payload(header, contents, warnings)
}

/// Separates columns from the extension records that may follow them.
fn split_payload(
    header: Header,
    mut contents: Vec<u8>,
    warnings: &mut Vec<String>,
) -> Result<Packed, FormatError> {
    let needed = header.payload_bytes();
    check_length(contents.len() as u64, needed, "the SPZ columns")?;
    let records = contents.split_off(needed as usize);
    if !header.is_extended() && !records.is_empty() {
        return Err(FormatError::Malformed(format!(
            "{} bytes follow the {} splats that the SPZ header claims. The file is damaged",
            records.len(),
            header.count
        )));
    }
    Ok(Packed {
        header,
        payload: contents,
        signs: read_extensions(&records, warnings),
    })
}

/// v4: plain header, extension records, a table, and one zstd stream per column.
fn read_streams(
    header: Header,
    bytes: &[u8],
    warnings: &mut Vec<String>,
) -> Result<Packed, FormatError> {
    check_length(bytes.len() as u64, HEADER_BYTES_V4 as u64, "the SPZ header")?;
    let table_at = u32::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]) as usize;
    let table_bytes = usize::from(header.streams) * TABLE_ENTRY_BYTES;
    check_length(
        bytes.len() as u64,
        table_at.saturating_add(table_bytes) as u64,
        "the table of SPZ streams",
    )?;
    if table_at < HEADER_BYTES_V4 {
        return Err(FormatError::Malformed(format!(
            "the table of SPZ streams is said to lie at byte {table_at}, inside the header"
        )));
    }
    let signs = if header.is_extended() {
        read_extensions(&bytes[HEADER_BYTES_V4..table_at], warnings)
    } else {
        AxisSigns::RUB
    };
    let (table, mut streams) = bytes[table_at..].split_at(table_bytes);
    let columns: Vec<(u64, &str)> = header
        .column_widths()
        .into_iter()
        .map(|it| u64::from(header.count) * it as u64)
        .zip(COLUMN_NAMES)
        .filter(|(expected, _)| *expected != 0)
        .collect();
    if usize::from(header.streams) < columns.len() {
        return Err(FormatError::Malformed(format!(
            "the SPZ file has only {} streams; its splats need {}",
            header.streams,
            columns.len()
        )));
    }
    let mut payload = Vec::new();
    for ((expected, name), entry) in columns.into_iter().zip(table.as_chunks().0) {
        let (column, rest) = read_stream(*entry, streams, expected, name)?;
        payload.extend(column);
        streams = rest;
    }
    Ok(Packed {
        header,
        payload,
        signs,
    })
}

/// Unpacks the stream at the head of `streams` that a table entry describes; also what follows.
fn read_stream<'a>(
    entry: [u8; TABLE_ENTRY_BYTES],
    streams: &'a [u8],
    expected: u64,
    name: &str,
) -> Result<(Vec<u8>, &'a [u8]), FormatError> {
    let [a, b, c, d, e, f, g, h, rest @ ..] = entry;
    let packed_bytes = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let unpacked_bytes = u64::from_le_bytes(rest);
    if unpacked_bytes != expected {
        return Err(FormatError::Malformed(format!(
            "{name} are said to have {unpacked_bytes} bytes; the splats of the SPZ header need \
             {expected}"
        )));
    }
    check_length(streams.len() as u64, packed_bytes, name)?;
    let (packed, rest) = streams.split_at(packed_bytes as usize);
    let decoder = zstd::Decoder::with_buffer(packed)
        .map_err(|it| FormatError::Malformed(format!("{name} cannot be unpacked ({it})")))?;
    Ok((read_exactly(decoder, expected, name)?, rest))
}
