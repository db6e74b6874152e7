//! Any bytes as a CSV of RealityCapture.
#![no_main]

use recon::io::reality_capture;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write_poses(
    bytes,
    reality_capture::read,
    None
));
