//! Splats stay in a region while they are optimised.

use glam::{Quat, Vec3};

use crate::gpu::{ConfineUniform, Gpu, GpuError, GpuVec, Recorder};
use crate::kernels::{Confine as Kernel, confine};
use crate::rasterizer::folded;

use super::SplatPool;

/// Splats in a workgroup.
const BLOCK: usize = 256;

/// Where splats may be: all that is no farther than `radius` from an oriented box. A box has radius
/// 0, a ball half-extents of 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosure {
    /// Middle of the box, world.
    pub centre: Vec3,
    /// Half its extents along its own axes, world units; not negative.
    pub half: Vec3,
    /// World from box; of length 1.
    pub rotation: Quat,
    /// World units; not negative.
    pub radius: f32,
}

/// Brings the means of splats that left an [`Enclosure`] back to its border.
#[derive(Debug)]
pub struct Confine {
    kernel: Kernel,
    uniform: GpuVec<ConfineUniform>,
    bound: Option<(Vec<wgpu::Buffer>, Vec<wgpu::BindGroup>)>,
    blocks: Vec<u32>,
}

impl Confine {
    /// Compiles the kernel for a region.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, enclosure: &Enclosure) -> Result<Self, GpuError> {
        let uniform = ConfineUniform {
            centre: enclosure.centre.to_array(),
            radius: enclosure.radius,
            half: enclosure.half.to_array(),
            pad: 0,
            rotation: enclosure.rotation.to_array(),
        };
        Ok(Self {
            kernel: Kernel::new(gpu)?,
            uniform: GpuVec::from_slice(gpu, "region", &[uniform])?,
            bound: None,
            blocks: Vec::new(),
        })
    }

    /// Makes ready for the splats of `pool` that are not frozen. Once warm nothing is allocated.
    pub fn prepare(&mut self, gpu: &Gpu, pool: &SplatPool) {
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
            let arrays = confine::Arrays {
                confine: &self.uniform,
                chunk: &chunk.uniform,
                params: &chunk.params,
            };
            self.kernel.bind(gpu, &arrays)
        });
        self.bound = Some((buffers().cloned().collect(), groups.collect()));
    }

    /// Records it, after [`Confine::prepare`] for as many splats.
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
