//! How far a frame is from a photo, and the gradient of that at each pixel, on the GPU.
//!
//! `(1 − λ) L1 + λ (1 − SSIM)` as in 3DGS. SSIM's window is applied along rows, then down columns:
//! to means and moments, then to the slopes of SSIM on the way back. Photos stay on the GPU as
//! RGBA8.

use serde::{Deserialize, Serialize};

use crate::Rasterizer;
use crate::gpu::{Gpu, GpuError, GpuVec, Groups, LossUniform, LossValues, Recorder};
use crate::kernels::{
    BlurRows, BlurSlopes, LossBackward, MeasureLoss, SumLoss, blur_rows, blur_slopes,
    loss_backward, measure_loss, sum_loss,
};
use crate::rasterizer::folded;

/// Pixels one after the other that a thread does; `RUN` in `shared/loss_uniform.wgsl`.
pub const RUN: u32 = 8;
/// Runs that a workgroup does; `RUNS` there.
pub const RUNS: u32 = 64;
/// How far SSIM's window reaches, in pixels.
const REACH: u32 = 5;
/// Planes of four floats: two means and three moments of three channels.
const MOMENTS: usize = 4;
/// Planes of four floats: three slopes of three channels, and a float that is not used.
const SLOPES: usize = 3;
/// Planes of the gradient: rgb, alpha.
const PLANES: usize = 4;

/// What a photo's fourth channel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlphaUse {
    /// Nothing.
    #[default]
    Ignored = 0,
    /// A mask: frame and photo are multiplied by it before they are compared.
    Mask = 1,
    /// Opacity: the frame's background shows through the photo, and alpha is compared too.
    Opacity = 2,
}

/// What is beyond the image's edge for SSIM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// Zeros, and every pixel counts (3DGS).
    #[default]
    Same,
    /// Only pixels whose window lies inside count (fused-ssim's "valid").
    Valid,
}

/// Weights of the loss. Defaults are 3DGS's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LossConfig {
    /// λ: weight of `1 − SSIM`; L1 has the rest.
    pub ssim_weight: f32,
    /// Edges, for SSIM.
    pub padding: Padding,
    /// The photo's fourth channel.
    pub alpha_use: AlphaUse,
    /// Weight of the mean absolute difference of alpha, with [`AlphaUse::Opacity`].
    pub alpha_weight: f32,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self {
            ssim_weight: 0.2,
            padding: Padding::Same,
            alpha_use: AlphaUse::Ignored,
            alpha_weight: 0.0,
        }
    }
}

/// A photo on the GPU: part of an array of many, or all of one.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Photos one after the other, RGBA8, red in the lowest byte, row-major from the top left.
    pub pixels: GpuVec<u32>,
    /// Where this one begins, in pixels.
    pub first: usize,
    /// Its width and height in pixels.
    pub size: [u32; 2],
}

impl Photo {
    /// Uploads RGBA bytes, row-major from the top left. `[height × width × 4]`
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where the bytes are not as many as the size says;
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub fn upload(gpu: &Gpu, size: [u32; 2], rgba: &[u8]) -> Result<Self, GpuError> {
        if rgba.len() != 4 * size[0] as usize * size[1] as usize {
            let message = format!("{} bytes are no {size:?} photo", rgba.len());
            return Err(GpuError::Invalid(message));
        }
        let pixels: Vec<u32> = rgba
            .as_chunks()
            .0
            .iter()
            .map(|it| u32::from_le_bytes(*it))
            .collect();
        Ok(Self {
            pixels: GpuVec::from_slice(gpu, "photo", &pixels)?,
            first: 0,
            size,
        })
    }
}

/// Compares frames with photos.
#[derive(Debug)]
pub struct Loss {
    blur_rows: BlurRows,
    measure: MeasureLoss,
    sum: SumLoss,
    blur_slopes: BlurSlopes,
    backward: LossBackward,
    uniform: GpuVec<LossUniform>,
    values: GpuVec<LossValues>,
    arrays: Option<Arrays>,
    bound: Option<([wgpu::Buffer; 2], [wgpu::BindGroup; 5])>,
}

/// What depends on the image's size.
#[derive(Debug)]
struct Arrays {
    size: [u32; 2],
    /// Means and moments under the window's rows. `[MOMENTS × height × width]`
    moments: GpuVec<[f32; 4]>,
    /// `[SLOPES × height × width]`
    slopes: GpuVec<[f32; 4]>,
    /// The same under the window's rows.
    blurred_slopes: GpuVec<[f32; 4]>,
    /// Sums of workgroups.
    parts: GpuVec<[f32; 4]>,
    d_image: GpuVec<f32>,
}

impl Loss {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            blur_rows: BlurRows::new(gpu)?,
            measure: MeasureLoss::new(gpu)?,
            sum: SumLoss::new(gpu)?,
            blur_slopes: BlurSlopes::new(gpu)?,
            backward: LossBackward::new(gpu)?,
            uniform: GpuVec::zeroed(gpu, "loss", 1)?,
            values: GpuVec::zeroed(gpu, "loss", 1)?,
            arrays: None,
            bound: None,
        })
    }

    /// Makes ready to compare the frame that `rasterizer` drew last, in front of `background`,
    /// with `photo`.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where their sizes differ, nothing was drawn, or the frame does not
    /// show splats; [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`] when arrays must grow.
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        rasterizer: &Rasterizer,
        photo: &Photo,
        background: [f32; 3],
        config: &LossConfig,
    ) -> Result<(), GpuError> {
        let frame = rasterizer.blended()?;
        let size = frame.capacity.image_size;
        let pixels = frame.capacity.pixels();
        if photo.size != size || photo.pixels.len() < photo.first + pixels {
            let message = format!("a frame of {size:?} and a photo of {:?}", photo.size);
            return Err(GpuError::Invalid(message));
        }
        let kept = self.arrays.take().filter(|it| it.size == size);
        let arrays = if let Some(arrays) = kept {
            arrays
        } else {
            self.bound = None;
            Arrays::new(gpu, size)?
        };
        let key = [frame.image.buffer(), photo.pixels.buffer()].map(Clone::clone);
        if self.bound.as_ref().is_none_or(|(bound, _)| *bound != key) {
            let groups = self.bind(gpu, &arrays, &frame.image, &photo.pixels);
            self.bound = Some((key, groups));
        }
        self.arrays = Some(arrays);
        self.uniform.write(
            gpu,
            &[LossUniform {
                image_size: size,
                first_target: photo.first as u32,
                border: match config.padding {
                    Padding::Same => 0,
                    Padding::Valid => REACH,
                },
                background,
                alpha_use: config.alpha_use as u32,
                ssim_weight: config.ssim_weight,
                alpha_weight: config.alpha_weight,
                pad: [0; 2],
            }],
        );
        Ok(())
    }

    fn bind(
        &self,
        gpu: &Gpu,
        arrays: &Arrays,
        image: &GpuVec<[f32; 4]>,
        targets: &GpuVec<u32>,
    ) -> [wgpu::BindGroup; 5] {
        let loss = &self.uniform;
        let Arrays {
            moments,
            slopes,
            blurred_slopes,
            parts,
            d_image,
            ..
        } = arrays;
        let blur_rows = blur_rows::Arrays {
            loss,
            image,
            targets,
            moments,
        };
        let measure = measure_loss::Arrays {
            loss,
            image,
            targets,
            moments,
            slopes,
            parts,
        };
        let sum = sum_loss::Arrays {
            loss,
            parts,
            measured: &self.values,
        };
        let blur_slopes = blur_slopes::Arrays {
            loss,
            slopes,
            blurred_slopes,
        };
        let backward = loss_backward::Arrays {
            loss,
            image,
            targets,
            blurred_slopes,
            d_image,
        };
        [
            self.blur_rows.bind(gpu, &blur_rows),
            self.measure.bind(gpu, &measure),
            self.sum.bind(gpu, &sum),
            self.blur_slopes.bind(gpu, &blur_slopes),
            self.backward.bind(gpu, &backward),
        ]
    }

    /// Records the comparison and its gradient, after [`Loss::prepare`].
    pub fn record(&self, recorder: &mut Recorder<'_>) {
        let (Some(arrays), Some((_, groups))) = (&self.arrays, &self.bound) else {
            return;
        };
        let [blur_rows, measure, sum, blur_slopes, backward] = groups;
        let along_rows = folded(row_groups(arrays.size));
        let down_columns = folded(column_groups(arrays.size));
        recorder.dispatch(self.blur_rows.kernel(), blur_rows, along_rows);
        recorder.dispatch(self.measure.kernel(), measure, down_columns);
        recorder.dispatch(self.sum.kernel(), sum, Groups::Direct(1, 1));
        recorder.dispatch(self.blur_slopes.kernel(), blur_slopes, along_rows);
        recorder.dispatch(self.backward.kernel(), backward, down_columns);
    }

    /// ∂L/∂(pixel): planes of red, green, blue, alpha, for [`crate::Gradient`]. `None` before the
    /// first frame. `[4 × height × width]`
    pub fn d_image(&self) -> Option<&GpuVec<f32>> {
        self.arrays.as_ref().map(|it| &it.d_image)
    }

    /// What the frame recorded last came to; waits.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn read(&self, gpu: &Gpu) -> Result<LossValues, GpuError> {
        Ok(self.values.read(gpu)?[0])
    }

    /// Where the numbers of [`Loss::read`] lie, to be fetched without waiting.
    pub fn values(&self) -> &GpuVec<LossValues> {
        &self.values
    }
}

/// Workgroups for all runs along rows of an image of this width and height.
pub fn row_groups([width, height]: [u32; 2]) -> u32 {
    (width.div_ceil(RUN) * height).div_ceil(RUNS)
}

/// Workgroups for all runs down columns.
pub fn column_groups([width, height]: [u32; 2]) -> u32 {
    (width * height.div_ceil(RUN)).div_ceil(RUNS)
}

impl Arrays {
    fn new(gpu: &Gpu, size: [u32; 2]) -> Result<Self, GpuError> {
        let pixels = size[0] as usize * size[1] as usize;
        let fours = |label, planes: usize| GpuVec::zeroed(gpu, label, planes * pixels);
        Ok(Self {
            size,
            moments: fours("moments of SSIM", MOMENTS)?,
            slopes: fours("slopes of SSIM", SLOPES)?,
            blurred_slopes: fours("slopes of SSIM", SLOPES)?,
            parts: GpuVec::zeroed(gpu, "loss of workgroups", column_groups(size) as usize)?,
            d_image: GpuVec::zeroed(gpu, "gradient of the image", PLANES * pixels)?,
        })
    }
}
