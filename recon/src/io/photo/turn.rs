//! EXIF's eight turns and mirrorings.

use rayon::prelude::*;

use crate::dataset::Orientation;

/// Pixels of `C` bytes, `[height × width × C]`, after `orientation`. Sides change places where
/// [`Orientation::swaps_sides`] says so; the caller swaps its own numbers.
pub fn turn<const C: usize>(
    pixels: Vec<u8>,
    width: u32,
    height: u32,
    orientation: Orientation,
) -> Vec<u8> {
    if orientation == Orientation::Stored || width == 0 || height == 0 {
        return pixels;
    }
    let (width, height) = (width as usize, height as usize);
    let (old, _) = pixels.as_chunks::<C>();
    let (last_x, last_y) = (width - 1, height - 1);
    let new_width = if orientation.swaps_sides() {
        height
    } else {
        width
    };
    // Where the pixel at (x, y) of the upright photo is stored.
    let source = |x: usize, y: usize| match orientation {
        Orientation::Stored => (x, y),
        Orientation::FlipHorizontal => (last_x - x, y),
        Orientation::Rotate180 => (last_x - x, last_y - y),
        Orientation::FlipVertical => (x, last_y - y),
        Orientation::Rotate90FlipHorizontal => (y, x),
        Orientation::Rotate90 => (y, last_y - x),
        Orientation::Rotate270FlipHorizontal => (last_x - y, last_y - x),
        Orientation::Rotate270 => (last_x - y, x),
    };
    let mut turned = vec![[0; C]; old.len()];
    turned
        .par_chunks_exact_mut(new_width)
        .enumerate()
        .for_each(|(y, row)| {
            for (x, pixel) in row.iter_mut().enumerate() {
                let (x, y) = source(x, y);
                *pixel = old[y * width + x];
            }
        });
    turned.into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_does_what_exif_says() {
        // Stored as   1 2 3
        //             4 5 6
        let turned = |orientation| turn::<1>(vec![1, 2, 3, 4, 5, 6], 3, 2, orientation);
        assert_eq!(turned(Orientation::FlipHorizontal), [3, 2, 1, 6, 5, 4]);
        assert_eq!(turned(Orientation::Rotate180), [6, 5, 4, 3, 2, 1]);
        assert_eq!(turned(Orientation::FlipVertical), [4, 5, 6, 1, 2, 3]);
        // EXIF 5: the stored rows are the columns; 6: the first row is the right side; and so on.
        assert_eq!(
            turned(Orientation::Rotate90FlipHorizontal),
            [1, 4, 2, 5, 3, 6]
        );
        assert_eq!(turned(Orientation::Rotate90), [4, 1, 5, 2, 6, 3]);
        assert_eq!(
            turned(Orientation::Rotate270FlipHorizontal),
            [6, 3, 5, 2, 4, 1]
        );
        assert_eq!(turned(Orientation::Rotate270), [3, 6, 2, 5, 1, 4]);
    }
}
