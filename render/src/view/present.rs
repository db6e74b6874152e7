//! `view/present.wgsl`: the frame, stretched over the current viewport of a render pass.

use crate::Rasterizer;
use crate::gpu::{Gpu, GpuError, GpuVec, PresentUniform};
use crate::shader;

use super::pipeline::{View, bind, pipeline};

/// Draws the last frame of a [`Rasterizer`] into a render pass.
#[derive(Debug)]
pub struct Present {
    pipeline: wgpu::RenderPipeline,
    uniform: GpuVec<PresentUniform>,
    linear_target: bool,
    bound: Option<(wgpu::Buffer, wgpu::BindGroup)>,
}

impl Present {
    /// For targets of this format.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, GpuError> {
        let view = View {
            shader: shader!("view/present"),
            format,
            vertices: &[],
            topology: wgpu::PrimitiveTopology::TriangleList,
            blend: None,
        };
        Ok(Self {
            pipeline: pipeline(gpu, &view)?,
            uniform: GpuVec::zeroed(gpu, "present", 1)?,
            linear_target: format.is_srgb(),
            bound: None,
        })
    }

    /// To be called before the pass begins, after each [`Rasterizer::draw`].
    pub fn prepare(&mut self, gpu: &Gpu, frame: &Rasterizer) {
        let Some(shown) = frame.shown() else {
            self.bound = None;
            return;
        };
        self.uniform.write(
            gpu,
            &[PresentUniform {
                image_size: shown.image_size,
                linear_target: u32::from(self.linear_target),
                pad: 0,
            }],
        );
        let pixels = shown.pixels.buffer();
        if self.bound.as_ref().is_none_or(|(bound, _)| bound != pixels) {
            let group = bind(gpu, &self.pipeline, &[self.uniform.buffer(), pixels]);
            self.bound = Some((pixels.clone(), group));
        }
    }

    /// Covers the pass's current viewport; does nothing before the first frame.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let Some((_, group)) = &self.bound {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.draw(0..3, 0..1);
        }
    }
}
