//! Each turn of EXIF in each kind of file that can have one.

use image::{DynamicImage, ImageFormat, RgbaImage, metadata};
use recon::io::photo::{self, HEADER_BYTES, MAX_PIXELS, decode, header_of, read_header};
use recon::io::{Folder, FormatError};

use super::written::{app1, chunk, encoded, exif, jpeg_with, png_with, tiff, webp};
use super::{orientation, squares};

/// The squares in every kind of file, stored as they are and with a note to turn them.
fn files(number: u16) -> [(&'static str, Vec<u8>, u8); 4] {
    let image = DynamicImage::ImageRgb8(squares());
    let exif = exif(number);
    let jpeg = encoded(&image, ImageFormat::Jpeg);
    let png = encoded(&image, ImageFormat::Png);
    [
        ("a.jpg", jpeg_with(&jpeg, &[app1(&exif)]), 6),
        ("a.png", png_with(&png, &chunk(*b"eXIf", &exif)), 0),
        ("a.webp", webp(&squares(), &exif), 0),
        ("a.tif", tiff(&squares(), number), 0),
    ]
}

#[test]
fn photos_come_upright() {
    for number in 1..=8 {
        // Another implementation says what upright is.
        let mut upright = DynamicImage::ImageRgb8(squares());
        let turn = metadata::Orientation::from_exif(number as u8).unwrap();
        upright.apply_orientation(turn);
        let upright = upright.to_rgba8();
        for (name, bytes, tolerance) in files(number) {
            let header = read_header(name, &bytes).unwrap();
            assert_eq!((header.width, header.height), (48, 32), "{name}");
            assert_eq!(header.orientation, orientation(number), "{name}");
            assert_eq!(header.upright_size(), upright.dimensions(), "{name}");
            assert_eq!((header.has_alpha, header.bits), (false, 8), "{name}");

            let stored = decode(name, &bytes, MAX_PIXELS).unwrap();
            assert_eq!(stored.dimensions(), (48, 32), "decoding does not turn");
            let pixels = photo::turn::<4>(stored.into_raw(), 48, 32, header.orientation);
            let (width, height) = header.upright_size();
            let turned = RgbaImage::from_raw(width, height, pixels).unwrap();
            let off = turned.iter().zip(upright.iter());
            let off = off.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(off <= tolerance, "{name} {number}: {off}");
        }
    }
}

#[test]
fn the_camera_is_named() {
    for (name, bytes, _) in files(1).into_iter().take(3) {
        let header = read_header(name, &bytes).unwrap();
        let camera = header.camera.as_deref();
        assert_eq!(camera, Some("Maker Model 7, 8.5mm f/2"), "{name}");
        assert_eq!(
            (header.focal_mm, header.focal_35mm),
            (Some(8.5), Some(35.0))
        );
        // Measured by the diagonal of 36 mm × 24 mm, as the squares are 3 : 2.
        let focal = header.focal_px().unwrap();
        assert!((focal - 35.0 / 36.0 * 48.0).abs() < 1e-6, "{focal}");
    }
    let plain = encoded(&DynamicImage::ImageRgb8(squares()), ImageFormat::Jpeg);
    let header = read_header("a.jpg", &plain).unwrap();
    assert_eq!((header.focal_px(), header.camera), (None, None));
}

#[test]
fn a_long_header_is_read_to_its_end() {
    let jpeg = encoded(&DynamicImage::ImageRgb8(squares()), ImageFormat::Jpeg);
    let profile = |i: u8| (0xe2, vec![i; 60_000]);
    let mut segments: Vec<_> = (0..12).map(profile).collect();
    segments.push(app1(&exif(6)));
    let long = jpeg_with(&jpeg, &segments);
    let front = &long[..HEADER_BYTES as usize];
    let error = read_header("a.jpg", front).unwrap_err();
    assert!(matches!(error, FormatError::Truncated { .. }), "{error}");

    // A TIFF says where its directory lies, and that is the end.
    let large = image::RgbImage::from_pixel(300, 200, image::Rgb([1, 2, 3]));
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("long.jpg", long),
        ("end.tif", tiff(&large, 6)),
        ("end.webp", webp(&squares(), &exif(6))),
    ] {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let folder = Folder::open(dir.path()).unwrap();
    for path in folder.files() {
        let header = header_of(&folder, path).unwrap();
        assert_eq!(header.orientation, orientation(6), "{}", path.display());
    }
}
