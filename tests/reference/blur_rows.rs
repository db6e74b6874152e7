//! `train/blur_rows.wgsl`: the window's row at each pixel, in f64.

use render::gpu::LossUniform;

use super::measure_loss::{Pair, tap};

/// What the window's row averages of one pixel: the frame's mean, the photo's, squares, product, of
/// three channels.
pub(crate) type Moments = [[f64; 3]; 5];

/// Means and moments of each pixel, row by row.
pub(crate) fn blur_rows(loss: &LossUniform, pair: &Pair) -> Vec<Moments> {
    let [width, height] = loss.image_size;
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    pixels
        .map(|(x, y)| {
            let mut moments = Moments::default();
            for (at, w) in in_row(width, x, y) {
                for channel in 0..3 {
                    let (a, b) = (pair.frame[at][channel], pair.photo[at][channel]);
                    let products = [a, b, a * a, b * b, a * b];
                    for (moment, it) in moments.iter_mut().zip(products) {
                        moment[channel] += w * it;
                    }
                }
            }
            moments
        })
        .collect()
}

/// Pixels of the row within reach of the window around `(x, y)`, with its weight there.
pub(crate) fn in_row(width: u32, x: u32, y: u32) -> impl Iterator<Item = (usize, f64)> {
    (-5..=5).filter_map(move |dx| {
        let x = i64::from(x) + dx;
        let inside = 0 <= x && x < i64::from(width);
        inside.then(|| (y as usize * width as usize + x as usize, tap(dx)))
    })
}
