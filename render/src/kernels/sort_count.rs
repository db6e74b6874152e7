//! `splat/sort_count.wgsl`: digits per partition.

use crate::gpu::{Counters, SortParams};
use crate::shader;

kernel! {
    /// Counts the digits of each partition of keys.
    SortCount = shader!("splat/sort_count"), {
        params: SortParams,
        counters: Counters,
        keys: u32,
        digit_counts: u32,
        block_totals: u32,
    }
}
