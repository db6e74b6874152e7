//! `splat/scan.wgsl`: sums of blocks to where each begins.

use crate::gpu::{Counters, DispatchArgs, FrameUniform, ScanParams};
use crate::shader;

kernel! {
    /// Exclusive prefix sum over blocks; the total sizes the dispatches that follow.
    Scan = shader!("splat/scan"), {
        frame: FrameUniform,
        params: ScanParams,
        block_sums: u32,
        counters: Counters,
        dispatches: DispatchArgs,
    }
}
