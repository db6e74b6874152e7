//! Splats are made no sharper than the photos can tell (Mip-Splatting, Yu et al. 2024).

use glam::Mat4;

use crate::Camera;
use crate::gpu::{FilterCamera, FilterUniform, Gpu, GpuError, GpuVec, Recorder};
use crate::kernels::{MeasureFilter, measure_filter};
use crate::rasterizer::folded;

use super::SplatPool;

/// Splats in a workgroup.
const BLOCK: usize = 256;
/// Variance of the filter in square pixels, Mip-Splatting's.
const VARIANCE: f32 = 0.2;
/// Around the image, in parts of its size, splats count as seen; Mip-Splatting's.
const MARGIN: f32 = 0.15;

/// Measures the 3D filters of a pool's splats, from the cameras that photos were taken with.
#[derive(Debug)]
pub struct Filter {
    kernel: MeasureFilter,
    cameras: GpuVec<FilterCamera>,
    uniform: GpuVec<FilterUniform>,
    bound: Option<(wgpu::Buffer, Vec<(wgpu::BindGroup, u32)>)>,
}

impl Filter {
    /// Compiles the kernel and uploads the cameras.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, cameras: &[Camera]) -> Result<Self, GpuError> {
        let cameras: Vec<FilterCamera> = cameras.iter().map(packed).collect();
        Ok(Self {
            kernel: MeasureFilter::new(gpu)?,
            cameras: GpuVec::from_slice(gpu, "cameras", &cameras)?,
            uniform: GpuVec::zeroed(gpu, "filter", 1)?,
            bound: None,
        })
    }

    /// Makes ready to measure the filters of `pool`; splats nearer to a camera than `near` (camera
    /// z, world units) are not seen by it. Once warm nothing is allocated.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where the pool has no filters.
    pub fn prepare(&mut self, gpu: &Gpu, pool: &SplatPool, near: f32) -> Result<(), GpuError> {
        let plane = pool.splats().filter_plane().ok_or_else(|| {
            let message = "the splats were made without filters";
            GpuError::Invalid(message.to_owned())
        })?;
        let uniform = FilterUniform {
            cameras: self.cameras.len() as u32,
            plane: plane as u32,
            near,
            margin: MARGIN,
            deviation: VARIANCE.sqrt(),
        };
        self.uniform.write(gpu, &[uniform]);
        let first_chunk = pool.splats().chunks().first();
        let key = first_chunk.map_or(self.uniform.buffer(), |it| it.params.buffer());
        if self.bound.as_ref().is_some_and(|(bound, _)| bound == key) {
            return Ok(());
        }
        let groups = pool.splats().chunks().iter().map(|chunk| {
            let arrays = measure_filter::Arrays {
                filtering: &self.uniform,
                chunk: &chunk.uniform,
                cameras: &self.cameras,
                params: &chunk.params,
            };
            let blocks = chunk.stride.div_ceil(BLOCK) as u32;
            (self.kernel.bind(gpu, &arrays), blocks)
        });
        self.bound = Some((key.clone(), groups.collect()));
        Ok(())
    }

    /// Records the measurement, after [`Filter::prepare`]. Means move slowly: once in a hundred
    /// steps suffices, and after the number of splats has changed.
    pub fn record(&self, recorder: &mut Recorder<'_>) {
        for (group, blocks) in self.bound.iter().flat_map(|(_, groups)| groups) {
            recorder.dispatch(self.kernel.kernel(), group, folded(*blocks));
        }
    }
}

fn packed(camera: &Camera) -> FilterCamera {
    let w2c = Mat4::from(camera.w2c());
    let k = &camera.intrinsics;
    FilterCamera {
        row_x: w2c.row(0).into(),
        row_y: w2c.row(1).into(),
        row_z: w2c.row(2).into(),
        focal: [k.fx, k.fy],
        principal: [k.cx, k.cy],
        image_size: [k.width as f32, k.height as f32],
        pad: [0; 2],
    }
}
