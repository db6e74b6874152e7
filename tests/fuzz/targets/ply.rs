//! Any bytes as a `.ply`; what is read comes back bit for bit.
#![no_main]

use recon::io::ply;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = ply::read(bytes) else { return };
    fuzz::assert_sound(&file);
    let written = ply::write(&file).unwrap_or_else(|it| panic!("not written: {it}"));
    let again = ply::read(&written).unwrap_or_else(|it| panic!("does not read it: {it}"));
    assert_eq!(again.splats, file.splats);
    assert_eq!(again.antialiased, file.antialiased);
});
