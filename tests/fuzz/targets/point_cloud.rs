//! Any bytes as a `.ply` of points; no more are read than asked for, and they come back.
#![no_main]

use recon::io::point_cloud;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok((points, _)) = point_cloud::read(bytes, 1000) else {
        return;
    };
    assert!(points.len() <= 1000.min(bytes.len()));
    assert_eq!(points.positions.len(), points.colours.len());
    assert!(points.positions.iter().all(|it| it.is_finite()));
    let written = point_cloud::write(&points);
    let again = point_cloud::read(&written, 1000);
    let (again, _) = again.unwrap_or_else(|it| panic!("does not read what it wrote: {it}"));
    // Positions become floats, which the largest doubles are not.
    assert!(again.len() <= points.len());
});
