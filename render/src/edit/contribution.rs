//! What splats give to pictures: Σ α T over pixels, view after view; and what pictures would be
//! without them.

use crate::gpu::{Gpu, GpuError, GpuVec, Recorder};
use crate::kernels::{Contribute, contribute};
use crate::rasterizer::{Image, folded};
use crate::{Camera, GpuSplats, Gradient, GradientOptions, Rasterizer, RenderConfig, Style};

use super::ScreenMask;

/// Splats in a workgroup.
const BLOCK: usize = 256;
/// Planes of a pixel's gradient without that of depth.
const PLANES: usize = 4;
/// The sum of the gradients of σ; `SUM_V` in `shared/pair_sums.wgsl`.
const SUM_V: u32 = 0;

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
    /// Of what is missing without a splat; compiled when that is first asked for.
    absence: Option<Contribute>,
    rasterizer: Rasterizer,
    gradient: Gradient,
    pixels: Option<Pixels>,
    sums: Option<GpuVec<f32>>,
}

/// The gradient at the pixels.
#[derive(Debug)]
struct Pixels {
    size: [u32; 2],
    /// It is 1 in red and 0 elsewhere.
    is_plain: bool,
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
            absence: None,
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
        self.gather(gpu, splats, &self.kernel, &sums)
    }

    /// Blends backward, and has `kernel` add what that leaves of each splat to `into`.
    fn gather(
        &self,
        gpu: &Gpu,
        splats: &GpuSplats,
        kernel: &Contribute,
        into: &GpuVec<f32>,
    ) -> Result<(), GpuError> {
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
                contributions: into,
            };
            let bound = kernel.bind(gpu, &arrays);
            let groups = folded(chunk.count.div_ceil(BLOCK) as u32);
            recorder.dispatch(kernel.kernel(), &bound, groups);
        }
        recorder.submit(gpu);
        Ok(())
    }

    /// The picture of the view that was added last; waits.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] before the first one that has pixels and splats; those of
    /// [`Rasterizer::read_image`].
    pub fn image(&self, gpu: &Gpu) -> Result<Image, GpuError> {
        self.rasterizer.read_image(gpu)
    }

    /// How a number made of the picture of the view that was added last changes when each splat is
    /// taken away and all others stay, given the number's slope in each pixel's red, green and
    /// blue; waits. What is added up over views is left as it is. `[num_splats]`
    ///
    /// That is −Σ α ∂L/∂α. Blending is linear in each splat's α, so that it holds exactly for
    /// numbers that are linear in the pixels, but where α is held at its largest value: there
    /// taking the splat away is passed over.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where `splats` are not those that were added or the slopes are of a
    /// picture of another size; otherwise as [`Self::add`] and [`Self::finish`].
    pub fn without(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        slopes: &[[f32; 3]],
    ) -> Result<Vec<f32>, GpuError> {
        let Some(pixels) = self.pixels.as_mut() else {
            let message = "no view was added whose picture could change".to_owned();
            return Err(GpuError::Invalid(message));
        };
        let [width, height] = pixels.size;
        if slopes.len() != width as usize * height as usize {
            let count = slopes.len();
            let message = format!("slopes of {count} pixels for a picture of {width}×{height}");
            return Err(GpuError::Invalid(message));
        }
        let planes: Vec<f32> = (0..3)
            .flat_map(|k| slopes.iter().map(move |it| it[k]))
            .collect();
        pixels.is_plain = false;
        pixels.d_image.write(gpu, &planes);
        let d_image = pixels.d_image.clone();
        self.gradient
            .prepare(gpu, &self.rasterizer, splats, &d_image)?;
        let kernel = match self.absence.take() {
            Some(kernel) => kernel,
            None => Contribute::with_constants(gpu, &[("SUM", f64::from(SUM_V))])?,
        };
        let changes = GpuVec::zeroed(gpu, "changes without splats", splats.len())?;
        let gathered = self.gather(gpu, splats, &kernel, &changes);
        self.absence = Some(kernel);
        gathered?;
        changes.read(gpu)
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
            Some(it) if it.size == size && it.is_plain && mask.is_none() => {
                return Ok(self.pixels.insert(it).d_image.clone());
            }
            Some(it) if it.size == size => it.d_image,
            _ => GpuVec::zeroed(gpu, "pixels that count", PLANES * count)?,
        };
        let mut colours = vec![1.0; 3 * count];
        if let Some(mask) = mask {
            for (at, red) in colours[..count].iter_mut().enumerate() {
                *red = (mask.words()[at / 32] >> (at % 32) & 1) as f32;
            }
        }
        colours[count..].fill(0.0);
        d_image.write(gpu, &colours);
        let pixels = Pixels {
            size,
            is_plain: mask.is_none(),
            d_image,
        };
        Ok(self.pixels.insert(pixels).d_image.clone())
    }
}
