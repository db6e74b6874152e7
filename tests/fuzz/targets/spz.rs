//! Any bytes as a `.spz`.
#![no_main]

use recon::io::spz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write(bytes, spz::read, spz::write));
