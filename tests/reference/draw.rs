//! `train/draw.wgsl`: draws by weight, from the running sums, by looking at each in turn.

use super::random::{fraction, scrambled};

/// Adds to `copies` what `target_len` less `alive` and `frozen` draws pick.
pub(crate) fn draw(
    sums: &[f32],
    copies: &mut [u32],
    target_len: u32,
    (alive, frozen): (u32, u32),
    seed: u32,
) {
    let len = copies.len();
    if alive == 0 {
        copies.fill(1);
        return;
    }
    let mut levels = vec![(0, len)];
    let (mut first, mut n) = (0, len);
    while 256 < n {
        first += n;
        n = n.div_ceil(256);
        levels.push((first, n));
    }
    for k in 0..target_len - alive - frozen {
        let mut bits = scrambled(k ^ scrambled(seed));
        let mut picked = 0;
        for &(first, n) in levels.iter().rev() {
            let begin = picked * 256;
            let end = (begin + 256).min(n);
            let bound = fraction(bits) * sums[first + end - 1];
            picked = (begin..end)
                .find(|&i| bound < sums[first + i])
                .unwrap_or(end - 1);
            bits = scrambled(bits ^ 0x9e37_79b9);
        }
        copies[picked] += 1;
    }
}
