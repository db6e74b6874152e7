//! Any bytes as a `transforms.json`.
#![no_main]

use recon::io::transforms;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write_poses(
    bytes,
    transforms::read,
    Some(transforms::write)
));
