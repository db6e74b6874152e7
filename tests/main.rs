//! The integration tests, as one binary.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod formats_spz_sog;
