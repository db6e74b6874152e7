//! Per-photo exposure and white balance: frames are compared with photos as rgb' = A rgb + b, and
//! A and b descend along the loss (as in 3DGS's exposure compensation).

use serde::{Deserialize, Serialize};

use crate::Rasterizer;
use crate::gpu::{ExposureUniform, Gpu, GpuError, GpuVec, Groups, Recorder};
use crate::kernels::{
    AdjustExposure, Expose, ExposeBackward, adjust_exposure, expose, expose_backward,
};
use crate::rasterizer::folded;

/// Numbers of a photo's exposure: the three rows of (A | b); `NUMBERS` in `shared/exposure.wgsl`.
pub const EXPOSURE_NUMBERS: usize = 12;
/// With their first and second moments; `STRIDE` in `shared/exposure.wgsl`.
pub const EXPOSURE_STRIDE: usize = 3 * EXPOSURE_NUMBERS;
/// Pixels in a workgroup.
const BLOCK: usize = 256;

/// The exposures of photos and the optimiser's memory of them, on the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExposureState {
    /// Of each photo (A | b) row by row, then first and second moments.
    /// `[photos × EXPOSURE_STRIDE]`
    pub numbers: Vec<f32>,
    /// Steps that each photo's exposure has taken. `[photos]`
    pub steps: Vec<u32>,
}

impl ExposureState {
    /// Photos that are compared with frames as they are.
    pub fn identity(photos: usize) -> Self {
        let one = |number: usize| f32::from(u8::from(matches!(number, 0 | 5 | 10)));
        Self {
            numbers: (0..photos)
                .flat_map(|_| (0..EXPOSURE_STRIDE).map(one))
                .collect(),
            steps: vec![0; photos],
        }
    }

    /// The rows of (A | b) of a photo; `None` where there is no such photo.
    pub fn rows(&self, photo: usize) -> Option<[[f32; 4]; 3]> {
        let first = photo.checked_mul(EXPOSURE_STRIDE)?;
        let numbers = self.numbers.get(first..first + EXPOSURE_NUMBERS)?;
        let row = |k: usize| [0, 1, 2, 3].map(|column| numbers[4 * k + column]);
        Some([0, 1, 2].map(row))
    }
}

/// Exposes frames around the loss: [`Exposure::record_apply`] before it,
/// [`Exposure::record_backward`] after it and before the gradient of the frame.
#[derive(Debug)]
pub struct Exposure {
    apply: Expose,
    backward: ExposeBackward,
    adjust: AdjustExposure,
    uniform: GpuVec<ExposureUniform>,
    exposures: GpuVec<f32>,
    steps: Vec<u32>,
    arrays: Option<Arrays>,
    bound: Option<([wgpu::Buffer; 2], Bindings)>,
}

/// What depends on the image's size.
#[derive(Debug)]
struct Arrays {
    size: [u32; 2],
    /// The frame before it was exposed.
    bare: GpuVec<[f32; 4]>,
    /// Gradients of A and b of each block of pixels.
    parts: GpuVec<f32>,
}

#[derive(Debug)]
struct Bindings {
    apply: wgpu::BindGroup,
    backward: wgpu::BindGroup,
    adjust: wgpu::BindGroup,
    blocks: u32,
}

impl Exposure {
    /// Compiles the kernels; photos begin as `state` says.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where the state's arrays disagree in length; [`GpuError::Shader`],
    /// [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, state: &ExposureState) -> Result<Self, GpuError> {
        if state.numbers.len() != EXPOSURE_STRIDE * state.steps.len() {
            let message = "exposures are not as many as the photos";
            return Err(GpuError::Invalid(message.to_owned()));
        }
        Ok(Self {
            apply: Expose::new(gpu)?,
            backward: ExposeBackward::new(gpu)?,
            adjust: AdjustExposure::new(gpu)?,
            uniform: GpuVec::zeroed(gpu, "exposure", 1)?,
            exposures: GpuVec::from_slice(gpu, "exposures", &state.numbers)?,
            steps: state.steps.clone(),
            arrays: None,
            bound: None,
        })
    }

    /// Makes ready to compare the frame that `rasterizer` drew last with photo number `photo`.
    /// `d_image` is where the loss will leave its gradient at the pixels; `rate` the step's size;
    /// `identity_weight` that of ‖A − I‖² + ‖b‖² in the loss. Once warm nothing is allocated.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where nothing was drawn, there is no such photo or `d_image` is too
    /// short; [`GpuError::OutOfMemory`] when arrays must grow.
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        (rasterizer, d_image): (&Rasterizer, &GpuVec<f32>),
        photo: usize,
        (rate, identity_weight): (f32, f32),
    ) -> Result<(), GpuError> {
        let frame = rasterizer.blended()?;
        let size = frame.capacity.image_size;
        let pixels = frame.capacity.pixels();
        let steps = self
            .steps
            .get_mut(photo)
            .filter(|_| 3 * pixels <= d_image.len())
            .ok_or_else(|| {
                let message = "no such photo, or a gradient of another size";
                GpuError::Invalid(message.to_owned())
            })?;
        *steps = steps.saturating_add(1);
        let correction = |beta: f64| (1.0 / (1.0 - beta.powf(f64::from(*steps)))) as f32;
        let uniform = ExposureUniform {
            image_size: size,
            photo: photo as u32,
            rate,
            identity_weight,
            correction1: correction(0.9),
            correction2: correction(0.999),
            pad: 0,
        };
        self.uniform.write(gpu, &[uniform]);
        let blocks = pixels.div_ceil(BLOCK);
        if self.arrays.as_ref().is_none_or(|it| it.size != size) {
            self.bound = None;
            self.arrays = None;
            self.arrays = Some(Arrays {
                size,
                bare: GpuVec::zeroed(gpu, "bare frame", pixels)?,
                parts: GpuVec::zeroed(gpu, "gradient of exposure", blocks * EXPOSURE_NUMBERS)?,
            });
        }
        let Some(Arrays { bare, parts, .. }) = &self.arrays else {
            return Ok(());
        };
        let key = [frame.image.buffer(), d_image.buffer()].map(Clone::clone);
        if self.bound.as_ref().is_some_and(|(bound, _)| *bound == key) {
            return Ok(());
        }
        let (exposure, exposures, image) = (&self.uniform, &self.exposures, &frame.image);
        let apply = expose::Arrays {
            exposure,
            exposures,
            image,
            bare,
        };
        let backward = expose_backward::Arrays {
            exposure,
            exposures,
            bare,
            image,
            d_image,
            parts,
        };
        let adjust = adjust_exposure::Arrays {
            exposure,
            parts,
            exposures,
        };
        let bindings = Bindings {
            apply: self.apply.bind(gpu, &apply),
            backward: self.backward.bind(gpu, &backward),
            adjust: self.adjust.bind(gpu, &adjust),
            blocks: blocks as u32,
        };
        self.bound = Some((key, bindings));
        Ok(())
    }

    /// Records what exposes the frame, after [`Exposure::prepare`] and before the loss.
    pub fn record_apply(&self, recorder: &mut Recorder<'_>) {
        if let Some((_, it)) = &self.bound {
            recorder.dispatch(self.apply.kernel(), &it.apply, folded(it.blocks));
        }
    }

    /// Records what takes the frame and its gradient back and moves the photo's exposure, after
    /// the loss and before the gradient of the frame.
    pub fn record_backward(&self, recorder: &mut Recorder<'_>) {
        if let Some((_, it)) = &self.bound {
            recorder.dispatch(self.backward.kernel(), &it.backward, folded(it.blocks));
            let one = Groups::Direct(1, 1);
            recorder.dispatch(self.adjust.kernel(), &it.adjust, one);
        }
    }

    /// Copies everything to the host, waiting for the GPU.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn read(&self, gpu: &Gpu) -> Result<ExposureState, GpuError> {
        Ok(ExposureState {
            numbers: self.exposures.read(gpu)?,
            steps: self.steps.clone(),
        })
    }
}
