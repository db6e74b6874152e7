//! `train/score.wgsl`: what a view says of one splat that is alone in it, in f64.

/// Importance and mean error, from alpha, mark and error of each pixel.
pub(crate) fn score(alpha: &[f32], marked: &[(f32, f32)]) -> (f64, f64) {
    let each = || alpha.iter().zip(marked);
    let sum = |of: fn(f32, f32) -> f32| -> f64 {
        each()
            .map(|(&alpha, &(mark, error))| f64::from(alpha) * f64::from(of(mark, error)))
            .sum()
    };
    let seen = sum(|_, _| 1.0);
    (sum(|mark, _| mark), sum(|_, error| error) / seen)
}
