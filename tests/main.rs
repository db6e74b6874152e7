//! The integration tests, as one binary.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "measured errors are worth reading")]

/// Camera lists that other programs wrote.
mod camera_paths;
/// Splat files as people have them: of other programs, written and read back, damaged.
mod formats;
/// The same for SPZ and SOG.
mod formats_spz_sog;
/// A device that cannot do what is asked says so, and goes on.
mod gpu_errors;
/// The backward rasteriser agrees with golden files and with finite differences.
mod gradients;
/// Each kernel agrees with its plain twin; frames grow, repeat and show every style.
mod kernels;
/// The forward rasteriser agrees with golden files.
mod raster;
/// The plain twins of the kernels.
mod reference;
/// Every shader is valid, translates to each back end, and agrees with its Rust structs.
mod shaders;
/// House rules that the compiler does not check.
mod tidy;
/// Panels and the application, without a window.
mod ui;
/// The worker answers commands with events, and stops when dropped.
mod worker;
