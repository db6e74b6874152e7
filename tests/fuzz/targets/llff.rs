//! Any bytes as a `poses_bounds.npy`.
#![no_main]

use recon::io::llff;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_and_write_poses(bytes, llff::read, None));
