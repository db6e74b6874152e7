//! Noise on the means, step by step (3DGS-MCMC).

use crate::gpu::{Gpu, GpuError, GpuVec, NoiseUniform, Recorder};
use crate::kernels::{AddNoise, add_noise};
use crate::rasterizer::folded;

use super::SplatPool;

/// Splats in a workgroup.
const BLOCK: usize = 256;
/// How sharply splats that are seen are spared, and from which opacity on; 3DGS-MCMC's.
const GATE: (f32, f32) = (100.0, 0.005);

/// Moves the means of faint splats at random, so that they find where they are needed.
#[derive(Debug)]
pub struct Noise {
    kernel: AddNoise,
    uniform: GpuVec<NoiseUniform>,
    none_given: GpuVec<f32>,
    bound: Option<(Vec<wgpu::Buffer>, Vec<wgpu::BindGroup>)>,
    blocks: Vec<u32>,
}

impl Noise {
    /// Compiles the kernel.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            kernel: AddNoise::new(gpu)?,
            uniform: GpuVec::zeroed(gpu, "noise", 1)?,
            none_given: GpuVec::zeroed(gpu, "noise", 1)?,
            bound: None,
            blocks: Vec::new(),
        })
    }

    /// Makes ready for a step: noise is unit normal times `scale` times each splat's covariance,
    /// less where it is opaque. `scale` is in units of 1 / world: 3DGS-MCMC takes 5·10⁵ times the
    /// step of the means.
    pub fn prepare(&mut self, gpu: &Gpu, pool: &SplatPool, scale: f32, seed: u32) {
        let (gate_slope, gate_opacity) = GATE;
        let uniform = NoiseUniform {
            scale,
            gate_slope,
            gate_opacity,
            seed,
        };
        self.uniform.write(gpu, &[uniform]);
        self.blocks.clear();
        let counts = pool.chunks().map(|(chunk, _)| chunk.count);
        self.blocks
            .extend(counts.map(|it| it.div_ceil(BLOCK) as u32));
        let buffers = || pool.chunks().map(|(chunk, _)| chunk.params.buffer());
        if let Some((bound, _)) = &self.bound
            && bound.iter().eq(buffers())
        {
            return;
        }
        let groups = pool.chunks().map(|(chunk, _)| {
            self.kernel.bind(
                gpu,
                &add_noise::Arrays {
                    noise: &self.uniform,
                    chunk: &chunk.uniform,
                    given: &self.none_given,
                    params: &chunk.params,
                },
            )
        });
        self.bound = Some((buffers().cloned().collect(), groups.collect()));
    }

    /// Records the noise, after [`Noise::prepare`] for the same step.
    pub fn record(&self, recorder: &mut Recorder<'_>) {
        let Some((_, groups)) = &self.bound else {
            return;
        };
        for (group, &blocks) in groups.iter().zip(&self.blocks) {
            if 0 < blocks {
                recorder.dispatch(self.kernel.kernel(), group, folded(blocks));
            }
        }
    }
}
