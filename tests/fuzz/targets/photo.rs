//! Any bytes as a photo: what decodes has the size that its header says.
#![no_main]

use recon::io::photo::{decode, read_header};

/// No larger photo is decoded here: it would take all the time.
const MAX_PIXELS: u64 = 1 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(header) = read_header("photo", bytes) else {
        return;
    };
    assert!(header.focal_px().is_none_or(|it| 0.0 < it && it.is_finite()));
    if let Ok(image) = decode("photo", bytes, MAX_PIXELS) {
        assert_eq!(image.dimensions(), (header.width, header.height));
    }
});
