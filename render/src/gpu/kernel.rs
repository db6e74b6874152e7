//! A compute shader, compiled, and the bind groups it takes.

use super::{Gpu, GpuError, GpuView, Shader};

/// Kernels whose settings are read from arrays where the processor plays the GPU.
///
/// Mesa's lavapipe makes a copy of a kernel at each dispatch, in which the uniforms that it branches
/// on are constants, and keeps the copies where much falls away in them: 6 MB a step of an
/// optimisation. It lets arrays alone, which mean the same in WGSL. Measured kernel by kernel with
/// Mesa 22.3; in the others reading arrays costs more than it saves, or there is nothing to save.
const COPIED: [&str; 5] = [
    "splat/cull",
    "splat/project",
    "train/blur_rows",
    "train/descend",
    "train/loss_backward",
];

/// One WGSL file with an entry point `main`, ready to run.
#[derive(Debug)]
pub struct Kernel {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    name: &'static str,
}

impl Kernel {
    /// Compiles it. wgpu derives the bind group layout from the source.
    ///
    /// # Errors
    /// [`GpuError::Shader`] where an import is missing.
    pub fn new(gpu: &Gpu, shader: Shader) -> Result<Self, GpuError> {
        Self::with_constants(gpu, shader, &[])
    }

    /// Compiles it with values for its `override` constants.
    ///
    /// # Errors
    /// [`GpuError::Shader`] where an import is missing.
    pub fn with_constants(
        gpu: &Gpu,
        shader: Shader,
        constants: &[(&str, f64)],
    ) -> Result<Self, GpuError> {
        let mut wgsl = shader.wgsl()?;
        if gpu.capabilities().is_cpu() && COPIED.contains(&shader.name) {
            wgsl = wgsl.replace("<uniform>", "<storage, read>");
        }
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl(wgsl.into()),
        };
        let module = gpu.device.create_shader_module(descriptor);
        let pipeline = gpu
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(shader.name),
                layout: None,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants,
                    // Every kernel writes its shared memory before it reads it.
                    zero_initialize_workgroup_memory: false,
                },
                cache: None,
            });
        Ok(Self {
            layout: pipeline.get_bind_group_layout(0),
            pipeline,
            name: shader.name,
        })
    }

    /// Binds arrays in the order of `@binding` in the source.
    pub fn bind(&self, gpu: &Gpu, views: &[&dyn GpuView]) -> wgpu::BindGroup {
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
            .zip(views)
            .map(|(binding, view)| wgpu::BindGroupEntry {
                binding,
                resource: view.binding(),
            })
            .collect();
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.name),
            layout: &self.layout,
            entries: &entries,
        })
    }

    /// Path of the source below `shaders/`, without `.wgsl`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn pipeline(&self) -> &wgpu::ComputePipeline {
        &self.pipeline
    }
}
