//! Render pipelines of the view, set up in one place.

use crate::gpu::{Gpu, GpuError, Shader};

/// What differs between the pipelines.
pub(super) struct View<'a> {
    pub(super) shader: Shader,
    pub(super) format: wgpu::TextureFormat,
    pub(super) vertices: &'a [Option<wgpu::VertexBufferLayout<'a>>],
    pub(super) topology: wgpu::PrimitiveTopology,
    pub(super) blend: Option<wgpu::BlendState>,
}

/// Compiles a shader with entry points `vertex` and `fragment`.
pub(super) fn pipeline(gpu: &Gpu, view: &View<'_>) -> Result<wgpu::RenderPipeline, GpuError> {
    let name = view.shader.name;
    let module = gpu
        .device
        .create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(view.shader.wgsl()?.into()),
        });
    Ok(gpu
        .device
        .create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(name),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: Default::default(),
                buffers: view.vertices,
            },
            primitive: wgpu::PrimitiveState {
                topology: view.topology,
                ..Default::default()
            },
            depth_stencil: None,
            multisample: Default::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment"),
                compilation_options: Default::default(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: view.format,
                    blend: view.blend,
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        }))
}

/// Binds buffers in the order of `@binding`.
pub(super) fn bind(
    gpu: &Gpu,
    pipeline: &wgpu::RenderPipeline,
    buffers: &[&wgpu::Buffer],
) -> wgpu::BindGroup {
    let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
        .zip(buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry {
            binding,
            resource: buffer.as_entire_binding(),
        })
        .collect();
    gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("view"),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    })
}
