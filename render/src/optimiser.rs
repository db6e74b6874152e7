//! Adam on the GPU, for everything that is stored of splats.

use serde::{Deserialize, Serialize};

use crate::gpu::{AdamUniform, Gpu, GpuError, GpuVec, Recorder};
use crate::kernels::{Optimise, optimise};
use crate::rasterizer::folded;
use crate::{GpuSplats, Gradient, Rasterizer};

/// Splats in a workgroup.
const BLOCK: usize = 256;

/// Step sizes. Defaults are those that 3DGS begins with, for a scene of extent 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdamRates {
    /// Of the means, world units.
    pub means: f32,
    /// Of the quaternions.
    pub quats: f32,
    /// Of the logarithms of the scales.
    pub log_scales: f32,
    /// Of the logits of the opacities.
    pub opacity_logits: f32,
    /// Of the harmonics of degree 0.
    pub sh_base: f32,
    /// Of the other harmonics.
    pub sh_rest: f32,
}

impl Default for AdamRates {
    fn default() -> Self {
        Self {
            means: 1.6e-4,
            quats: 1e-3,
            log_scales: 5e-3,
            opacity_logits: 0.05,
            sh_base: 2.5e-3,
            sh_rest: 2.5e-3 / 20.0,
        }
    }
}

impl AdamRates {
    /// What the kernel is told in step `step`, counted from 1. β and ε are 3DGS's.
    pub fn uniform(&self, step: u32, only_visible: bool) -> AdamUniform {
        let (beta1, beta2) = (0.9, 0.999);
        let correction = |beta: f64| (1.0 / (1.0 - beta.powf(f64::from(step.max(1))))) as f32;
        AdamUniform {
            mean_rate: self.means,
            quat_rate: self.quats,
            log_scale_rate: self.log_scales,
            opacity_rate: self.opacity_logits,
            sh_base_rate: self.sh_base,
            sh_rest_rate: self.sh_rest,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            epsilon: 1e-15,
            correction1: correction(beta1),
            correction2: correction(beta2),
            only_visible: u32::from(only_visible),
        }
    }
}

/// The state of an optimisation: moments of everything that is stored.
#[derive(Debug)]
pub struct Adam {
    kernel: Optimise,
    uniform: GpuVec<AdamUniform>,
    moments: [GpuSplats; 2],
    bound: Option<(Vec<wgpu::Buffer>, Vec<wgpu::BindGroup>)>,
    step: u32,
}

impl Adam {
    /// Compiles the kernel and begins with moments of zero.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, splats: &GpuSplats) -> Result<Self, GpuError> {
        let moments = |label| splats.zeroed_like(gpu, label);
        Ok(Self {
            kernel: Optimise::new(gpu)?,
            uniform: GpuVec::zeroed(gpu, "Adam", 1)?,
            moments: [moments("first moments")?, moments("second moments")?],
            bound: None,
            step: 0,
        })
    }

    /// Makes ready to move `splats` along `gradient`, which was prepared for the frame that
    /// `rasterizer` drew last.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where nothing was drawn or the splats are others than at the
    /// beginning.
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        rasterizer: &Rasterizer,
        gradient: &Gradient,
        splats: &GpuSplats,
        (rates, only_visible): (&AdamRates, bool),
    ) -> Result<(), GpuError> {
        let frame = rasterizer.blended()?;
        let lens = |it: &GpuSplats| -> Vec<usize> {
            it.chunks().iter().map(|it| it.params.len()).collect()
        };
        let d_splats = gradient
            .d_splats()
            .filter(|it| lens(it) == lens(splats) && lens(&self.moments[0]) == lens(splats))
            .ok_or_else(|| {
                let message = "gradients, moments and splats do not fit each other";
                GpuError::Invalid(message.to_owned())
            })?;
        self.step += 1;
        self.uniform
            .write(gpu, &[rates.uniform(self.step, only_visible)]);
        let mut key = vec![frame.visible_bits.buffer().clone()];
        for chunk in splats.chunks().iter().chain(d_splats.chunks()) {
            key.push(chunk.params.buffer().clone());
        }
        if self.bound.as_ref().is_some_and(|(bound, _)| *bound == key) {
            return Ok(());
        }
        let chunks = splats.chunks().iter().zip(d_splats.chunks());
        let moments = self.moments[0]
            .chunks()
            .iter()
            .zip(self.moments[1].chunks());
        let groups = chunks
            .zip(moments)
            .map(|((chunk, d_chunk), (first, second))| {
                self.kernel.bind(
                    gpu,
                    &optimise::Arrays {
                        adam: &self.uniform,
                        chunk: &chunk.uniform,
                        visible_bits: &frame.visible_bits,
                        d_params: &d_chunk.params,
                        params: &chunk.params,
                        first_moments: &first.params,
                        second_moments: &second.params,
                    },
                )
            });
        self.bound = Some((key, groups.collect()));
        Ok(())
    }

    /// Records a step, after [`Adam::prepare`].
    pub fn record(&self, recorder: &mut Recorder<'_>) {
        let Some((_, groups)) = &self.bound else {
            return;
        };
        for (group, chunk) in groups.iter().zip(self.moments[0].chunks()) {
            let blocks = chunk.count.div_ceil(BLOCK) as u32;
            recorder.dispatch(self.kernel.kernel(), group, folded(blocks));
        }
    }

    /// Steps so far.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// First and second moments, in the shape of the splats.
    pub fn moments(&self) -> &[GpuSplats; 2] {
        &self.moments
    }
}
