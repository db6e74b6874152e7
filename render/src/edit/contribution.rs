//! What splats give to pictures: Σ α T over pixels, view after view.

use crate::gpu::{Gpu, GpuError, GpuVec, Recorder};
use crate::kernels::{Contribute, contribute};
use crate::rasterizer::folded;
use crate::{Camera, GpuSplats, Gradient, GradientOptions, Rasterizer, RenderConfig, Style};

use super::ScreenMask;

/// Splats in a workgroup.
const BLOCK: usize = 256;
/// Planes of a pixel's gradient without that of depth.
const PLANES: usize = 4;

/// Adds up, for each splat, the weights α T that its colour has in the pixels of some pictures:
/// its share in what is seen. A splat that covers a pixel all by itself has 1 of it; what lies
/// behind others has little, what is outside every picture nothing. All splats and the background
/// together have 1 of each pixel.
///
/// No kernel of its own draws this: where the gradient at each pixel is 1 in red and 0 elsewhere,
/// blending backward gives Σ α T as the gradient of each splat's red.
#[derive(Debug)]
pub struct Contribution {
    kernel: Contribute,
    rasterizer: Rasterizer,
    gradient: Gradient,
    pixels: Option<Pixels>,
    sums: Option<GpuVec<f32>>,
}

/// The gradient at the pixels.
#[derive(Debug)]
struct Pixels {
    size: [u32; 2],
    masked: bool,
    d_image: GpuVec<f32>,
}

impl Contribution {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        let options = GradientOptions {
            until_sums: true,
            ..GradientOptions::portable(gpu.capabilities())
        };
        Ok(Self {
            kernel: Contribute::new(gpu)?,
            rasterizer: Rasterizer::new(gpu)?,
            gradient: Gradient::new(gpu, options)?,
            pixels: None,
            sums: None,
        })
    }

    /// Adds a view, or of a view what lies on the pixels of a mask that are set. The picture is
    /// drawn as [`Style::Splats`], whatever style `config` has; waits for it, so that no splat is
    /// missing for lack of room, but not for what follows.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where mask and picture differ in size, or where there are more or
    /// fewer splats than in the views before; [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`]
    /// when arrays must grow; what the device has to tell of earlier work ([`Gpu::check`]).
    pub fn add(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        camera: &Camera,
        config: &RenderConfig,
        mask: Option<&ScreenMask>,
    ) -> Result<(), GpuError> {
        let size = [camera.intrinsics.width, camera.intrinsics.height];
        if let Some(mask) = mask
            && size != [mask.width(), mask.height()]
        {
            let of = [mask.width(), mask.height()];
            let message = format!("a mask of {of:?} pixels for a picture of {size:?}");
            return Err(GpuError::Invalid(message));
        }
        if let Some(sums) = &self.sums
            && sums.len() != splats.len()
        {
            let (before, now) = (sums.len(), splats.len());
            let message = format!("contributions of {before} splats, and now of {now}");
            return Err(GpuError::Invalid(message));
        }
        if splats.is_empty() || size.contains(&0) {
            self.sums(gpu, splats.len())?;
            return Ok(());
        }
        let config = RenderConfig {
            style: Style::Splats,
            ..config.clone()
        };
        self.rasterizer
            .draw_complete(gpu, splats, camera, &config)?;
        self.add_drawn(gpu, splats, size, mask)
    }

    /// Adds the frame that was drawn last.
    fn add_drawn(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        size: [u32; 2],
        mask: Option<&ScreenMask>,
    ) -> Result<(), GpuError> {
        let d_image = self.d_image(gpu, size, mask)?;
        let sums = self.sums(gpu, splats.len())?;
        self.gradient
            .prepare(gpu, &self.rasterizer, splats, &d_image)?;
        let frame = self.rasterizer.blended()?;
        let mut recorder = Recorder::new(gpu, None, false);
        self.gradient.record(&mut recorder, &self.rasterizer)?;
        let Some(splat_sums) = self.gradient.splat_sums() else {
            return Ok(());
        };
        for chunk in splats.chunks().iter().filter(|it| 0 < it.count) {
            let arrays = contribute::Arrays {
                frame: &frame.frame,
                chunk: &chunk.uniform,
                visible_bits: &frame.visible_bits,
                block_offsets: &frame.block_offsets,
                splat_sums,
                contributions: &sums,
            };
            let bound = self.kernel.bind(gpu, &arrays);
            let groups = folded(chunk.count.div_ceil(BLOCK) as u32);
            recorder.dispatch(self.kernel.kernel(), &bound, groups);
        }
        recorder.submit(gpu);
        Ok(())
    }

    /// The sums over all views since the last time, in pixels, and begins anew; waits. Empty where
    /// there was no view. `[num_splats]`
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`]; then too it begins anew.
    pub fn finish(&mut self, gpu: &Gpu) -> Result<Vec<f32>, GpuError> {
        self.sums
            .take()
            .map_or_else(|| Ok(Vec::new()), |it| it.read(gpu))
    }

    /// Where sums are added up; zeros at first.
    fn sums(&mut self, gpu: &Gpu, len: usize) -> Result<GpuVec<f32>, GpuError> {
        let sums = match self.sums.take() {
            Some(sums) => sums,
            None => GpuVec::zeroed(gpu, "contributions of splats", len)?,
        };
        Ok(self.sums.insert(sums).clone())
    }

    /// One in the red of each pixel that counts, else zero.
    fn d_image(
        &mut self,
        gpu: &Gpu,
        size: [u32; 2],
        mask: Option<&ScreenMask>,
    ) -> Result<GpuVec<f32>, GpuError> {
        let count = size[0] as usize * size[1] as usize;
        let d_image = match self.pixels.take() {
            Some(it) if it.size == size && !it.masked && mask.is_none() => {
                return Ok(self.pixels.insert(it).d_image.clone());
            }
            Some(it) if it.size == size => it.d_image,
            _ => GpuVec::zeroed(gpu, "pixels that count", PLANES * count)?,
        };
        let red: Vec<f32> = match mask {
            None => vec![1.0; count],
            Some(mask) => (0..count)
                .map(|at| (mask.words()[at / 32] >> (at % 32) & 1) as f32)
                .collect(),
        };
        d_image.write(gpu, &red);
        let pixels = Pixels {
            size,
            masked: mask.is_some(),
            d_image,
        };
        Ok(self.pixels.insert(pixels).d_image.clone())
    }
}
