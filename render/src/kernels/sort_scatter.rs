//! `splat/sort_scatter.wgsl`: keys and values to their places.

use crate::gpu::{Counters, SortParams};
use crate::shader;

kernel! {
    /// Moves keys and values to their places, stably.
    SortScatter = shader!("splat/sort_scatter"), {
        params: SortParams,
        counters: Counters,
        keys: u32,
        values: u32,
        digit_offsets: u32,
        sorted_keys: u32,
        sorted_values: u32,
    }
}
