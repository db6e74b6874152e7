//! `view/lines.wgsl`: line segments in the world, hidden where splats lie in front of them.

use bytemuck::{Pod, Zeroable};
use glam::{Mat4, Vec3, Vec4};

use crate::gpu::{Gpu, GpuError, GpuVec, LineUniform};
use crate::{Camera, Rasterizer, shader};

use super::pipeline::{View, bind, pipeline};

/// Lines nearer than this are cut off (camera z), as a part of the scene's own scale is not known
/// here; small enough for any scene.
const NEAR: f32 = 1e-3;

/// A straight line between two points in the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// One end, world units.
    pub from: Vec3,
    /// The other end.
    pub to: Vec3,
    /// Display RGBA, not premultiplied.
    pub colour: [u8; 4],
    /// Width in pixels of the target.
    pub width_px: f32,
}

/// A [`Segment`] as the vertex stage reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Instance {
    from: [f32; 3],
    to: [f32; 3],
    colour: [u8; 4],
    width_px: f32,
}

/// Draws line segments into a render pass.
#[derive(Debug)]
pub struct Lines {
    pipeline: wgpu::RenderPipeline,
    uniform: GpuVec<LineUniform>,
    linear_target: bool,
    instances: Option<wgpu::Buffer>,
    count: u32,
    bound: Option<(wgpu::Buffer, wgpu::BindGroup)>,
}

impl Lines {
    /// For targets of this format.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, GpuError> {
        let attributes = wgpu::vertex_attr_array![
            0 => Float32x3, 1 => Float32x3, 2 => Unorm8x4, 3 => Float32
        ];
        let view = View {
            shader: shader!("view/lines"),
            format,
            vertices: &[Some(wgpu::VertexBufferLayout {
                array_stride: size_of::<Instance>() as u64,
                step_mode: wgpu::VertexStepMode::Instance,
                attributes: &attributes,
            })],
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
        };
        Ok(Self {
            pipeline: pipeline(gpu, &view)?,
            uniform: GpuVec::zeroed(gpu, "lines", 1)?,
            linear_target: format.is_srgb(),
            instances: None,
            count: 0,
            bound: None,
        })
    }

    /// To be called before the pass begins: `segments` as `camera` sees them, with the depths of
    /// the last frame. `viewport_px` is the size of the pass's viewport.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn prepare(
        &mut self,
        gpu: &Gpu,
        frame: &Rasterizer,
        camera: &Camera,
        viewport_px: [f32; 2],
        segments: &[Segment],
    ) -> Result<(), GpuError> {
        self.count = 0;
        let Some(shown) = frame.shown() else {
            return Ok(());
        };
        self.upload(gpu, segments)?;
        let w2c = Mat4::from(camera.w2c());
        self.uniform.write(
            gpu,
            &[LineUniform {
                clip_from_world: (clip_from_camera(camera) * w2c).to_cols_array_2d(),
                camera_from_world: w2c.to_cols_array_2d(),
                viewport_px,
                image_size: shown.image_size,
                near: NEAR,
                linear_target: u32::from(self.linear_target),
                pad: [0; 2],
            }],
        );
        let image = shown.image.buffer();
        if self.bound.as_ref().is_none_or(|(bound, _)| bound != image) {
            let buffers = [self.uniform.buffer(), image, shown.depths.buffer()];
            self.bound = Some((image.clone(), bind(gpu, &self.pipeline, &buffers)));
        }
        Ok(())
    }

    /// Draws over the pass's current viewport.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let (Some((_, group)), Some(instances)) = (&self.bound, &self.instances) {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.set_vertex_buffer(0, instances.slice(..));
            pass.draw(0..4, 0..self.count);
        }
    }

    fn upload(&mut self, gpu: &Gpu, segments: &[Segment]) -> Result<(), GpuError> {
        let instances: Vec<Instance> = segments.iter().map(instance).collect();
        let bytes: &[u8] = bytemuck::cast_slice(&instances);
        if bytes.is_empty() {
            return Ok(());
        }
        let size = bytes.len() as u64;
        if self.instances.as_ref().is_none_or(|it| it.size() < size) {
            let descriptor = wgpu::BufferDescriptor {
                label: Some("line segments"),
                size: size.next_power_of_two(),
                usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            };
            let buffer = gpu.allocate("line segments", |it| it.create_buffer(&descriptor))?;
            self.instances = Some(buffer);
        }
        if let Some(buffer) = &self.instances {
            gpu.queue.write_buffer(buffer, 0, bytes);
        }
        self.count = segments.len() as u32;
        Ok(())
    }
}

fn instance(segment: &Segment) -> Instance {
    Instance {
        from: segment.from.into(),
        to: segment.to.into(),
        colour: segment.colour,
        width_px: segment.width_px,
    }
}

/// Camera space (y down, z forward) to clip space (y up); `w` is the depth. Depth itself is not
/// tested by the hardware.
fn clip_from_camera(camera: &Camera) -> Mat4 {
    let k = &camera.intrinsics;
    let (w, h) = (k.width as f32, k.height as f32);
    Mat4::from_cols(
        Vec4::new(2.0 * k.fx / w, 0.0, 0.0, 0.0),
        Vec4::new(0.0, -2.0 * k.fy / h, 0.0, 0.0),
        Vec4::new(2.0 * k.cx / w - 1.0, 1.0 - 2.0 * k.cy / h, 0.0, 1.0),
        Vec4::ZERO,
    )
}
