//! Photos with EXIF, written byte by byte where no encoder does it.

use std::io::{Cursor, Write};

use flate2::{Compression, Crc, write::ZlibEncoder};
use image::{DynamicImage, ImageFormat, RgbImage};
use image_webp::{ColorType, WebPEncoder};

/// A file of a kind that an encoder writes.
pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    if format == ImageFormat::Jpeg {
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
        image.write_with_encoder(encoder).unwrap();
    } else {
        image.write_to(&mut bytes, format).unwrap();
    }
    bytes.into_inner()
}

/// An entry of a TIFF directory: tag, type and value. Longer values lie behind the directory.
pub(crate) enum Entry {
    Short(u16, u16),
    Long(u16, u32),
    Rational(u16, u32, u32),
    Text(u16, &'static str),
}

/// A little-endian TIFF directory that begins at `at` bytes into its file, with what it points to.
pub(crate) fn directory(entries: &[Entry], at: usize) -> Vec<u8> {
    let mut table = (entries.len() as u16).to_le_bytes().to_vec();
    let mut values: Vec<u8> = Vec::new();
    let behind = at + 2 + 12 * entries.len() + 4;
    for entry in entries {
        let (tag, kind, count, value) = match *entry {
            Entry::Short(tag, it) => (tag, 3_u16, 1, u32::from(it)),
            Entry::Long(tag, it) => (tag, 4, 1, it),
            Entry::Rational(tag, a, b) => {
                let offset = behind + values.len();
                values.extend([a, b].iter().flat_map(|it| it.to_le_bytes()));
                (tag, 5, 1, offset as u32)
            }
            Entry::Text(tag, text) => {
                assert!(4 <= text.len(), "shorter texts lie in the entry itself");
                let offset = behind + values.len();
                values.extend(text.bytes().chain([0]));
                (tag, 2, text.len() as u32 + 1, offset as u32)
            }
        };
        table.extend(tag.to_le_bytes().iter().chain(&kind.to_le_bytes()));
        table.extend(u32::to_le_bytes(count).iter().chain(&value.to_le_bytes()));
    }
    table.extend([0; 4]); // no other directory
    table.extend(values);
    table
}

/// An EXIF block with this orientation, and a camera.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let camera = [
        Entry::Text(0x10f, "Maker"),
        Entry::Text(0x110, "Model 7"),
        Entry::Short(0x112, orientation),
    ];
    let own = 8 + directory(&camera, 8).len() + 12; // with the pointer that is added
    let lens = [
        Entry::Rational(0x920a, 85, 10),
        Entry::Short(0xa405, 35),
        Entry::Text(0xa434, "8.5mm f/2"),
    ];
    let [a, b, c] = camera;
    let pointed = directory(&[a, b, c, Entry::Long(0x8769, own as u32)], 8);
    [b"II*\0\x08\0\0\0".to_vec(), pointed, directory(&lens, own)].concat()
}

/// `segments` (marker and contents) behind the first two bytes of a JPEG.
pub(crate) fn jpeg_with(jpeg: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    for (marker, contents) in segments {
        bytes.extend([0xff, *marker]);
        bytes.extend((contents.len() as u16 + 2).to_be_bytes());
        bytes.extend(contents);
    }
    bytes.extend(&jpeg[2..]);
    bytes
}

/// The APP1 segment of an EXIF block.
pub(crate) fn app1(exif: &[u8]) -> (u8, Vec<u8>) {
    (0xe1, [b"Exif\0\0", exif].concat())
}

/// A PNG chunk with its length and checksum.
pub(crate) fn chunk(name: [u8; 4], contents: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(&name);
    crc.update(contents);
    let length = (contents.len() as u32).to_be_bytes();
    [&length[..], &name, contents, &crc.sum().to_be_bytes()].concat()
}

/// `png` with another chunk behind its header.
pub(crate) fn png_with(png: &[u8], chunk: &[u8]) -> Vec<u8> {
    [&png[..33], chunk, &png[33..]].concat()
}

/// A PNG of four palette entries, the last one transparent; `indices` row by row, 4 wide.
pub(crate) fn palette_png(palette: [[u8; 3]; 4], indices: &[u8]) -> Vec<u8> {
    let mut header = [0, 0, 0, 4, 0, 0, 0, 0, 8, 3, 0, 0, 0];
    header[7] = (indices.len() / 4) as u8;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for row in indices.chunks_exact(4) {
        packed.write_all(&[0]).unwrap(); // no filter
        packed.write_all(row).unwrap();
    }
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(*b"IHDR", &header),
        chunk(*b"PLTE", palette.as_flattened()),
        chunk(*b"tRNS", &[255, 255, 255, 0]),
        chunk(*b"IDAT", &packed.finish().unwrap()),
        chunk(*b"IEND", &[]),
    ]
    .concat()
}

/// A lossless WebP with an EXIF block.
pub(crate) fn webp(image: &RgbImage, exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif.to_vec());
    encoder
        .encode(image, image.width(), image.height(), ColorType::Rgb8)
        .unwrap();
    bytes
}

/// An unpacked TIFF of 8-bit RGB whose directory is its last part.
pub(crate) fn tiff(image: &RgbImage, orientation: u16) -> Vec<u8> {
    let end = 8 + image.len();
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((end as u32).to_le_bytes());
    bytes.extend(image.as_raw());
    let entries = [
        Entry::Long(256, image.width()),
        Entry::Long(257, image.height()),
        Entry::Short(258, 8),
        Entry::Short(259, 1),
        Entry::Short(262, 2),
        Entry::Long(273, 8),
        Entry::Short(274, orientation),
        Entry::Short(277, 3),
        Entry::Long(278, image.height()),
        Entry::Long(279, image.len() as u32),
    ];
    bytes.extend(directory(&entries, end));
    bytes
}
