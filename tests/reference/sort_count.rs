//! `splat/sort_count.wgsl`: how often each digit occurs.

/// Counts of the 256 digits `(key >> shift) & 255` in each `len` keys, partition by partition.
pub(crate) fn sort_count(keys: &[u32], shift: u32, len: usize) -> Vec<u32> {
    keys.chunks(len)
        .flat_map(|part| {
            let mut counts = [0; 256];
            for key in part {
                counts[(key >> shift) as usize & 255] += 1;
            }
            counts
        })
        .collect()
}
