//! `splat/ranges.wgsl`: where the pairs of each tile lie in the sorted list.

/// First and end of each tile's pairs, `[0, 0]` where it has none. Tiles beyond `num_tiles` are
/// padding.
pub(crate) fn ranges(pair_tiles: &[u32], num_tiles: usize) -> Vec<[u32; 2]> {
    let mut ranges = vec![[0, 0]; num_tiles];
    for (i, &tile) in (0..).zip(pair_tiles) {
        if let Some(range) = ranges.get_mut(tile as usize) {
            if range[1] == 0 {
                range[0] = i;
            }
            range[1] = i + 1;
        }
    }
    ranges
}
