//! Any bytes as an XML of Metashape.
#![no_main]

use recon::io::metashape;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write_poses(
    bytes,
    metashape::read,
    None
));
