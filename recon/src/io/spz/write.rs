//! Writing versions 3 and 4.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;

use super::header::{ANTIALIASED, HEADER_BYTES, HEADER_BYTES_V4, Header};
use super::pack::{fractional_bits, pack};
use crate::io::quantised::check_quantisable;
use crate::io::{FormatError, SplatFile, SplatFormat};

/// The version that is written where the file does not name one.
const DEFAULT_VERSION: u32 = 4;

/// Effort of zstd. At this one the garden is as large, to the byte, as from Niantic's packer.
const ZSTD_LEVEL: i32 = 12;

/// Writes the splats of `file` as SPZ, in the version that its format names (3 or 4), or in
/// version 4 where that is another format. Positions get 12 fractional bits, fewer where the
/// scene is so large that 24 bits would overflow.
pub fn write(file: &SplatFile) -> Result<Vec<u8>, FormatError> {
    let version = match file.format {
        SplatFormat::Spz { version } => version,
        _ => DEFAULT_VERSION,
    };
    if !(3..=4).contains(&version) {
        return Err(FormatError::Unsupported(format!(
            "writing SPZ version {version}; 3 and 4 can be written"
        )));
    }
    check_quantisable(&file.splats)?;
    let count = u32::try_from(file.splats.len()).map_err(|_| {
        FormatError::Unsupported(format!(
            "{} splats; SPZ holds at most {}",
            file.splats.len(),
            u32::MAX
        ))
    })?;
    let header = Header {
        version,
        count,
        degree: file.splats.sh_degree as u8,
        fractional_bits: fractional_bits(&file.splats)?,
        flags: if file.antialiased == Some(true) {
            ANTIALIASED
        } else {
            0
        },
        streams: 0,
    };
    let columns = pack(&file.splats, &header);
    let written = if version == 3 {
        write_gzip(&header, &columns)
    } else {
        write_streams(header, &columns)
    };
    written.map_err(|it| FormatError::Malformed(format!("the splats cannot be packed: {it}")))
}

fn write_gzip(header: &Header, columns: &[Vec<u8>]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&header.to_bytes())?;
    for column in columns {
        encoder.write_all(column)?;
    }
    encoder.finish()
}

/// Empty columns have no stream.
fn write_streams(mut header: Header, columns: &[Vec<u8>]) -> std::io::Result<Vec<u8>> {
    let streams = columns
        .par_iter()
        .filter(|it| !it.is_empty())
        .map(|it| Ok((it.len(), zstd::bulk::compress(it, ZSTD_LEVEL)?)))
        .collect::<std::io::Result<Vec<_>>>()?;
    header.streams = streams.len() as u8;
    let mut bytes = header.to_bytes().to_vec();
    // There are no extension records: the table follows the header.
    bytes.extend((HEADER_BYTES_V4 as u32).to_le_bytes());
    bytes.extend([0; HEADER_BYTES_V4 - HEADER_BYTES - size_of::<u32>()]);
    for (unpacked_bytes, packed) in &streams {
        bytes.extend((packed.len() as u64).to_le_bytes());
        bytes.extend((*unpacked_bytes as u64).to_le_bytes());
    }
    for (_, packed) in &streams {
        bytes.extend(packed);
    }
    Ok(bytes)
}
