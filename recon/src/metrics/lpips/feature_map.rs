//! Pictures of many channels, and what networks do to them: convolution, ReLU, pooling.

use nalgebra::{DMatrixView, DMatrixViewMut};
use rayon::prelude::*;

/// About so many pixels of the result are computed at once by one thread: enough to fill the
/// matrix product, few enough that what it reads stays in the cache.
const BAND_PIXELS: usize = 256;

/// Values on a grid. Shape `[channels, height, width]`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMap {
    /// How many values a pixel has.
    pub channels: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
    /// `channels` × `height` × `width` numbers.
    pub values: Vec<f32>,
}

/// A convolution as PyTorch's `Conv2d` has it (a correlation), with a square kernel, black outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Shape `[outputs, inputs, size, size]`, row-major.
    pub weight: Vec<f32>,
    /// Shape `[outputs]`.
    pub bias: Vec<f32>,
    /// Channels that it takes.
    pub inputs: usize,
    /// Side of the kernel, pixels.
    pub size: usize,
    /// Pixels from one window to the next.
    pub stride: usize,
    /// Pixels added on each side.
    pub padding: usize,
}

impl FeatureMap {
    /// Negative values become 0.
    #[must_use]
    pub fn relu(mut self) -> Self {
        for value in &mut self.values {
            *value = value.max(0.0);
        }
        self
    }

    /// The largest value of each window of `size` × `size` pixels that lies inside, `stride`
    /// pixels apart.
    #[must_use]
    pub fn max_pool(&self, size: usize, stride: usize) -> Self {
        let [height, width] = windows_both([self.height, self.width], size, stride);
        let mut values = vec![0.0; self.channels * height * width];
        let planes = values.par_chunks_mut((height * width).max(1));
        let sources = self.values.par_chunks((self.height * self.width).max(1));
        planes.zip(sources).for_each(|(plane, source)| {
            for (i, out) in plane.iter_mut().enumerate() {
                let (top, left) = (i / width * stride, i % width * stride);
                *out = (top..top + size)
                    .flat_map(|y| &source[y * self.width + left..][..size])
                    .fold(f32::NEG_INFINITY, |a, b| a.max(*b));
            }
        });
        Self {
            channels: self.channels,
            height,
            width,
            values,
        }
    }
}

/// Windows of `size` × `size` pixels that fit, down and across; none at all where one side has
/// none.
fn windows_both(sides: [usize; 2], size: usize, stride: usize) -> [usize; 2] {
    let fit = |side: usize| Some(side.checked_sub(size)? / stride + 1);
    match sides.map(fit) {
        [Some(height), Some(width)] => [height, width],
        _ => [0, 0],
    }
}

impl Convolution {
    /// The convolved map. A matrix product over bands of the result: `[pixels, inputs·size²]`
    /// windows times `[inputs·size², outputs]` weights.
    pub fn apply(&self, map: &FeatureMap) -> FeatureMap {
        let outputs = self.bias.len();
        let padded = [map.height, map.width].map(|it| it + 2 * self.padding);
        let [height, width] = windows_both(padded, self.size, self.stride);
        let rows_per_band = (BAND_PIXELS / width.max(1)).clamp(1, height.max(1));
        let num_bands = height.div_ceil(rows_per_band);
        let bands: Vec<Vec<f32>> = (0..num_bands)
            .into_par_iter()
            .map(|band| {
                let first = band * rows_per_band;
                self.band(map, first..height.min(first + rows_per_band), width)
            })
            .collect();
        let mut values = vec![0.0; outputs * height * width];
        let planes = values.par_chunks_mut((height * width).max(1)).enumerate();
        planes.for_each(|(channel, plane)| {
            for (rows, band) in plane.chunks_mut(rows_per_band * width).zip(&bands) {
                let pixels = rows.len();
                rows.copy_from_slice(&band[channel * pixels..][..pixels]);
            }
        });
        FeatureMap {
            channels: outputs,
            height,
            width,
            values,
        }
    }

    /// Rows of the result, shape `[outputs, rows, width]`.
    fn band(&self, map: &FeatureMap, rows: std::ops::Range<usize>, width: usize) -> Vec<f32> {
        let (pixels, depth) = (rows.len() * width, self.inputs * self.size * self.size);
        let windows = self.gather(map, rows, width);
        let mut out: Vec<f32> = Vec::with_capacity(pixels * self.bias.len());
        for bias in &self.bias {
            out.resize(out.len() + pixels, *bias);
        }
        // Row-major `[depth, pixels]` is column-major `[pixels, depth]`, the matrices' own order.
        let windows = DMatrixView::from_slice(&windows, pixels, depth);
        let weight = DMatrixView::from_slice(&self.weight, depth, self.bias.len());
        DMatrixViewMut::from_slice(&mut out, pixels, self.bias.len())
            .gemm(1.0, &windows, &weight, 1.0);
        out
    }

    /// What the windows around a band's pixels see. Shape `[inputs·size², pixels]`, row-major.
    fn gather(&self, map: &FeatureMap, rows: std::ops::Range<usize>, width: usize) -> Vec<f32> {
        let pixels = rows.len() * width;
        let mut windows = vec![0.0; self.inputs * self.size * self.size * pixels];
        let mut lines = windows.chunks_exact_mut(width);
        for plane in map.values.chunks_exact(map.height * map.width) {
            for (dy, dx) in (0..self.size).flat_map(|y| (0..self.size).map(move |x| (y, x))) {
                for (y, line) in rows.clone().zip(&mut lines) {
                    let y = (y * self.stride + dy).wrapping_sub(self.padding);
                    if y < map.height {
                        self.gather_line(&plane[y * map.width..][..map.width], dx, line);
                    }
                }
            }
        }
        windows
    }
    /// What the windows of one line see at column `dx` of the kernel; outside stays 0.
    fn gather_line(&self, source: &[f32], dx: usize, line: &mut [f32]) {
        if self.stride == 1 {
            let first = self.padding.saturating_sub(dx);
            let start = (first + dx).saturating_sub(self.padding);
            let line = line.get_mut(first..).unwrap_or_default();
            let source = source.get(start..).unwrap_or_default();
            let count = line.len().min(source.len());
            line[..count].copy_from_slice(&source[..count]);
            return;
        }
        for (x, out) in line.iter_mut().enumerate() {
            let x = (x * self.stride + dx).wrapping_sub(self.padding);
            *out = source.get(x).copied().unwrap_or(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without pattern, −1 to 1.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let hash = |i: u32| (i ^ seed).wrapping_mul(2_654_435_761) >> 8;
        (0..count as u32)
            .map(|i| hash(hash(i)) as f32 / (1 << 23) as f32 - 1.0)
            .collect()
    }

    fn map(channels: usize, height: usize, width: usize) -> FeatureMap {
        FeatureMap {
            channels,
            height,
            width,
            values: numbers(channels * height * width, 5),
        }
    }

    /// One value of a convolution, by its definition.
    fn by_definition(it: &Convolution, map: &FeatureMap, out: usize, y: usize, x: usize) -> f32 {
        let mut sum = it.bias[out];
        for (c, dy, dx) in (0..it.inputs)
            .flat_map(|c| (0..it.size).map(move |dy| (c, dy)))
            .flat_map(|(c, dy)| (0..it.size).map(move |dx| (c, dy, dx)))
        {
            let y = (y * it.stride + dy) as isize - it.padding as isize;
            let x = (x * it.stride + dx) as isize - it.padding as isize;
            if (0..map.height as isize).contains(&y) && (0..map.width as isize).contains(&x) {
                let value = map.values[(c * map.height + y as usize) * map.width + x as usize];
                sum += value * it.weight[((out * it.inputs + c) * it.size + dy) * it.size + dx];
            }
        }
        sum
    }

    #[test]
    fn convolutions_agree_with_their_definition() {
        for (size, stride, padding, height, width) in [
            (3, 1, 1, 7, 9),
            (5, 1, 2, 3, 2),
            (11, 4, 2, 31, 40),
            (1, 1, 0, 40, 33),
            (3, 2, 0, 8, 5),
            (2, 3, 4, 6, 7),
        ] {
            let (inputs, outputs) = (3, 5);
            let convolution = Convolution {
                weight: numbers(outputs * inputs * size * size, 1),
                bias: numbers(outputs, 2),
                inputs,
                size,
                stride,
                padding,
            };
            let map = map(inputs, height, width);
            let found = convolution.apply(&map);
            assert_eq!(found.height, (height + 2 * padding - size) / stride + 1);
            assert_eq!(found.width, (width + 2 * padding - size) / stride + 1);
            for (i, value) in found.values.iter().enumerate() {
                let (rest, x) = (i / found.width, i % found.width);
                let (out, y) = (rest / found.height, rest % found.height);
                let expected = by_definition(&convolution, &map, out, y, x);
                assert!(
                    (value - expected).abs() < 1e-4,
                    "{size} {i}: {value} {expected}"
                );
            }
        }
    }

    #[test]
    fn pooling_takes_the_largest_of_whole_windows() {
        let map = FeatureMap {
            channels: 1,
            height: 3,
            width: 5,
            values: (0..15).map(|it| (it * 7 % 15) as f32).collect(),
        };
        // 0 7 14 6 13 / 5 12 4 11 3 / 10 2 9 1 8
        assert_eq!(map.max_pool(2, 2).values, [12.0, 14.0]);
        assert_eq!(map.max_pool(3, 2).values, [14.0, 14.0]);
        let none = map.max_pool(4, 2);
        assert_eq!((none.height, none.width, none.values.len()), (0, 0, 0));
    }

    #[test]
    fn negative_values_vanish() {
        let map = map(2, 3, 3).relu();
        assert!(map.values.iter().all(|it| 0.0 <= *it));
        assert!(map.values.contains(&0.0));
    }
}
