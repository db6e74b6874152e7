//! `cargo bench`: what `accrete bench render` measures; the small scenes on a CPU adapter.

use std::io::Write;

use app::headless::bench::{cases, measure, table};
use render::gpu::{Gpu, GpuOptions};

fn main() -> anyhow::Result<()> {
    let gpu = Gpu::open(&GpuOptions::default())?;
    let cases = cases(gpu.capabilities().is_cpu());
    let report = measure(&gpu, &cases, &mut |_| {})?;
    writeln!(std::io::stdout(), "{}", table(&report))?;
    Ok(())
}
