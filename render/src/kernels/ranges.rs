//! `splat/ranges.wgsl`: where the pairs of each tile lie.

use crate::gpu::{Counters, FrameUniform};
use crate::shader;

kernel! {
    /// Finds where the pairs of each tile begin and end.
    Ranges = shader!("splat/ranges"), {
        frame: FrameUniform,
        counters: Counters,
        pair_tiles: u32,
        tile_ranges: [u32; 2],
    }
}
