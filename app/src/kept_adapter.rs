//! The graphics adapter that the user chose in the window, kept in a file of its own: it must be
//! read before there is a device, and so before the window and its settings.

use std::io;
use std::path::PathBuf;

use render::gpu::{Gpu, GpuError, GpuOptions};

use crate::window::APP_ID;

/// Name of the file, in the folder of the settings.
const FILE: &str = "adapter";

/// The adapter's name; `None` for the best there is.
pub fn kept_adapter() -> Option<String> {
    let name = std::fs::read_to_string(path()?).ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Keeps it for the next start.
///
/// # Errors
/// What the system says where the file cannot be written.
pub fn keep_adapter(name: Option<&str>) -> io::Result<()> {
    let path = path().ok_or_else(|| io::Error::other("this system has no folder for settings"))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    recon::io::replace(&path, name.unwrap_or_default().as_bytes())
}

/// Opens the adapter of the command line or the environment, else the kept one where it is still
/// there, else the best.
///
/// # Errors
/// Those of [`Gpu::open`].
pub fn open_gpu(options: &GpuOptions) -> Result<Gpu, GpuError> {
    let kept = kept_adapter().filter(|_| options.adapter.is_none());
    let Some(kept) = kept else {
        return Gpu::open(options);
    };
    let wanted = GpuOptions {
        adapter: Some(kept),
    };
    match Gpu::open(&wanted) {
        Err(err @ (GpuError::NoSuchAdapter { .. } | GpuError::NoDevice { .. })) => {
            log::warn!("the adapter that was chosen before cannot be used: {err}");
            Gpu::open(options)
        }
        result => result,
    }
}

fn path() -> Option<PathBuf> {
    eframe::storage_dir(APP_ID).map(|it| it.join(FILE))
}
