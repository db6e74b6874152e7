//! `splat/sort_spine.wgsl`: where digits begin per block of partitions.

use crate::gpu::{Counters, SortParams};
use crate::shader;

kernel! {
    /// Adds the digit counts up over the blocks of partitions.
    SortSpine = shader!("splat/sort_spine"), {
        params: SortParams,
        counters: Counters,
        block_totals: u32,
    }
}
