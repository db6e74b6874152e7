//! `train/find_errors.wgsl`: the mean absolute difference of the channels.

/// Of each pixel, display RGB 0 to 1.
pub(crate) fn find_errors(frame: &[[f32; 3]], photo: &[[f32; 3]]) -> Vec<f32> {
    let error =
        |(a, b): (&[f32; 3], &[f32; 3])| (0..3).map(|k| (a[k] - b[k]).abs()).sum::<f32>() / 3.0;
    frame.iter().zip(photo).map(error).collect()
}
