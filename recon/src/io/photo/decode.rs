//! From a file's bytes to 8-bit sRGB pixels with straight alpha, whatever they were.

use std::io::Cursor;

use image::codecs::{
    jpeg::JpegDecoder, openexr::OpenExrDecoder, png::PngDecoder, tiff::TiffDecoder,
    webp::WebPDecoder,
};
use image::{ColorType, ImageDecoder, ImageError, Limits, RgbaImage};

use crate::io::FormatError;

use super::header::jpeg;
use super::{PhotoKind, read_header};

/// No larger photo is decoded.
pub const MAX_PIXELS: u64 = 400_000_000;

/// So many pixels any photo may have, however few bytes it takes …
const FREE_PIXELS: u64 = 64 << 20;
/// … and so many more for each of its bytes. Photos take a byte for one to twenty pixels; an empty
/// PNG one for a thousand; a file made to fill the memory takes next to none.
const PIXELS_PER_BYTE: u64 = 1024;

/// Decodes the photo called `name` to its stored pixels (not turned). 16-bit channels are rounded;
/// floats are taken as linear light, as OpenEXR has them, encoded as sRGB and clamped.
///
/// # Errors
/// As [`read_header`]; [`FormatError::Unsupported`] for more than `max_pixels` pixels,
/// [`FormatError::Malformed`] or [`FormatError::Truncated`] where it is damaged.
pub fn decode(name: &str, bytes: &[u8], max_pixels: u64) -> Result<RgbaImage, FormatError> {
    let header = read_header(name, bytes)?;
    check_size(header.width, header.height, bytes.len(), max_pixels)?;
    let reader = Cursor::new(bytes);
    let limits = limits(max_pixels);
    let broken = |it| broken(header.kind, &it);
    match header.kind {
        PhotoKind::Jpeg => {
            check_end(bytes)?;
            pixels(JpegDecoder::new(reader).map_err(broken)?, max_pixels)
        }
        PhotoKind::Png => {
            let decoder = PngDecoder::with_limits(reader, limits).map_err(broken)?;
            pixels(decoder, max_pixels)
        }
        PhotoKind::WebP => pixels(WebPDecoder::new(reader).map_err(broken)?, max_pixels),
        PhotoKind::OpenExr => pixels(OpenExrDecoder::new(reader).map_err(broken)?, max_pixels),
        PhotoKind::Tiff => {
            let mut decoder = TiffDecoder::new(reader).map_err(broken)?;
            decoder.set_limits(limits).map_err(broken)?;
            pixels(decoder, max_pixels)
        }
    }
    .map_err(broken)
}

fn broken(kind: PhotoKind, cause: &ImageError) -> FormatError {
    FormatError::Malformed(format!(
        "the {kind} cannot be decoded ({cause}). Copy or export it again"
    ))
}

fn check_size(width: u32, height: u32, len: usize, max_pixels: u64) -> Result<(), FormatError> {
    let pixels = u64::from(width) * u64::from(height);
    if max_pixels < pixels {
        return Err(FormatError::Unsupported(format!(
            "{width}×{height} pixels, more than the {max_pixels} that are read. Scale it down"
        )));
    }
    if FREE_PIXELS.saturating_add(PIXELS_PER_BYTE.saturating_mul(len as u64)) < pixels {
        return Err(FormatError::Malformed(format!(
            "claims {width}×{height} pixels, more than its {len} bytes can hold. The file is \
             damaged or was made to fill the memory"
        )));
    }
    Ok(())
}

/// For what decoders hold beside the pixels.
fn limits(max_pixels: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(max_pixels.saturating_mul(16).saturating_add(64 << 20));
    limits
}

/// A JPEG that was cut off decodes to the end, in grey.
fn check_end(bytes: &[u8]) -> Result<(), FormatError> {
    if jpeg::has_end(bytes) {
        return Ok(());
    }
    Err(FormatError::Truncated {
        what: "the JPEG's last rows".to_owned(),
        needed: bytes.len() as u64 + 2,
        found: bytes.len() as u64,
    })
}

/// Decodes and brings every kind of channel to 8 bits.
fn pixels(decoder: impl ImageDecoder, max_pixels: u64) -> Result<RgbaImage, ImageError> {
    let (width, height) = decoder.dimensions();
    let count = u64::from(width) * u64::from(height);
    let too_large = || {
        let kind = image::error::LimitErrorKind::DimensionError;
        ImageError::Limits(image::error::LimitError::from_kind(kind))
    };
    if max_pixels < count {
        return Err(too_large());
    }
    let count = usize::try_from(count).map_err(|_| too_large())?;
    let colour = decoder.color_type();
    let length = usize::try_from(decoder.total_bytes()).map_err(|_| too_large())?;
    let is_narrow = colour.bytes_per_pixel() == colour.channel_count();
    let rgba = if is_narrow && length <= 4 * count {
        // Channels of 8 bits are spread where they lie, from the last pixel to the first.
        let mut rgba = vec![0; 4 * count];
        decoder.read_image(&mut rgba[..length])?;
        spread(&mut rgba, usize::from(colour.channel_count()));
        rgba
    } else {
        let mut wide = vec![0; length];
        decoder.read_image(&mut wide)?;
        narrow(&wide, colour)
    };
    RgbaImage::from_raw(width, height, rgba).ok_or_else(too_large)
}

/// From the `channels` bytes per pixel at the front of `rgba` (grey, grey and alpha, RGB, RGBA) to
/// four.
fn spread(rgba: &mut [u8], channels: usize) {
    if channels == 4 {
        return;
    }
    for i in (0..rgba.len() / 4).rev() {
        let at = channels * i;
        let pixel = match channels {
            1 => [rgba[at], rgba[at], rgba[at], 255],
            2 => [rgba[at], rgba[at], rgba[at], rgba[at + 1]],
            _ => [rgba[at], rgba[at + 1], rgba[at + 2], 255],
        };
        rgba[4 * i..4 * i + 4].copy_from_slice(&pixel);
    }
}

/// From channels of 16 bits or floats, in the machine's byte order.
fn narrow(wide: &[u8], colour: ColorType) -> Vec<u8> {
    let channels = usize::from(colour.channel_count());
    let in_rgba = |it: &[u8]| match *it {
        [grey] => [grey, grey, grey, 255],
        [grey, alpha] => [grey, grey, grey, alpha],
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a, ..] => [r, g, b, a],
        [] => [0; 4],
    };
    let pixels: Vec<[u8; 4]> = if matches!(colour, ColorType::Rgb32F | ColorType::Rgba32F) {
        let floats = wide.as_chunks().0.chunks_exact(channels);
        floats.map(from_linear).collect()
    } else {
        let shorts = wide.as_chunks::<2>().0.chunks_exact(channels);
        let byte = |it: &[u8; 2]| ((u32::from(u16::from_ne_bytes(*it)) + 128) / 257) as u8;
        shorts
            .map(|it| {
                let mut bytes = [0; 4];
                for (to, from) in bytes.iter_mut().zip(it) {
                    *to = byte(from);
                }
                in_rgba(&bytes[..channels.min(4)])
            })
            .collect()
    };
    pixels.into_flattened()
}

/// Linear light, where alpha is there multiplied with it (as OpenEXR wants it), as sRGB bytes with
/// straight alpha.
fn from_linear(channels: &[[u8; 4]]) -> [u8; 4] {
    let float = |i: usize| channels.get(i).map(|it| f32::from_ne_bytes(*it));
    let alpha = float(3).unwrap_or(1.0).clamp(0.0, 1.0);
    let byte = |unit: f32| (unit * 255.0 + 0.5) as u8; // saturates; NaN becomes 0
    let colour = |i: usize| {
        let linear = float(i).unwrap_or_default();
        let straight = if 0.0 < alpha { linear / alpha } else { linear };
        let straight = straight.clamp(0.0, 1.0);
        // IEC 61966-2-1.
        byte(if straight <= 0.003_130_8 {
            12.92 * straight
        } else {
            1.055 * straight.powf(1.0 / 2.4) - 0.055
        })
    };
    [colour(0), colour(1), colour(2), byte(alpha)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_light_is_encoded_and_clamped() {
        let pixel = |floats: [f32; 4]| from_linear(&floats.map(f32::to_ne_bytes));
        assert_eq!(pixel([0.0, 1.0, 0.215_860_5, 1.0]), [0, 255, 128, 255]);
        assert_eq!(pixel([-1.0, 7.0, f32::NAN, f32::NAN])[..3], [0, 255, 0]);
        assert_eq!(
            pixel([f32::INFINITY, f32::NEG_INFINITY, 0.0, 2.0]),
            [255, 0, 0, 255]
        );
        // Half covered by white.
        assert_eq!(pixel([0.5, 0.5, 0.5, 0.5]), [255, 255, 255, 128]);
    }

    #[test]
    fn sixteen_bits_are_rounded() {
        let wide: Vec<u8> = [0_u16, 128, 129, 65535, 65406, 257]
            .iter()
            .flat_map(|it| it.to_ne_bytes())
            .collect();
        let rgba = narrow(&wide, ColorType::Rgb16);
        assert_eq!(rgba, [0, 0, 1, 255, 255, 254, 1, 255]);
    }

    #[test]
    fn claims_are_weighed_against_the_file() {
        assert!(check_size(20_000, 20_000, 1000, MAX_PIXELS).is_err());
        assert!(check_size(20_000, 20_000, 1 << 20, MAX_PIXELS).is_ok());
        assert!(check_size(20_001, 20_000, 1 << 20, MAX_PIXELS).is_err());
    }
}
