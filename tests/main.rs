//! The integration tests, as one binary.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod camera_paths;
mod shaders;
mod tidy;
