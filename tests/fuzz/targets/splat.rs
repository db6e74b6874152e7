//! Any bytes as a `.splat`.
#![no_main]

use recon::io::splat;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write(bytes, splat::read, splat::write));
