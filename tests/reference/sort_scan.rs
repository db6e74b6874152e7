//! `splat/sort_scan.wgsl`: where keys go, for each partition.

use render::rasterizer::PARTITION;

use super::sort_spine::sort_spine;

/// What `sort_spine` says of blocks, of partitions. `[partition × 256]`
pub(crate) fn sort_scan(keys: &[u32], shift: u32) -> Vec<u32> {
    sort_spine(keys, shift, PARTITION)
}
