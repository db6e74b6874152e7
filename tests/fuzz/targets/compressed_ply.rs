//! Any bytes as a `.compressed.ply`.
#![no_main]

use recon::io::compressed_ply;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write(
    bytes,
    compressed_ply::read,
    compressed_ply::write
));
