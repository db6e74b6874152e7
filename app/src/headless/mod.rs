//! The modes of the program that need no window, one file each.

pub mod adapters;
pub mod bench;
mod console;
pub mod convert;
pub mod convert_dataset;
pub mod demo;
pub mod edit;
pub mod eval;
pub mod eval_model;
mod eval_model_table;
mod figures;
pub mod info;
mod interrupt;
mod job;
mod measuring;
pub mod model;
pub mod optimise;
mod optimising;
pub mod poses;
pub mod reconstruct;
mod reconstructing;
pub mod render;
#[cfg(feature = "remote")]
pub mod serve;
mod shots;
pub mod synth;
pub mod train;

use ::render::gpu::{Gpu, GpuError};
use recon::model::DeviceChoice;

pub use console::{Console, is_closed_output, tell_error};

/// Opens the graphics device; called only by modes that draw, and only when they get that far.
pub type OpenGpu<'a> = &'a dyn Fn() -> Result<Gpu, GpuError>;

/// The graphics device where one of the network's devices is or may be it.
///
/// # Errors
/// Where there is none and one was asked for.
fn gpu_for(devices: &[DeviceChoice], open_gpu: OpenGpu<'_>) -> Result<Option<Gpu>, GpuError> {
    if devices.contains(&DeviceChoice::Gpu) {
        return open_gpu().map(Some);
    }
    let may_be = devices.contains(&DeviceChoice::Auto);
    Ok(may_be.then(|| open_gpu().ok()).flatten())
}

/// Whether a window could open.
pub fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    cfg!(any(windows, target_os = "macos")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}
