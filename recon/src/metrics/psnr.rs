//! Peak signal-to-noise ratio.

use super::{Mask, MetricsError, Picture};

/// `−10 log₁₀` of the mean squared error over pixels and channels, in decibels, with 1 as the
/// peak; infinite where nothing differs. With `mask`, over the counted pixels alone.
///
/// For the ratio of 8-bit pictures (what a file of the render would score) hand in
/// [`Picture::quantised`] ones.
///
/// # Errors
/// Where sizes differ or the mask counts no pixel.
pub fn psnr(photo: &Picture, render: &Picture, mask: Option<&Mask>) -> Result<f64, MetricsError> {
    photo.check_same_size(render)?;
    if let Some(mask) = mask {
        mask.check_fits(photo)?;
    }
    let mut sum = 0.0;
    let mut count = 0_usize;
    for (i, (a, b)) in photo.rgb().iter().zip(render.rgb()).enumerate() {
        if mask.is_none_or(|it| it.counts()[i]) {
            let square = |k: usize| (f64::from(a[k]) - f64::from(b[k])).powi(2);
            sum += square(0) + square(1) + square(2);
            count += 3;
        }
    }
    Ok(-10.0 * (sum / count as f64).log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: f32) -> Picture {
        Picture::from_rgb(3, 2, vec![[value; 3]; 6]).unwrap()
    }

    #[test]
    fn a_tenth_off_is_twenty_decibels() {
        let found = psnr(&grey(0.5), &grey(0.6), None).unwrap();
        assert!((found - 20.0).abs() < 1e-5, "{found}");
        assert_eq!(psnr(&grey(0.5), &grey(0.5), None), Ok(f64::INFINITY));
    }

    #[test]
    fn eight_bits_round() {
        let (photo, render) = (grey(100.0 / 255.0), grey(101.4 / 255.0));
        let found = psnr(&photo, &render.quantised(), None).unwrap();
        assert!((found - 20.0 * 255_f64.log10()).abs() < 1e-4, "{found}");
    }

    #[test]
    fn only_counted_pixels_count() {
        let mut pixels = vec![[0.5; 3]; 6];
        pixels[4] = [0.0, 1.0, 0.0];
        pixels[5] = [0.6; 3];
        let render = Picture::from_rgb(3, 2, pixels).unwrap();
        let mask = Mask::from_luma8(3, 2, &[0, 0, 0, 255, 0, 255]).unwrap();
        let found = psnr(&grey(0.5), &render, Some(&mask)).unwrap();
        assert!(
            (found - (20.0 + 10.0 * 2_f64.log10())).abs() < 1e-5,
            "{found}"
        );
    }
}
