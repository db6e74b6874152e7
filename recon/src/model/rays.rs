//! What the network sees of a view: for every pixel its ray and its colour, patch by patch.

use glam::{Affine3A, Mat3A, Vec3, Vec3A};
use half::bf16;

use super::ModelConfig;
use super::newton_schulz::Precision;
use super::stereo::Hint;

/// A camera as the network takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkCamera {
    /// Camera to world, OpenCV axes, in the network's frame.
    pub c2w: Affine3A,
    /// fx, fy, cx, cy in pixels of the resized photo.
    pub lens: [f32; 4],
}

/// Where a photo's tokens lie, from the network's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Pixels along a row.
    pub width: usize,
    /// Pixels along a column.
    pub height: usize,
    /// Side of a patch, P.
    pub patch: usize,
}

impl Grid {
    /// Of all views of a network.
    pub fn new(config: &ModelConfig) -> Self {
        Self {
            width: config.image_width,
            height: config.image_height,
            patch: config.patch_size,
        }
    }

    /// The pixels (column, row) patch by patch, and row by row within a patch: the order of both
    /// the network's input and its output.
    pub fn pixels(self) -> impl Iterator<Item = (usize, usize)> {
        let p = self.patch;
        (0..self.height / p).flat_map(move |patch_row| {
            (0..self.width / p).flat_map(move |patch_column| {
                (0..p).flat_map(move |row| {
                    (0..p).map(move |column| (patch_column * p + column, patch_row * p + row))
                })
            })
        })
    }
}

impl NetworkCamera {
    /// The unit vector, in the network's frame, along which the centre of a pixel is seen.
    ///
    /// `Bf16` rounds as the published program does on a GPU, where the product with the rotation
    /// runs in bfloat16: about a pixel off at 960 × 536. Its weights were made with that.
    pub fn direction(&self, column: usize, row: usize, precision: Precision) -> Vec3 {
        let [fx, fy, cx, cy] = self.lens;
        let in_camera = Vec3A::new(
            (column as f32 + 0.5 - cx) / fx,
            (row as f32 + 0.5 - cy) / fy,
            1.0,
        );
        let rotation = self.c2w.matrix3;
        let turned = match precision {
            Precision::F32 => rotation * in_camera,
            Precision::Bf16 => {
                let columns = [rotation.x_axis, rotation.y_axis, rotation.z_axis].map(rounded);
                rounded(Mat3A::from_cols(columns[0], columns[1], columns[2]) * rounded(in_camera))
            }
        };
        turned.normalize().into()
    }

    /// The camera's centre in the network's frame.
    pub fn centre(&self) -> Vec3 {
        self.c2w.translation.into()
    }

    /// The network's input \[n × 12 P²\] of this camera's photo: for every pixel of a patch the
    /// ray's origin o, direction d and moment o × d, then 2 · rgb − 1. `rgb` is row by row, 0 to 1.
    /// Where there are `hints`, row by row too, the pixel's follows.
    pub fn patches(
        &self,
        rgb: &[[f32; 3]],
        hints: Option<&[[f32; Hint::CHANNELS]]>,
        grid: Grid,
        precision: Precision,
    ) -> Vec<f32> {
        let o = self.centre();
        let channels = ModelConfig::INPUT_CHANNELS + hints.map_or(0, |_| Hint::CHANNELS);
        let mut all = Vec::with_capacity(rgb.len() * channels);
        for (column, row) in grid.pixels() {
            let d = self.direction(column, row, precision);
            let place = row * grid.width + column;
            let colour = rgb.get(place).copied();
            all.extend(o.to_array());
            all.extend(d.to_array());
            all.extend(o.cross(d).to_array());
            all.extend(colour.unwrap_or_default().map(|it| 2.0 * it - 1.0));
            if let Some(hints) = hints {
                all.extend(hints.get(place).copied().unwrap_or_default());
            }
        }
        all
    }

    /// Directions \[n P² × 3\] of all pixels, patch by patch.
    pub fn directions(&self, grid: Grid, precision: Precision) -> Vec<f32> {
        let pixels = grid.pixels();
        let all = pixels.map(|(column, row)| self.direction(column, row, precision).to_array());
        all.flatten().collect()
    }
}

fn rounded(v: Vec3A) -> Vec3A {
    Vec3A::from_array(v.to_array().map(|it| bf16::from_f32(it).to_f32()))
}
