//! Structural similarity, in the two variants that papers mean by it.
//!
//! Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
//! structural similarity" (2004), equation 13, for windows around every pixel of every channel:
//!
//! ```text
//! (2 μa μb + C1)(2 σab + C2) / ((μa² + μb² + C1)(σa² + σb² + C2))    C1 = 0.01², C2 = 0.03²
//! ```

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Mask, MetricsError, Picture};

const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// Standard deviation of the Gaussian window, in pixels.
const SIGMA_PX: f64 = 1.5;

/// Which windows, and what happens at the picture's edge. Figures of one variant do not compare
/// with those of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SsimVariant {
    /// 11 × 11 pixels weighted by a Gaussian of σ 1.5 px, plain covariances, windows around all
    /// pixels with black outside of the picture: what 3DGS and most papers on splats report.
    #[default]
    Gaussian11,
    /// 7 × 7 pixels of equal weight, sample covariances (N / (N − 1)), only windows that lie inside
    /// the picture: what scikit-image computes by default, and tttLRM and Long-LRM report.
    Uniform7,
}

impl SsimVariant {
    /// Pixels from a window's middle to its edge.
    fn radius(self) -> usize {
        match self {
            Self::Gaussian11 => 5,
            Self::Uniform7 => 3,
        }
    }

    /// The weights of a window along one axis; their sum is 1.
    fn weights(self) -> Vec<f64> {
        let radius = self.radius() as i32;
        let weight = |x: i32| match self {
            Self::Gaussian11 => (-0.5 * (f64::from(x) / SIGMA_PX).powi(2)).exp(),
            Self::Uniform7 => 1.0,
        };
        let sum: f64 = (-radius..=radius).map(weight).sum();
        (-radius..=radius).map(|x| weight(x) / sum).collect()
    }

    /// What turns a window's mean square into its covariance.
    fn covariance_factor(self) -> f64 {
        match self {
            Self::Gaussian11 => 1.0,
            Self::Uniform7 => 49.0 / 48.0,
        }
    }
}

impl fmt::Display for SsimVariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gaussian11 => "SSIM (Gaussian 11×11)",
            Self::Uniform7 => "SSIM (uniform 7×7)",
        })
    }
}

/// Mean similarity, at most 1, over windows and channels. With `mask`, over the windows around
/// counted pixels, after uncounted pixels of the render were given the photo's values.
///
/// # Errors
/// Where sizes differ, the mask counts no window, or the picture is smaller than
/// [`SsimVariant::Uniform7`]'s window.
pub fn ssim(
    photo: &Picture,
    render: &Picture,
    mask: Option<&Mask>,
    variant: SsimVariant,
) -> Result<f64, MetricsError> {
    let Some(mask) = mask else {
        let map = ssim_map(photo, render, variant)?;
        let values = map.iter().flatten();
        return Ok(values.sum::<f64>() / map.iter().flatten().count() as f64);
    };
    let map = ssim_map(photo, &render.filled_from(photo, mask)?, variant)?;
    let counted = map.iter().zip(mask.counts());
    let counted = counted.filter_map(|(value, counts)| value.filter(|_| *counts));
    let (sum, count) = counted.fold((0.0, 0_usize), |(sum, n), it| (sum + it, n + 1));
    if count == 0 {
        return Err(MetricsError::EmptyMask);
    }
    Ok(sum / count as f64)
}

/// The similarity around each pixel, as the mean of its channels; `None` where the variant has no
/// window. Rows from the top.
///
/// # Errors
/// As [`ssim`].
pub fn ssim_map(
    photo: &Picture,
    render: &Picture,
    variant: SsimVariant,
) -> Result<Vec<Option<f64>>, MetricsError> {
    photo.check_same_size(render)?;
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let least = 2 * variant.radius() as u32 + 1;
    if variant == SsimVariant::Uniform7 && photo.width().min(photo.height()) < least {
        return Err(MetricsError::TooSmall {
            metric: "SSIM",
            least,
            width: photo.width(),
            height: photo.height(),
        });
    }
    let windows = Windows {
        photo: photo.rgb(),
        render: render.rgb(),
        width,
        height,
        variant,
        weights: variant.weights(),
    };
    let mut map = vec![None; width * height];
    map.par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, row)| windows.row(y, row));
    Ok(map)
}

/// Sums over a window: a, b, a², b², ab, for three channels.
type Sums = [[f64; 3]; 5];

struct Windows<'a> {
    photo: &'a [[f32; 3]],
    render: &'a [[f32; 3]],
    width: usize,
    height: usize,
    variant: SsimVariant,
    weights: Vec<f64>,
}

impl Windows<'_> {
    /// Similarities around the pixels of row `y`: columns are summed first, then along the row.
    fn row(&self, y: usize, row: &mut [Option<f64>]) {
        let radius = self.variant.radius();
        let inside = |at: usize, side: usize| radius <= at && at + radius < side;
        let needs_inside = self.variant == SsimVariant::Uniform7;
        if needs_inside && !inside(y, self.height) {
            return;
        }
        let columns = self.columns(y);
        for (x, out) in row.iter_mut().enumerate() {
            if needs_inside && !inside(x, self.width) {
                continue;
            }
            let mut sums = Sums::default();
            for (weight, at) in self.weights.iter().zip(x..) {
                // Outside of the picture everything is 0.
                let Some(column) = at.checked_sub(radius).and_then(|it| columns.get(it)) else {
                    continue;
                };
                for (sum, value) in sums
                    .as_flattened_mut()
                    .iter_mut()
                    .zip(column.as_flattened())
                {
                    *sum += weight * value;
                }
            }
            *out = Some(similarity(&sums, self.variant.covariance_factor()));
        }
    }

    /// For each column, its weighted sums over the window's rows around `y`.
    fn columns(&self, y: usize) -> Vec<Sums> {
        let mut columns = vec![Sums::default(); self.width];
        for (weight, at) in self.weights.iter().zip(y..) {
            let at = at.wrapping_sub(self.variant.radius());
            if self.height <= at {
                continue;
            }
            let pixels = at * self.width..(at + 1) * self.width;
            let pairs = self.photo[pixels.clone()].iter().zip(&self.render[pixels]);
            for (column, (a, b)) in columns.iter_mut().zip(pairs) {
                for k in 0..3 {
                    let (a, b) = (f64::from(a[k]), f64::from(b[k]));
                    column[0][k] += weight * a;
                    column[1][k] += weight * b;
                    column[2][k] += weight * a * a;
                    column[3][k] += weight * b * b;
                    column[4][k] += weight * a * b;
                }
            }
        }
        columns
    }
}

/// Equation 13, mean over the channels.
fn similarity(sums: &Sums, covariance_factor: f64) -> f64 {
    let channel = |k: usize| {
        let (mean_a, mean_b) = (sums[0][k], sums[1][k]);
        let variance_a = covariance_factor * (sums[2][k] - mean_a * mean_a);
        let variance_b = covariance_factor * (sums[3][k] - mean_b * mean_b);
        let covariance = covariance_factor * (sums[4][k] - mean_a * mean_b);
        (2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2)
            / ((mean_a * mean_a + mean_b * mean_b + C1) * (variance_a + variance_b + C2))
    };
    (channel(0) + channel(1) + channel(2)) / 3.0
}
