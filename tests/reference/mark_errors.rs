//! `train/mark_errors.wgsl`: errors stretched to between 0 and 1, and a mark above a tenth.

/// Mark and error of each pixel.
pub(crate) fn mark_errors(errors: &[f32]) -> Vec<(f32, f32)> {
    let lowest = errors.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = errors.iter().copied().fold(0.0, f32::max);
    let stretched = |it: &f32| (it - lowest) / (highest - lowest);
    let marked = |it: f32| (if 0.1 < it { 1.0 } else { 0.0 }, it);
    errors.iter().map(stretched).map(marked).collect()
}
