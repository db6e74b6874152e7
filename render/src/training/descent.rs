//! A step of Adam along the gradient of a frame, for everything that is stored of splats.

use serde::{Deserialize, Serialize};

use crate::gpu::{DescentUniform, Gpu, GpuError, GpuVec, Recorder};
use crate::gradient::SUMS;
use crate::kernels::{Descend, descend};
use crate::rasterizer::folded;
use crate::{Gradient, Rasterizer};

use super::{FRAMES_SEEN, SplatPool};

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

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DescentConfig {
    /// Step sizes.
    pub rates: AdamRates,
    /// Number of the step, counted from 1; corrects moments for their beginning at zero.
    pub step: u32,
    /// Splats that the frame did not show stay as they are, moments too, regularisers apart
    /// (Taming-3DGS). Else they go on along their moments, with a gradient of zero.
    pub only_visible: bool,
    /// Weight of the mean opacity of all splats in the loss (3DGS-MCMC, eq. 10).
    pub opacity_weight: f32,
    /// Weight of the mean scale of all splats and axes in the loss, per world unit (3DGS-MCMC,
    /// eq. 10).
    pub scale_weight: f32,
    /// Harmonics above degree 0 move too.
    pub update_sh_rest: bool,
    /// No logarithm of a scale grows beyond this.
    pub largest_log_scale: f32,
}

impl Default for DescentConfig {
    fn default() -> Self {
        Self {
            rates: AdamRates::default(),
            step: 1,
            only_visible: true,
            opacity_weight: 0.0,
            scale_weight: 0.0,
            update_sh_rest: true,
            largest_log_scale: f32::MAX,
        }
    }
}

impl DescentConfig {
    /// What the kernel is told for `splats` splats. β and ε are 3DGS's.
    pub fn uniform(&self, splats: usize, statistics: bool) -> DescentUniform {
        let (beta1, beta2) = (0.9, 0.999);
        let steps = f64::from(self.step.max(1));
        let correction = |beta: f64| (1.0 / (1.0 - beta.powf(steps))) as f32;
        let splats = splats.max(1) as f32;
        DescentUniform {
            mean_rate: self.rates.means,
            quat_rate: self.rates.quats,
            log_scale_rate: self.rates.log_scales,
            opacity_rate: self.rates.opacity_logits,
            sh_base_rate: self.rates.sh_base,
            sh_rest_rate: self.rates.sh_rest,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            epsilon: 1e-15,
            correction1: correction(beta1),
            correction2: correction(beta2),
            opacity_pull: self.opacity_weight / splats,
            scale_pull: self.scale_weight / (3.0 * splats),
            largest_log_scale: self.largest_log_scale,
            only_visible: u32::from(self.only_visible),
            sh_rest: u32::from(self.update_sh_rest),
            statistics: u32::from(statistics),
        }
    }
}

/// Moves splats along the gradients of frames. Moments are the pool's.
#[derive(Debug)]
pub struct Descent {
    kernel: Descend,
    uniform: GpuVec<DescentUniform>,
    bound: Option<(BoundTo, Vec<(wgpu::BindGroup, u32)>)>,
}

/// What the bind groups refer to: frame, sums, splats.
type BoundTo = [wgpu::Buffer; 3];

impl Descent {
    /// Compiles the kernel.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            kernel: Descend::new(gpu)?,
            uniform: GpuVec::zeroed(gpu, "descent", 1)?,
            bound: None,
        })
    }

    /// Makes ready to move `pool` along `gradient`, which was prepared for the frame that
    /// `rasterizer` drew last. Once warm nothing is allocated.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where nothing was drawn, or frame, gradient and pool do not fit each
    /// other.
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        rasterizer: &Rasterizer,
        gradient: &Gradient,
        pool: &SplatPool,
        config: &DescentConfig,
    ) -> Result<(), GpuError> {
        let frame = rasterizer.blended()?;
        let sums = gradient
            .splat_sums()
            .filter(|it| it.len() == frame.capacity.visible * SUMS)
            .filter(|_| frame.capacity.splats == pool.room())
            .ok_or_else(|| {
                let message = "frame, gradient and splats do not fit each other";
                GpuError::Invalid(message.to_owned())
            })?;
        let statistics = FRAMES_SEEN < pool.statistics();
        self.uniform
            .write(gpu, &[config.uniform(pool.len(), statistics)]);
        let first_chunk = pool.splats().chunks().first();
        let params = first_chunk.map_or(frame.frame.buffer(), |it| it.params.buffer());
        let key = [frame.visible_bits.buffer(), sums.buffer(), params].map(Clone::clone);
        if self.bound.as_ref().is_some_and(|(bound, _)| *bound == key) {
            return Ok(());
        }
        let groups = pool.chunks().map(|(chunk, moments)| {
            let arrays = descend::Arrays {
                frame: &frame.frame,
                descent: &self.uniform,
                chunk: &chunk.uniform,
                visible_bits: &frame.visible_bits,
                block_offsets: &frame.block_offsets,
                splat_sums: sums,
                params: &chunk.params,
                geometry: &moments.geometry,
                sh_first: &moments.sh_first,
                sh_second: &moments.sh_second,
                statistics: &moments.statistics,
            };
            // All there is room for: how many there are the kernel reads from the chunk.
            let blocks = chunk.stride.div_ceil(BLOCK) as u32;
            (self.kernel.bind(gpu, &arrays), blocks)
        });
        self.bound = Some((key, groups.collect()));
        Ok(())
    }

    /// Records the step, after [`Descent::prepare`].
    pub fn record(&self, recorder: &mut Recorder<'_>) {
        for (group, blocks) in self.bound.iter().flat_map(|(_, groups)| groups) {
            recorder.dispatch(self.kernel.kernel(), group, folded(*blocks));
        }
    }
}
