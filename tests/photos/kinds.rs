//! Every kind of channel ends as 8-bit sRGB with straight alpha.

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use recon::io::photo::{MAX_PIXELS, PhotoKind, decode, read_header};

use super::written::{encoded, palette_png};

fn decoded(name: &str, bytes: &[u8]) -> RgbaImage {
    let header = read_header(name, bytes).unwrap();
    let image = decode(name, bytes, MAX_PIXELS).unwrap();
    assert_eq!(image.dimensions(), (header.width, header.height));
    if !header.has_alpha {
        assert!(image.pixels().all(|it| it[3] == 255), "{name}");
    }
    image
}

#[test]
fn sixteen_bits_are_rounded() {
    let image = ImageBuffer::from_fn(64, 8, |x, y| {
        let value = (x * 1024 + y * 77) as u16;
        Rgb([value, 65535 - value, 300])
    });
    let image = DynamicImage::ImageRgb16(image);
    for (name, format) in [("a.png", ImageFormat::Png), ("a.tif", ImageFormat::Tiff)] {
        let bytes = encoded(&image, format);
        assert_eq!(read_header(name, &bytes).unwrap().bits, 16);
        for (x, y, pixel) in decoded(name, &bytes).enumerate_pixels() {
            let value = f64::from(x * 1024 + y * 77);
            let byte = |it: f64| (it / 257.0).round() as u8;
            assert_eq!(pixel.0, [byte(value), byte(65535.0 - value), 1, 255]);
        }
    }
    let grey = DynamicImage::ImageLuma16(ImageBuffer::from_pixel(3, 2, Luma([40_000_u16])));
    let pixels = decoded("a.png", &encoded(&grey, ImageFormat::Png));
    assert_eq!(pixels.get_pixel(2, 1).0, [156, 156, 156, 255]);
}

#[test]
fn alpha_stays_straight() {
    let image = RgbaImage::from_fn(16, 16, |x, y| Rgba([200, 100, x as u8, (16 * y) as u8]));
    for (name, format) in [
        ("a.png", ImageFormat::Png),
        ("a.webp", ImageFormat::WebP),
        ("a.tif", ImageFormat::Tiff),
    ] {
        let bytes = encoded(&DynamicImage::ImageRgba8(image.clone()), format);
        assert!(read_header(name, &bytes).unwrap().has_alpha, "{name}");
        let off = decoded(name, &bytes);
        assert_eq!(off, image, "{name}");
    }
    let pair = ImageBuffer::from_pixel(4, 4, LumaA([77_u8, 5]));
    let bytes = encoded(&DynamicImage::ImageLumaA8(pair), ImageFormat::Png);
    assert_eq!(decoded("a.png", &bytes).get_pixel(3, 3).0, [77, 77, 77, 5]);
}

#[test]
fn light_is_encoded() {
    // Half of white, and half of that covering half.
    let image = ImageBuffer::from_pixel(5, 3, Rgba([0.5_f32, 2.0, -1.0, 1.0]));
    let bytes = encoded(&DynamicImage::ImageRgba32F(image), ImageFormat::OpenExr);
    let header = read_header("a.exr", &bytes).unwrap();
    assert_eq!(
        (header.kind, header.width, header.height, header.has_alpha),
        (PhotoKind::OpenExr, 5, 3, true)
    );
    assert_eq!(
        decoded("a.exr", &bytes).get_pixel(4, 2).0,
        [188, 255, 0, 255]
    );
    let image = ImageBuffer::from_pixel(5, 3, Rgb([0.25_f32, 0.0, 1.0]));
    let bytes = encoded(&DynamicImage::ImageRgb32F(image), ImageFormat::OpenExr);
    assert!(!read_header("a.exr", &bytes).unwrap().has_alpha);
    assert_eq!(
        decoded("a.exr", &bytes).get_pixel(0, 0).0,
        [137, 0, 255, 255]
    );
}

#[test]
fn a_palette_is_looked_up() {
    let palette = [[10, 20, 30], [200, 0, 0], [0, 200, 0], [9, 9, 9]];
    let bytes = palette_png(palette, &[0, 1, 2, 3, 3, 2, 1, 0]);
    assert!(read_header("a.png", &bytes).unwrap().has_alpha);
    let image = decoded("a.png", &bytes);
    assert_eq!(image.get_pixel(1, 0).0, [200, 0, 0, 255]);
    assert_eq!(image.get_pixel(3, 0).0, [9, 9, 9, 0]);
    assert_eq!(image.get_pixel(3, 1).0, [10, 20, 30, 255]);
}

#[test]
fn jpegs_are_grey_coloured_or_for_print() {
    let grey = ImageBuffer::from_pixel(17, 9, Luma([90_u8]));
    let bytes = encoded(&DynamicImage::ImageLuma8(grey), ImageFormat::Jpeg);
    assert_eq!(
        decoded("a.jpg", &bytes).get_pixel(16, 8).0,
        [90, 90, 90, 255]
    );

    // 16×8 pixels of inverted CMYK as Adobe's programs write it: the left half full cyan, the
    // right half half magenta, full yellow, a quarter black.
    let hex = "ffd8ffee000e41646f626500640000000000ffdb004300010101010101010101010101010101\
               0101010101010101010101010101010101010101010101010101010101010101010101010101\
               01010101010101010101010101ffc000140800080010044311004d11005911004b1100ffc400\
               1500010100000000000000000000000000000a0bffc400141001000000000000000000000000\
               00000000ffda000e0443004d0059004b00003f009ff9fc1fc1fc2ff09ffa00e3feffd9";
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |it: &[u8]| u8::from_str_radix(str::from_utf8(it).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    let image = decoded("a.jpg", &bytes);
    for (x, expected) in [(2, [0_u8, 255, 255]), (12, [191, 95, 0])] {
        let pixel = image.get_pixel(x, 2);
        for (c, expected) in pixel.0.iter().zip(expected) {
            assert!(c.abs_diff(expected) <= 3, "{pixel:?}");
        }
    }
}

#[test]
fn the_name_does_not_matter() {
    let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(3, 2, Rgb([1, 2, 3])));
    let bytes = encoded(&image, ImageFormat::Png);
    let header = read_header("photo.JPG", &bytes).unwrap();
    assert_eq!(header.kind, PhotoKind::Png);
    assert_eq!(
        decoded("photo.JPG", &bytes).get_pixel(0, 0).0,
        [1, 2, 3, 255]
    );
}
