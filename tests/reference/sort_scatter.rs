//! `splat/sort_scatter.wgsl`: keys with their values, sorted by one digit.

/// Sorts by `(key >> shift) & 255`; keys of equal digits keep their order.
pub(crate) fn sort_scatter(keys: &[u32], values: &[u32], shift: u32) -> (Vec<u32>, Vec<u32>) {
    let mut pairs: Vec<(u32, u32)> = keys.iter().copied().zip(values.iter().copied()).collect();
    pairs.sort_by_key(|(key, _)| (key >> shift) & 255);
    pairs.into_iter().unzip()
}
