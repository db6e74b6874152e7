//! `train/elect.wgsl`: the first of an order are elected.

/// Which of the numbered are, by the lowest keys; of equal ones those with the lowest number.
pub(crate) fn elect<K: PartialOrd>(mut keys: Vec<(K, usize)>, seats: usize) -> Vec<usize> {
    keys.sort_by(|a, b| a.partial_cmp(b).unwrap());
    keys.truncate(seats);
    keys.into_iter().map(|(_, i)| i).collect()
}
