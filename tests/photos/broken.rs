//! Damaged photos: an error with a reason, never a panic.

use image::{DynamicImage, ImageFormat};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use recon::io::FormatError;
use recon::io::photo::{decode, read_header};

use super::squares;
use super::written::{app1, chunk, encoded, exif, jpeg_with, png_with, tiff, webp};

/// No photo here has so many pixels unless damage says so.
const MAX_PIXELS: u64 = 1 << 22;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let image = DynamicImage::ImageRgb8(squares());
    let jpeg = encoded(&image, ImageFormat::Jpeg);
    let png = encoded(&image, ImageFormat::Png);
    vec![
        ("a.jpg", jpeg_with(&jpeg, &[app1(&exif(6))])),
        ("a.png", png_with(&png, &chunk(*b"eXIf", &exif(6)))),
        ("a.webp", webp(&squares(), &exif(6))),
        ("a.tif", tiff(&squares(), 6)),
        (
            "a.exr",
            encoded(
                &DynamicImage::ImageRgb32F(image.to_rgb32f()),
                ImageFormat::OpenExr,
            ),
        ),
    ]
}

/// It is what the header says, or there is a reason.
fn try_decode(name: &str, bytes: &[u8]) -> Result<(), FormatError> {
    let header = read_header(name, bytes)?;
    let image = decode(name, bytes, MAX_PIXELS).inspect_err(|it| {
        assert!(20 < it.to_string().len(), "{it}");
    })?;
    assert_eq!(image.dimensions(), (header.width, header.height), "{name}");
    Ok(())
}

#[test]
fn a_photo_that_was_cut_off_is_an_error() {
    for (name, bytes) in files() {
        try_decode(name, &bytes).unwrap_or_else(|it| panic!("{name}: {it}"));
        for length in (0..bytes.len() * 3 / 4).step_by(7) {
            assert!(
                try_decode(name, &bytes[..length]).is_err(),
                "{name} {length}"
            );
        }
    }
    // Of a JPEG decoders make something even without its last bytes.
    let (name, jpeg) = files().swap_remove(0);
    let error = try_decode(name, &jpeg[..jpeg.len() - 2]).unwrap_err();
    assert!(matches!(error, FormatError::Truncated { .. }), "{error}");
}

#[test]
fn damage_is_never_a_panic() {
    let mut rng = Pcg64Mcg::seed_from_u64(3);
    let mut refused = 0;
    for (name, bytes) in files() {
        for _ in 0..400 {
            let mut damaged = bytes.clone();
            // Most of what can go wrong is said in the front.
            let front = damaged.len().min(400);
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..front);
                damaged[at] = rng.random();
            }
            refused += usize::from(try_decode(name, &damaged).is_err());
        }
    }
    assert!(400 < refused, "{refused}");
}

#[test]
fn too_large_a_photo_is_refused_before_it_is_decoded() {
    let image = DynamicImage::ImageRgb8(squares());
    let png = encoded(&image, ImageFormat::Png);
    let error = decode("a.png", &png, 48 * 32 - 1).unwrap_err();
    assert!(error.to_string().contains("48×32 pixels"), "{error}");
    // A header that claims what its bytes cannot hold.
    let mut huge = png[..8].to_vec();
    let header = [0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20, 8, 2, 0, 0, 0];
    huge.extend(chunk(*b"IHDR", &header));
    huge.extend(&png[33..]);
    let error = decode("a.png", &huge, u64::MAX).unwrap_err();
    assert!(error.to_string().contains("20000×20000"), "{error}");
}

#[test]
fn other_files_are_named() {
    for (bytes, words) in [
        (&b"<html><body>Not found</body></html>"[..], "text"),
        (b"", "empty"),
        (b"\0\0\0\x20ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"GIF89a\x01\0\x01\0", "GIF"),
    ] {
        let error = read_header("photo.jpg", bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
