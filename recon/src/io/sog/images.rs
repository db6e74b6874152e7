//! Lossless WebP images as arrays of numbers.

use std::io::Cursor;

use image_webp::{ColorType, EncoderParams, WebPDecoder, WebPEncoder};

use crate::io::FormatError;

/// The longest side that WebP can have.
pub(super) const MAX_SIDE: u32 = 16_383;

/// An image of bytes that are numbers, not colours. `[height × width]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue, alpha.
    pub pixels: Vec<[u8; 4]>,
}

/// Decodes the lossless WebP `bytes` of the file `name`, whose size `check` accepts: nothing is
/// allocated for an image that is larger than its splats need.
pub(super) fn decode(
    name: &str,
    bytes: &[u8],
    check: impl FnOnce(u32, u32) -> Result<(), String>,
) -> Result<Image, FormatError> {
    let broken = |reason: String| FormatError::Malformed(format!("{name}: {reason}"));
    let mut decoder = WebPDecoder::new(Cursor::new(bytes))
        .map_err(|it| broken(format!("not a readable WebP image ({it})")))?;
    if decoder.is_lossy() || decoder.is_animated() {
        return Err(FormatError::Unsupported(format!(
            "{name} is a lossy or animated WebP image. Its pixels are numbers; export it with \
             lossless images"
        )));
    }
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || MAX_SIDE < width.max(height) {
        return Err(broken(format!("an image of {width}×{height} pixels")));
    }
    check(width, height).map_err(broken)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut flat = vec![0; width as usize * height as usize * channels];
    decoder
        .read_image(&mut flat)
        .map_err(|it| broken(format!("the image is damaged ({it})")))?;
    let pixels = if channels == 4 {
        flat.as_chunks().0.to_vec()
    } else {
        let with_alpha = |&[r, g, b]: &[u8; 3]| [r, g, b, 255];
        flat.as_chunks().0.iter().map(with_alpha).collect()
    };
    Ok(Image {
        width,
        height,
        pixels,
    })
}

/// Encodes an image as lossless WebP, without alpha where that is 255 everywhere. Numbers in no
/// order pack better without prediction, smooth ones with it: the smaller file is kept.
pub(super) fn encode(image: &Image) -> Result<Vec<u8>, FormatError> {
    let opaque = image.pixels.iter().all(|it| it[3] == 255);
    let color = if opaque {
        ColorType::Rgb8
    } else {
        ColorType::Rgba8
    };
    let flat: Vec<u8> = if opaque {
        image
            .pixels
            .iter()
            .flat_map(|&[r, g, b, _]| [r, g, b])
            .collect()
    } else {
        image.pixels.as_flattened().to_vec()
    };
    let encode_with = |predict: bool| {
        let mut bytes = Vec::new();
        let mut params = EncoderParams::default();
        params.use_predictor_transform = predict;
        let mut encoder = WebPEncoder::new(&mut bytes);
        encoder.set_params(params);
        encoder
            .encode(&flat, image.width, image.height, color)
            .map_err(|it| FormatError::Malformed(format!("an image cannot be encoded: {it}")))?;
        Ok(bytes)
    };
    let (predicted, plain) = rayon::join(|| encode_with(true), || encode_with(false));
    let (predicted, plain) = (predicted?, plain?);
    Ok(if predicted.len() < plain.len() {
        predicted
    } else {
        plain
    })
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn noise(alpha: bool) -> Image {
        let mut rng = rand_pcg::Pcg32::seed_from_u64(5);
        let mut pixel = || {
            let [r, g, b, a]: [u8; 4] = rng.random();
            [r, g, b, if alpha { a } else { 255 }]
        };
        Image {
            width: 12,
            height: 8,
            pixels: (0..96).map(|_| pixel()).collect(),
        }
    }

    #[test]
    fn every_byte_survives() {
        for alpha in [false, true] {
            let image = noise(alpha);
            let bytes = encode(&image).unwrap();
            assert_eq!(decode("it", &bytes, |_, _| Ok(())).unwrap(), image);
        }
    }

    #[test]
    fn the_size_is_asked_for_before_decoding() {
        let bytes = encode(&noise(true)).unwrap();
        let error = decode("it.webp", &bytes, |w, h| Err(format!("{w} by {h}"))).unwrap_err();
        assert_eq!(error.to_string(), "it.webp: 12 by 8");
    }
}
