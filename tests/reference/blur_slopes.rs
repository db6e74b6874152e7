//! `train/blur_slopes.wgsl`: the window's row over slopes, in f64.

use super::blur_rows::in_row;

/// Averages each plane of slopes along rows. `[3][height × width]`, three channels each.
pub(crate) fn blur_slopes([width, height]: [u32; 2], slopes: &[[f32; 4]]) -> Vec<[f64; 3]> {
    let plane = width as usize * height as usize;
    let mut blurred = Vec::new();
    for slopes in slopes.chunks(plane) {
        for y in 0..height {
            for x in 0..width {
                let mut sum = [0.0; 3];
                for (at, w) in in_row(width, x, y) {
                    for (sum, slope) in sum.iter_mut().zip(slopes[at]) {
                        *sum += w * f64::from(slope);
                    }
                }
                blurred.push(sum);
            }
        }
    }
    blurred
}
