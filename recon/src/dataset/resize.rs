//! Lanczos resizing of 8-bit images, byte for byte as Pillow does it and so as the network saw its
//! photos in training.
//!
//! Separable, first along the rows, then along the columns, with bytes in between; weights are
//! fixed-point numbers of 22 bits. An axis whose size stays is left alone.

use rayon::prelude::*;

/// Half the filter's width, in pixels of the coarser image.
pub const LOBES: f64 = 3.0;

/// Bits behind the point of a weight: a byte, the weight and a sign fit into 32 bits with room for
/// sums that overshoot.
const PRECISION: u32 = 32 - 8 - 2;

/// Resizes an image of `C` channels, `[height × width × C]`, from and to (width, height). Every
/// channel is taken for itself: see [`lanczos_rgba`] for straight alpha.
///
/// The lens of the result is [`super::Lens::resized`]'s.
///
/// # Panics
/// Where `pixels` is not as long as `from` says.
pub fn lanczos<const C: usize>(pixels: &[u8], from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let [from, to] = [from, to].map(|(w, h)| (w as usize, h as usize));
    let (image, rest) = pixels.as_chunks::<C>();
    assert!(
        image.len() == from.0 * from.1 && rest.is_empty(),
        "an image of {from:?} pixels of {C} bytes has {} bytes",
        pixels.len()
    );
    if image.is_empty() || to.0 == 0 || to.1 == 0 {
        return vec![0; to.0 * to.1 * C];
    }
    let wide = (from.0 != to.0).then(|| along_rows(image, from.0, to.0));
    let wide = wide.as_deref().unwrap_or(image);
    if from.1 == to.1 {
        return wide.as_flattened().to_vec();
    }
    along_columns(wide.as_flattened(), to.0 * C, from.1, to.1)
}

/// Resizes RGBA with straight alpha: colours are weighted by their alpha.
pub fn lanczos_rgba(rgba: &[u8], from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    if from == to {
        return rgba.to_vec();
    }
    let is_opaque = rgba.as_chunks::<4>().0.par_iter().all(|it| it[3] == 255);
    if is_opaque {
        return lanczos::<4>(rgba, from, to);
    }
    let mut premultiplied = rgba.to_vec();
    premultiply(&mut premultiplied);
    let mut resized = lanczos::<4>(&premultiplied, from, to);
    unpremultiply(&mut resized);
    resized
}

/// From straight alpha to colours multiplied with it, rounded to the nearest byte.
pub fn premultiply(rgba: &mut [u8]) {
    rgba.as_chunks_mut::<4>().0.par_iter_mut().for_each(|it| {
        let alpha = u32::from(it[3]);
        for c in &mut it[..3] {
            // c · alpha / 255, rounded.
            let product = u32::from(*c) * alpha + 128;
            *c = (((product >> 8) + product) >> 8) as u8;
        }
    });
}

/// Undoes [`premultiply`], rounding down. Where alpha is 0 colours stay as they are.
pub fn unpremultiply(rgba: &mut [u8]) {
    rgba.as_chunks_mut::<4>().0.par_iter_mut().for_each(|it| {
        let alpha = u32::from(it[3]);
        if alpha == 0 || alpha == 255 {
            return;
        }
        for c in &mut it[..3] {
            *c = (255 * u32::from(*c) / alpha).min(255) as u8;
        }
    });
}

/// What one pixel of the result is made of.
struct Taps {
    /// The first pixel.
    start: usize,
    /// One weight for each pixel from there on; together 1, in fixed point.
    weights: Vec<i32>,
}

/// The taps of each of `to` pixels on an axis of `from`.
fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let filter_scale = scale.max(1.0);
    let support = LOBES * filter_scale;
    (0..to)
        .map(|i| {
            let centre = (i as f64 + 0.5) * scale;
            let start = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(from);
            let weight = |x: usize| window((x as f64 - centre + 0.5) * (1.0 / filter_scale));
            let weights: Vec<f64> = (start..end).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            let fixed = |it: &f64| {
                let weight = if sum == 0.0 { *it } else { it / sum };
                let weight = weight * f64::from(1 << PRECISION);
                // Away from zero at the half.
                (weight + 0.5_f64.copysign(weight)) as i32
            };
            Taps {
                start,
                weights: weights.iter().map(fixed).collect(),
            }
        })
        .collect()
}

/// Lanczos' window of three lobes.
fn window(x: f64) -> f64 {
    let sinc = |x: f64| {
        if x == 0.0 {
            return 1.0;
        }
        let x = x * std::f64::consts::PI;
        x.sin() / x
    };
    if (-LOBES..LOBES).contains(&x) {
        sinc(x) * sinc(x / LOBES)
    } else {
        0.0
    }
}

const HALF: i32 = 1 << (PRECISION - 1);

fn clip(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

fn along_rows<const C: usize>(image: &[[u8; C]], from: usize, to: usize) -> Vec<[u8; C]> {
    let taps = taps(from, to);
    let mut resized = vec![[0; C]; image.len() / from * to];
    resized
        .par_chunks_exact_mut(to)
        .zip(image.par_chunks_exact(from))
        .for_each(|(to, from)| {
            for (to, taps) in to.iter_mut().zip(&taps) {
                let mut sums = [HALF; C];
                for (pixel, weight) in from[taps.start..].iter().zip(&taps.weights) {
                    for (sum, c) in sums.iter_mut().zip(pixel) {
                        *sum += i32::from(*c) * weight;
                    }
                }
                *to = sums.map(clip);
            }
        });
    resized
}

/// `row` is the number of bytes of a row.
fn along_columns(image: &[u8], row: usize, from: usize, to: usize) -> Vec<u8> {
    let taps = taps(from, to);
    let mut resized = vec![0; row * to];
    resized.par_chunks_exact_mut(row).zip(&taps).for_each_init(
        || vec![HALF; row],
        |sums, (to, taps)| {
            sums.fill(HALF);
            let rows = image[taps.start * row..].chunks_exact(row);
            for (from, weight) in rows.zip(&taps.weights) {
                for (sum, c) in sums.iter_mut().zip(from) {
                    *sum += i32::from(*c) * weight;
                }
            }
            for (to, sum) in to.iter_mut().zip(sums) {
                *to = clip(*sum);
            }
        },
    );
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_image_stays_flat() {
        for to in [(1, 1), (3, 50), (200, 7), (31, 17)] {
            let resized = lanczos::<3>(&[77; 31 * 17 * 3], (31, 17), to);
            assert_eq!(resized, vec![77; (to.0 * to.1 * 3) as usize]);
        }
    }

    #[test]
    fn a_ramp_keeps_its_place() {
        // Pixel centres at +0.5: halving 0, 2, 4 … gives the values half way between.
        let ramp: Vec<u8> = (0..64).map(|x| 2 * x).collect();
        let half = lanczos::<1>(&ramp, (64, 1), (32, 1));
        for (i, value) in half.iter().enumerate().skip(3).take(26) {
            assert!(
                (i32::from(*value) - (4 * i as i32 + 1)).abs() <= 1,
                "{half:?}"
            );
        }
        let column = lanczos::<1>(&ramp, (1, 64), (1, 32));
        assert_eq!(column, half);
    }

    #[test]
    fn transparent_colours_do_not_bleed() {
        // Opaque white beside transparent black.
        let mut rgba = [255; 4 * 8];
        rgba[16..].fill(0);
        for pixel in lanczos_rgba(&rgba, (8, 1), (5, 1)).as_chunks::<4>().0 {
            assert!(pixel[3] == 0 || pixel[..3] == [255; 3], "{pixel:?}");
        }
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert_eq!(lanczos::<1>(&[], (0, 0), (2, 1)), [0, 0]);
        assert!(lanczos::<1>(&[1], (1, 1), (0, 5)).is_empty());
    }
}
