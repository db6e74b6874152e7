//! The integration tests, as one binary.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "measured errors are worth reading")]

/// The forward rasteriser agrees with golden files.
mod raster;
