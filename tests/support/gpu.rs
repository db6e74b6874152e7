//! One GPU and one rasteriser for all tests of the run: compiling kernels takes seconds on a CPU
//! driver.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use render::Rasterizer;
use render::gpu::{Gpu, GpuError, GpuOptions};

/// The GPU; `None`, and one line of output, where there is no adapter.
pub fn gpu() -> Option<&'static Gpu> {
    static GPU: OnceLock<Result<Gpu, GpuError>> = OnceLock::new();
    match GPU.get_or_init(|| Gpu::open(&GpuOptions::default())) {
        Ok(gpu) => Some(gpu),
        Err(err) => {
            crate::skip(&err.to_string());
            None
        }
    }
}

/// The rasteriser, for one test at a time.
pub fn rasterizer(gpu: &Gpu) -> MutexGuard<'static, Rasterizer> {
    static RASTERIZER: OnceLock<Mutex<Rasterizer>> = OnceLock::new();
    RASTERIZER
        .get_or_init(|| Mutex::new(Rasterizer::new(gpu).expect("the kernels compile")))
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}
