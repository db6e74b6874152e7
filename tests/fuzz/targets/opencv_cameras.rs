//! Any bytes as an `opencv_cameras.json`.
#![no_main]

use recon::io::opencv_cameras;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write_poses(
    bytes,
    opencv_cameras::read,
    Some(opencv_cameras::write)
));
