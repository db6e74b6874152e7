//! `train/expose_backward.wgsl`: differences of `expose`, which is linear in all it is made of.

use super::expose::expose;

/// ∂L/∂rgb of a bare pixel, and ∂L/∂(A | b) row by row, where `d` is ∂L/∂rgb'.
pub(crate) fn expose_backward(
    rgb: [f64; 3],
    rows: &[[f32; 4]; 3],
    d: [f64; 3],
) -> ([f64; 3], [f64; 12]) {
    let loss = |rgb: [f64; 3], rows: &[[f32; 4]; 3]| -> f64 {
        expose(rgb, rows).iter().zip(d).map(|(x, d)| d * x).sum()
    };
    let of_rgb = std::array::from_fn(|k| {
        let moved = |step: f64| {
            let mut rgb = rgb;
            rgb[k] += step;
            loss(rgb, rows)
        };
        (moved(0.5) - moved(-0.5)) / 1.0
    });
    let of_numbers = std::array::from_fn(|k| {
        let moved = |value: f32| {
            let mut rows = *rows;
            rows[k / 4][k % 4] = value;
            loss(rgb, &rows)
        };
        (moved(1.0) - moved(-1.0)) / 2.0
    });
    (of_rgb, of_numbers)
}
