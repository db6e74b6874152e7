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

/// Colours of [`heat`], from no difference to [`HOTTEST`].
const HEATS: [[f32; 3]; 5] = [
    [0.0, 0.0, 0.03],
    [0.28, 0.07, 0.43],
    [0.73, 0.21, 0.33],
    [0.98, 0.55, 0.04],
    [0.99, 1.0, 0.64],
];

/// A difference of this and more has the last colour.
const HOTTEST: f32 = 0.4;

/// A [`difference`] as a colour, sRGB bytes: from black over violet and orange to pale yellow,
/// which is 0.4 and more.
pub fn heat(difference: f32) -> [u8; 3] {
    let place = (difference / HOTTEST).clamp(0.0, 1.0) * (HEATS.len() - 1) as f32;
    let step = (place as usize).min(HEATS.len() - 2);
    let part = place - step as f32;
    std::array::from_fn(|k| {
        let value = HEATS[step][k] + part * (HEATS[step + 1][k] - HEATS[step][k]);
        (255.0 * value).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_brighter() {
        let brightness = |it: f32| heat(it).map(u32::from).iter().sum::<u32>();
        let steps: Vec<u32> = (0..=40).map(|i| brightness(i as f32 / 100.0)).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!(heat(0.4), heat(2.0));
        assert_ne!(heat(0.0), heat(0.02));
    }
}
