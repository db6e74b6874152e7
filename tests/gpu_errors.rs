//! A device that cannot do what is asked says so in a typed error, and goes on where it can.

use recon::synthetic::{bench_camera, clustered};
use render::gpu::{Gpu, GpuError, GpuOptions, GpuVec};
use render::{GpuSplats, Rasterizer, RenderConfig};
use tests::gpu;

#[test]
fn what_no_memory_holds_is_an_error_and_the_device_goes_on() {
    let Some(gpu) = gpu::gpu() else { return };
    // As large as the device says a texture may be: far more than any machine's memory.
    let limits = gpu.device.limits();
    let side = limits.max_texture_dimension_2d;
    let size = wgpu::Extent3d {
        width: side,
        height: side,
        depth_or_array_layers: limits.max_texture_array_layers,
    };
    let descriptor = wgpu::TextureDescriptor {
        label: Some("too much"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba32Float,
        usage: wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    };
    let result = gpu.allocate("a texture", |device| device.create_texture(&descriptor));
    let Err(err @ GpuError::OutOfMemory { .. }) = result else {
        panic!("{result:?}")
    };
    assert!(err.to_string().contains("a texture"), "{err}");
    gpu.check().unwrap();

    let splats = GpuSplats::upload(gpu, &clustered(1, 300, 0)).unwrap();
    let camera = bench_camera(32, 32);
    gpu::rasterizer(gpu)
        .draw_complete(gpu, &splats, &camera, &RenderConfig::default())
        .unwrap();
}

#[test]
fn an_array_beyond_the_binding_limit_is_refused_by_size() {
    let Some(gpu) = gpu::gpu() else { return };
    let limit = gpu.capabilities().max_binding_bytes;
    let result = GpuVec::<f32>::zeroed(gpu, "an array", (limit / 4 + 1) as usize);
    assert!(
        matches!(&result, Err(GpuError::TooLarge { needed, .. }) if limit < *needed),
        "{result:?}"
    );
}

#[test]
fn an_image_too_large_to_bind_is_an_error() {
    let Some(gpu) = gpu::gpu() else { return };
    let limit = gpu.capabilities().max_binding_bytes;
    let side = ((limit / 16) as f64).sqrt() as u32 + 64;
    let splats = GpuSplats::upload(gpu, &clustered(1, 300, 0)).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let config = RenderConfig::default();
    let result = rasterizer.draw_complete(gpu, &splats, &bench_camera(side, side), &config);
    assert!(
        matches!(result, Err(GpuError::TooLarge { .. })),
        "{result:?}"
    );
    // The next frame of a size that fits is drawn.
    let camera = bench_camera(32, 32);
    rasterizer
        .draw_complete(gpu, &splats, &camera, &config)
        .unwrap();
}

#[test]
fn a_device_that_is_gone_is_an_error() {
    if gpu::gpu().is_none() {
        return;
    }
    let gpu = Gpu::open(&GpuOptions::default()).unwrap();
    let splats = GpuSplats::upload(&gpu, &clustered(1, 300, 0)).unwrap();
    let mut rasterizer = Rasterizer::new(&gpu).unwrap();
    gpu.device.destroy();
    let camera = bench_camera(32, 32);
    let config = RenderConfig::default();
    let result = rasterizer.draw_complete(&gpu, &splats, &camera, &config);
    let result = result.and_then(|_| rasterizer.read_rgba8(&gpu));
    assert!(matches!(result, Err(GpuError::DeviceLost(_))), "{result:?}");
}

#[test]
fn an_adapter_that_is_not_there_is_named_with_those_that_are() {
    let Some(gpu) = gpu::gpu() else { return };
    let options = GpuOptions {
        adapter: Some("no such card".to_owned()),
    };
    let Err(GpuError::NoSuchAdapter { wanted, found }) = Gpu::open(&options) else {
        panic!("it opened")
    };
    assert_eq!(wanted, "no such card");
    assert!(found.contains(&gpu.capabilities().name), "{found}");
}
