//! `train/expose.wgsl`: A rgb + b, in f64.

/// A pixel as a photo's exposure would have it; `rows` are those of (A | b).
pub(crate) fn expose(rgb: [f64; 3], rows: &[[f32; 4]; 3]) -> [f64; 3] {
    rows.map(|row| {
        let [x, y, z, shift] = row.map(f64::from);
        x * rgb[0] + y * rgb[1] + z * rgb[2] + shift
    })
}
