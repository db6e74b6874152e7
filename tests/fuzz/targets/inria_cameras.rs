//! Any bytes as a `cameras.json` of 3DGS.
#![no_main]

use recon::io::inria_cameras;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write_poses(
    bytes,
    inria_cameras::read,
    Some(inria_cameras::write)
));
