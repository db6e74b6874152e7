//! `train/accumulate.wgsl`: running sums within blocks, in levels; in the kernel's order, so that
//! floats agree to the bit.

use std::ops::Add;

/// All levels of running sums over `elements`, one after the other.
pub(crate) fn accumulate<T: Copy + Default + Add<Output = T>>(elements: &[T]) -> Vec<T> {
    let mut sums = Vec::new();
    let mut level = elements.to_vec();
    loop {
        let mut totals = Vec::new();
        for block in level.chunks(256) {
            let mut before_row = T::default();
            for row in block.chunks(16) {
                let mut within = T::default();
                for &it in row {
                    within = within + it;
                    sums.push(before_row + within);
                }
                before_row = before_row + within;
            }
            totals.extend(sums.last().copied());
        }
        if level.len() <= 256 {
            return sums;
        }
        level = totals;
    }
}
