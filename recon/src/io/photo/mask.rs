//! Which pixels count: from mask files and alpha channels.

use image::RgbaImage;
use rayon::prelude::*;

use crate::dataset::Orientation;

use super::turn;

/// From a mask file's pixels to 255 where white, for a photo of this size once upright: another
/// size is stretched to it, and a mask that only fits the photo as it is stored is turned with it.
pub(super) fn from_file(
    file: RgbaImage,
    width: u32,
    height: u32,
    orientation: Orientation,
) -> Vec<u8> {
    let brightness =
        |&[r, g, b, a]: &[u8; 4]| (u16::from(r.max(g).max(b)) * u16::from(a) / 255) as u8;
    let (mut w, mut h) = file.dimensions();
    let pixels = file.into_raw();
    let mut mask: Vec<u8> = pixels.as_chunks().0.iter().map(brightness).collect();
    // Some programs write 0 and 1 instead of black and white.
    let white = if mask.iter().all(|it| *it <= 1) {
        1
    } else {
        128
    };
    mask.par_iter_mut()
        .for_each(|it| *it = if white <= *it { 255 } else { 0 });
    let ratio = |w: u32, h: u32| (f64::from(w) / f64::from(h)).ln();
    let off = |it: f64| (ratio(w, h) - it).abs();
    if orientation.swaps_sides() && off(ratio(height, width)) < off(ratio(width, height)) {
        mask = turn::<1>(mask, w, h, orientation);
        (w, h) = (h, w);
    }
    nearest(mask, (w, h), (width, height))
}

fn nearest(mask: Vec<u8>, from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    if from == to {
        return mask;
    }
    let source = |i: u32, from: u32, to: u32| {
        // The centre of the pixel, carried over.
        ((2 * u64::from(i) + 1) * u64::from(from) / (2 * u64::from(to))) as usize
    };
    let columns: Vec<usize> = (0..to.0).map(|x| source(x, from.0, to.0)).collect();
    let rows = (0..to.1).map(|y| source(y, from.1, to.1) * from.0 as usize);
    rows.flat_map(|row| columns.iter().map(move |x| row + x))
        .map(|at| mask[at])
        .collect()
}

/// Takes the alpha channel out of `rgba`: it is 255 everywhere afterwards. Where more than half
/// covered, a pixel counts.
pub(super) fn from_alpha(rgba: &mut [u8]) -> Vec<u8> {
    let pixels = rgba.as_chunks_mut::<4>().0;
    pixels
        .par_iter_mut()
        .map(|it| {
            let alpha = std::mem::replace(&mut it[3], 255);
            if 128 <= alpha { 255 } else { 0 }
        })
        .collect()
}

/// What counts in both.
pub(super) fn both(a: Option<Vec<u8>>, b: Option<Vec<u8>>) -> Option<Vec<u8>> {
    match (a, b) {
        (Some(mut a), Some(b)) => {
            a.par_iter_mut().zip(&b).for_each(|(a, b)| *a &= *b);
            Some(a)
        }
        (a, b) => a.or(b),
    }
}

/// Resizes: a pixel counts where everything within `reach` of its centre counted, in pixels of the
/// coarser image along each axis. 0.5 is the pixel's own area. An axis whose size stays is left
/// alone.
pub(super) fn resize(mask: &[u8], from: (u32, u32), to: (u32, u32), reach: f64) -> Vec<u8> {
    let (from_width, to_width) = (from.0 as usize, to.0 as usize);
    let columns = footprints(from_width, to_width, reach);
    let rows = footprints(from.1 as usize, to.1 as usize, reach);
    let least = |it: &[u8]| it.iter().copied().min().unwrap_or(0);
    let mut narrow = vec![0; to_width * from.1 as usize];
    narrow
        .par_chunks_exact_mut(to_width)
        .zip(mask.par_chunks_exact(from_width))
        .for_each(|(to, from)| {
            for (to, (start, end)) in to.iter_mut().zip(&columns) {
                *to = least(&from[*start..*end]);
            }
        });
    let mut resized = vec![255; to_width * to.1 as usize];
    resized
        .par_chunks_exact_mut(to_width)
        .zip(&rows)
        .for_each(|(to, (start, end))| {
            for row in narrow[start * to_width..end * to_width].chunks_exact(to_width) {
                for (to, from) in to.iter_mut().zip(row) {
                    *to &= *from;
                }
            }
        });
    resized
}

/// The pixels of `from` that lie, in part, within reach of each of `to`.
fn footprints(from: usize, to: usize, reach: f64) -> Vec<(usize, usize)> {
    if from == to {
        return (0..to).map(|i| (i, i + 1)).collect();
    }
    let scale = from as f64 / to as f64;
    let reach = reach * scale.max(1.0);
    // Rounding may make an edge that lies on a pixel's border seem to lie just beyond.
    let slack = 1e-6;
    (0..to)
        .map(|i| {
            let centre = (i as f64 + 0.5) * scale;
            let start = ((centre - reach + slack).max(0.0) as usize).min(from - 1);
            let end = ((centre + reach - slack).ceil() as usize).clamp(start + 1, from);
            (start, end)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32, values: &[u8]) -> RgbaImage {
        let rgba = values.iter().flat_map(|&it| [it, it, it, 255]).collect();
        RgbaImage::from_raw(width, height, rgba).unwrap()
    }

    #[test]
    fn masks_are_turned_and_stretched_to_their_photo() {
        let file = grey(2, 1, &[255, 0]);
        let mask = from_file(file.clone(), 4, 2, Orientation::Rotate90);
        assert_eq!(mask, [255, 255, 0, 0, 255, 255, 0, 0]);
        let mask = from_file(file, 1, 2, Orientation::Rotate90);
        assert_eq!(mask, [255, 0]);
        let ones = from_file(grey(2, 1, &[1, 0]), 2, 1, Orientation::Stored);
        assert_eq!(ones, [255, 0]);
    }

    #[test]
    fn a_smaller_mask_counts_only_what_counted_wholly() {
        let mask = [255, 255, 255, 0, 255, 255, 255, 255];
        let area = |from, to| resize(&mask, from, to, 0.5);
        assert_eq!(area((8, 1), (4, 1)), [255, 0, 255, 255]);
        assert_eq!(area((8, 1), (3, 1)), [255, 0, 255]);
        assert_eq!(area((1, 8), (1, 4)), [255, 0, 255, 255]);
        // One pixel of the result further on either side.
        assert_eq!(resize(&mask, (8, 1), (4, 1), 1.5), [0, 0, 0, 255]);
        // The two in the middle lie across the border.
        assert_eq!(resize(&[255, 0], (2, 1), (4, 1), 0.5), [255, 0, 0, 0]);
        assert_eq!(resize(&[255, 0], (2, 1), (2, 1), 9.0), [255, 0]);
    }

    #[test]
    fn alpha_becomes_a_mask() {
        let mut rgba = [9, 8, 7, 200, 1, 2, 3, 127];
        let mask = from_alpha(&mut rgba);
        assert_eq!(mask, [255, 0]);
        assert_eq!(rgba, [9, 8, 7, 255, 1, 2, 3, 255]);
        assert_eq!(both(Some(mask), Some(vec![0, 255])), Some(vec![0, 0]));
    }
}
