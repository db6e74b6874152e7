//! `train/trace.wgsl`: which old splat each new one comes from.

use crate::gpu::TraceUniform;
use crate::shader;

kernel! {
    /// From numbers of copies to sources.
    Trace = shader!("train/trace"), {
        trace: TraceUniform,
        sums: u32,
        sources: u32,
    }
}
