//! The window.

use std::path::PathBuf;

use render::gpu::Gpu;

/// What the window shows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing.
    Empty,
    /// A splat file.
    Open(PathBuf),
    /// The demo scene.
    Demo,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// Where no window can be opened.
pub fn run(gpu: Gpu, start: Start) -> anyhow::Result<()> {
    let _ = (gpu, start);
    anyhow::bail!("built without its window")
}
