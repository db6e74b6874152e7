//! `splat/sort_spine.wgsl`: where keys go, for each block of partitions.

/// For each `len` keys and each digit: how many of all keys have a smaller digit, or the same and
/// lie before these. `[block × 256]`
pub(crate) fn sort_spine(keys: &[u32], shift: u32, len: usize) -> Vec<u32> {
    let digit = |key: u32| (key >> shift) as usize & 255;
    let mut sorted: Vec<usize> = keys.iter().map(|&key| digit(key)).collect();
    sorted.sort_unstable();
    let mut next: Vec<u32> = (0..256)
        .map(|it| sorted.partition_point(|&digit| digit < it) as u32)
        .collect();
    let mut starts = Vec::new();
    for part in keys.chunks(len) {
        starts.extend(&next);
        for &key in part {
            next[digit(key)] += 1;
        }
    }
    starts
}
