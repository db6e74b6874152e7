//! What is compared: pictures of display RGB, and masks.

/// Two pictures cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricsError {
    /// A list of pixels is not as long as its sides say.
    #[error("a picture of {width} × {height} has {found} values instead of {needed}")]
    Length {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Values that such a picture has.
        needed: u64,
        /// Values that were given.
        found: usize,
    },
    /// They differ in size.
    #[error("pictures of {} × {} and {} × {} pixels cannot be compared; render at the photo's size", .0[0], .0[1], .1[0], .1[1])]
    Sizes([u32; 2], [u32; 2]),
    /// Too small for the metric.
    #[error(
        "{metric} needs a picture of at least {least} × {least} pixels, this has {width} × {height}"
    )]
    TooSmall {
        /// Which metric.
        metric: &'static str,
        /// Sides that it needs.
        least: u32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Nothing to average over.
    #[error("the mask leaves no pixel to compare")]
    EmptyMask,
}

/// A picture of display RGB, each value 0 to 1; rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<[f32; 3]>,
}

/// Which pixels count; rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    counts: Vec<bool>,
}

impl Picture {
    /// From RGB values, which are cut to 0 … 1; what is not a number becomes 0.
    ///
    /// # Errors
    /// [`MetricsError::Length`].
    pub fn from_rgb(width: u32, height: u32, mut rgb: Vec<[f32; 3]>) -> Result<Self, MetricsError> {
        check_length(width, height, 1, rgb.len())?;
        for value in rgb.as_flattened_mut() {
            // `max` chooses the number where the other is none.
            *value = value.max(0.0);
            *value = value.min(1.0);
        }
        Ok(Self { width, height, rgb })
    }

    /// From bytes R, G, B, A; the alpha is passed over.
    ///
    /// # Errors
    /// [`MetricsError::Length`].
    pub fn from_rgba8(width: u32, height: u32, bytes: &[u8]) -> Result<Self, MetricsError> {
        check_length(width, height, 4, bytes.len())?;
        let (pixels, _) = bytes.as_chunks::<4>();
        let rgb = pixels.iter().map(|it| [it[0], it[1], it[2]].map(unit));
        Ok(Self {
            width,
            height,
            rgb: rgb.collect(),
        })
    }

    /// From bytes R, G, B and straight alpha, laid over a plain background (each 0 to 1) in display
    /// values, as the rasteriser does it.
    ///
    /// # Errors
    /// [`MetricsError::Length`].
    pub fn from_rgba8_over(
        width: u32,
        height: u32,
        bytes: &[u8],
        background: [f32; 3],
    ) -> Result<Self, MetricsError> {
        check_length(width, height, 4, bytes.len())?;
        let (pixels, _) = bytes.as_chunks::<4>();
        let over = |&[r, g, b, a]: &[u8; 4]| {
            let (front, alpha) = ([r, g, b].map(unit), unit(a));
            std::array::from_fn(|i| alpha * front[i] + (1.0 - alpha) * background[i])
        };
        Self::from_rgb(width, height, pixels.iter().map(over).collect())
    }

    /// The same as a file of 8 bits per channel holds it: rounded to the nearest of 256 steps.
    #[must_use]
    pub fn quantised(&self) -> Self {
        let step = |it: f32| unit((255.0 * it).round() as u8);
        Self {
            rgb: self.rgb.iter().map(|it| it.map(step)).collect(),
            ..*self
        }
    }

    /// The same with `other`'s pixels where `mask` does not count; see the rule in
    /// [`super`](crate::metrics).
    ///
    /// # Errors
    /// [`MetricsError::Sizes`].
    pub fn filled_from(&self, other: &Self, mask: &Mask) -> Result<Self, MetricsError> {
        self.check_same_size(other)?;
        mask.check_fits(self)?;
        let pixels = self.rgb.iter().zip(&other.rgb).zip(&mask.counts);
        let rgb = pixels.map(|((own, other), counts)| if *counts { *own } else { *other });
        Ok(Self {
            rgb: rgb.collect(),
            ..*self
        })
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Its pixels, row by row from the top.
    pub fn rgb(&self) -> &[[f32; 3]] {
        &self.rgb
    }

    pub(super) fn check_same_size(&self, other: &Self) -> Result<(), MetricsError> {
        let sizes = [self, other].map(|it| [it.width, it.height]);
        if sizes[0] == sizes[1] {
            Ok(())
        } else {
            Err(MetricsError::Sizes(sizes[0], sizes[1]))
        }
    }
}

impl Mask {
    /// From one byte per pixel: 128 and more counts, less does not.
    ///
    /// # Errors
    /// [`MetricsError::Length`].
    pub fn from_luma8(width: u32, height: u32, bytes: &[u8]) -> Result<Self, MetricsError> {
        check_length(width, height, 1, bytes.len())?;
        Ok(Self {
            width,
            height,
            counts: bytes.iter().map(|it| 128 <= *it).collect(),
        })
    }

    /// One entry per pixel, row by row from the top: whether it counts.
    pub fn counts(&self) -> &[bool] {
        &self.counts
    }

    /// How many pixels count.
    pub fn num_counted(&self) -> usize {
        self.counts.iter().filter(|it| **it).count()
    }

    pub(super) fn check_fits(&self, picture: &Picture) -> Result<(), MetricsError> {
        let (own, its) = ([self.width, self.height], [picture.width, picture.height]);
        match own == its {
            false => Err(MetricsError::Sizes(its, own)),
            true if self.num_counted() == 0 => Err(MetricsError::EmptyMask),
            true => Ok(()),
        }
    }
}

fn unit(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

/// A picture has pixels, and as many values as its sides say.
fn check_length(width: u32, height: u32, per_pixel: u64, found: usize) -> Result<(), MetricsError> {
    let pixels = u64::from(width) * u64::from(height);
    let needed = pixels.saturating_mul(per_pixel);
    if needed == found as u64 && 0 < pixels {
        return Ok(());
    }
    Err(MetricsError::Length {
        width,
        height,
        needed: needed.max(per_pixel),
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_and_what_is_no_colour_is_cut() {
        let bytes: Vec<u8> = (0..=255).flat_map(|it| [it, 255 - it, it / 2, 7]).collect();
        let picture = Picture::from_rgba8(16, 16, &bytes).unwrap();
        assert_eq!(picture.quantised(), picture);
        let odd = vec![[f32::NAN, -1.0, 2.0]];
        let picture = Picture::from_rgb(1, 1, odd).unwrap();
        assert_eq!(picture.rgb(), [[0.0, 0.0, 1.0]]);
    }

    #[test]
    fn alpha_lets_the_background_through() {
        let picture = Picture::from_rgba8_over(1, 1, &[255, 0, 51, 51], [0.0, 0.5, 1.0]).unwrap();
        let expected = [0.2, 0.4, 0.84];
        for (found, expected) in picture.rgb()[0].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn sizes_are_checked() {
        assert!(Picture::from_rgba8(2, 2, &[0; 15]).is_err());
        assert!(Picture::from_rgba8(0, 0, &[]).is_err());
        assert!(Picture::from_rgb(u32::MAX, u32::MAX, Vec::new()).is_err());
        let mask = Mask::from_luma8(1, 2, &[127, 128]).unwrap();
        assert_eq!((mask.counts(), mask.num_counted()), (&[false, true][..], 1));
        let picture = Picture::from_rgb(2, 1, vec![[0.0; 3]; 2]).unwrap();
        let error = mask.check_fits(&picture).unwrap_err();
        assert_eq!(error, MetricsError::Sizes([2, 1], [1, 2]));
        let empty = Mask::from_luma8(2, 1, &[0, 0]).unwrap();
        assert_eq!(empty.check_fits(&picture), Err(MetricsError::EmptyMask));
    }
}
