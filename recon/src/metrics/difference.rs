//! Where two pictures differ.

use super::{Mask, MetricsError, Picture};

/// How far apart the pictures are at each pixel, 0 to 1: the mean of the channels' absolute
/// differences; 0 where `mask` does not count. Rows from the top. Its mean without a mask is the
/// L1 distance of the pictures.
///
/// # Errors
/// Where sizes differ or the mask counts no pixel.
pub fn difference(
    photo: &Picture,
    render: &Picture,
    mask: Option<&Mask>,
) -> Result<Vec<f32>, MetricsError> {
    photo.check_same_size(render)?;
    if let Some(mask) = mask {
        mask.check_fits(photo)?;
    }
    let pixels = photo.rgb().iter().zip(render.rgb()).enumerate();
    let value = |(i, (a, b)): (usize, (&[f32; 3], &[f32; 3]))| {
        if mask.is_some_and(|it| !it.counts()[i]) {
            return 0.0;
        }
        ((a[0] - b[0]).abs() + (a[1] - b[1]).abs() + (a[2] - b[2]).abs()) / 3.0
    };
    Ok(pixels.map(value).collect())
}
