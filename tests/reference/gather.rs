//! `train/gather.wgsl`: a plane in another order.

/// `[sources]`
pub(crate) fn gather<T: Copy>(plane: &[T], sources: &[u32]) -> Vec<T> {
    sources.iter().map(|&it| plane[it as usize]).collect()
}
