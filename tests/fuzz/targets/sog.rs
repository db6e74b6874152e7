//! Any bytes as a `.sog`.
#![no_main]

use recon::io::sog;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write(bytes, sog::read, sog::write));
