//! `splat/sort_scan.wgsl`: where digits begin per partition.

use crate::gpu::{Counters, SortParams};
use crate::shader;

kernel! {
    /// Adds the digit counts up within each block of partitions.
    SortScan = shader!("splat/sort_scan"), {
        params: SortParams,
        counters: Counters,
        digit_counts: u32,
        block_totals: u32,
    }
}
