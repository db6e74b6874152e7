//! `train/trace.wgsl`: each splat's number as often as it has copies.

/// The sources of `new_len` splats.
pub(crate) fn trace(copies: &[u32], new_len: usize) -> Vec<u32> {
    let last = copies.len() as u32 - 1;
    let each = (0..).zip(copies);
    let mut sources: Vec<u32> = each
        .flat_map(|(i, &n)| std::iter::repeat_n(i, n as usize))
        .collect();
    sources.resize(new_len, last);
    sources
}
