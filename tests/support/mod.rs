//! What the integration tests share: where real captures lie, comparisons of arrays.
#![expect(clippy::expect_used, reason = "what tests rest on may panic")]

pub mod boxes;
pub mod capture;
pub mod fixtures;
pub mod gpu;
pub mod similarity;

pub mod npz;

use std::path::PathBuf;

/// The folder of real captures and golden files named by `ACCRETE_TEST_DATA`.
///
/// `None`, and one line of output, where it is not set. With `CI=true`, or where the variable
/// names a folder that is not there, that is a failure: a suite that skips must say so.
pub fn test_data() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("ACCRETE_TEST_DATA") {
        let path = PathBuf::from(path);
        assert!(
            path.is_dir(),
            "ACCRETE_TEST_DATA names {}, which is not a folder",
            path.display()
        );
        return Some(path);
    }
    skip("ACCRETE_TEST_DATA is not set");
    None
}

/// Says in one line that a test cannot run here; with `CI=true`, or where real captures are given
/// and so a full run is meant, that is a failure.
#[expect(clippy::print_stderr, reason = "the one line a skipped test prints")]
pub fn skip(why: &str) {
    let strict = std::env::var("CI").is_ok_and(|it| it == "true")
        || std::env::var_os("ACCRETE_TEST_DATA").is_some();
    assert!(
        !strict,
        "a full run is asked for, and this test cannot run: {why}"
    );
    eprintln!("skipped: {why}");
}

/// Largest absolute difference of two arrays of equal length.
pub fn max_abs_diff(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "lengths differ");
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}
