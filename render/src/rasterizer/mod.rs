//! The forward pass: splats, camera and settings in; colour, alpha and depth out, on the GPU.
//!
//! A frame is recorded once and runs without the processor: counts stay on the GPU, dispatches
//! that depend on them are indirect, and once warm nothing is allocated. Should the room for
//! (tile, splat) pairs not suffice, the frame lacks its farthest splats, a flag comes back some
//! frames later, and the arrays grow.

mod buffers;
mod frame;
mod image;
mod readback;
mod sort;
mod steps;
mod window;

pub(crate) use buffers::FrameBuffers;
pub use buffers::{Capacity, TILE_PX};
pub(crate) use frame::camera_uniform;
pub use image::Image;
pub use sort::{
    Counted, KeyValues, PARTITION, PARTITIONS_PER_BLOCK, Sort, SortPasses, SortScratch,
};

use serde::Serialize;

use crate::gpu::{Counters, FrameUniform, Gpu, GpuError, GpuVec, KernelTime, Profiler, Recorder};
use crate::{Camera, GpuSplats, RenderConfig, Style};

use readback::Readback;
pub use steps::FOLD;
pub(crate) use steps::folded;
use steps::{Bindings, Kernels};
pub use window::Window;

/// Numbers of a frame.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FrameStats {
    /// Splats that reach the image.
    pub visible: u32,
    /// (tile, splat) pairs.
    pub pairs: u32,
    /// Splats are missing for lack of room; draw again.
    pub overflowed: bool,
    /// Time of each kernel, while profiling; else of the whole frame, under its first kernel's
    /// name. Empty where the device has no time stamps.
    pub timings: Vec<KernelTime>,
    /// Time of the frame on the GPU.
    pub gpu_ms: Option<f32>,
}

/// Draws splats.
#[derive(Debug)]
pub struct Rasterizer {
    kernels: Kernels,
    buffers: Option<FrameBuffers>,
    bound: Option<(wgpu::Buffer, Bindings)>,
    readback: Readback,
    profiler: Option<Profiler>,
    profiling: bool,
    stats: FrameStats,
    style: Style,
    /// What was drawn last is a part of the camera's image only.
    is_part: bool,
}

impl Rasterizer {
    /// Compiles the kernels.
    ///
    /// # Errors
    /// [`GpuError::Shader`], [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            kernels: Kernels::new(gpu)?,
            buffers: None,
            bound: None,
            readback: Readback::new(gpu)?,
            profiler: Profiler::new(gpu),
            profiling: false,
            stats: FrameStats::default(),
            style: Style::default(),
            is_part: false,
        })
    }

    /// Whether each kernel is timed. That gives each a pass of its own and costs some time; where
    /// the device has no time stamps nothing happens.
    pub fn set_profiling(&mut self, on: bool) {
        self.profiling = on;
    }

    /// Records a frame of the size of the camera's image and submits it, without waiting.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`] when arrays must grow, and what the
    /// device has to tell of earlier work ([`Gpu::check`]).
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        camera: &Camera,
        config: &RenderConfig,
    ) -> Result<(), GpuError> {
        self.draw_window(gpu, splats, (camera, Window::whole(camera)), config)
    }

    /// The same with a part of the camera's image: its pixels are those of the whole, to the bit.
    /// (Normals from depth look at the pixels beside them, which the outermost of a part lack.)
    ///
    /// # Errors
    /// Those of [`Rasterizer::draw`].
    pub fn draw_window(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        (camera, window): (&Camera, Window),
        config: &RenderConfig,
    ) -> Result<(), GpuError> {
        gpu.check()?;
        self.prepare(gpu, splats, window)?;
        let (Some(buffers), Some((_, bindings))) = (&self.buffers, &self.bound) else {
            return Ok(());
        };
        let uniform = frame::uniform(camera, config, splats, &buffers.capacity, window);
        // Not through a staging belt, which panics when the device is lost.
        buffers.frame.write(gpu, &[uniform]);
        self.style = config.style;
        self.is_part = window != Window::whole(camera);
        let mut recorder = Recorder::new(gpu, self.profiler.as_mut(), self.profiling);
        steps::record(
            &mut recorder,
            &self.kernels,
            buffers,
            bindings,
            config.style,
        );
        let requested = self.readback.record(&mut recorder, &buffers.counters);
        recorder.submit(gpu);
        if requested {
            self.readback.request();
        }
        Ok(())
    }

    /// Draws and waits; grows the arrays and repeats until no splat is missing.
    ///
    /// # Errors
    /// Those of [`Rasterizer::draw`].
    pub fn draw_complete(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        camera: &Camera,
        config: &RenderConfig,
    ) -> Result<FrameStats, GpuError> {
        self.draw_window_complete(gpu, splats, (camera, Window::whole(camera)), config)
    }

    /// The same with a part of the camera's image.
    ///
    /// # Errors
    /// Those of [`Rasterizer::draw`].
    pub fn draw_window_complete(
        &mut self,
        gpu: &Gpu,
        splats: &GpuSplats,
        (camera, window): (&Camera, Window),
        config: &RenderConfig,
    ) -> Result<FrameStats, GpuError> {
        // Numbers of an earlier frame that still are on their way would be taken for this one's.
        gpu.wait()?;
        self.poll(gpu)?;
        loop {
            self.draw_window(gpu, splats, (camera, window), config)?;
            gpu.wait()?;
            let stats = self.poll(gpu)?;
            if !stats.overflowed {
                return Ok(stats);
            }
            if !self.can_grow(gpu) {
                log::warn!("too many splats overlap for this device; the farthest are missing");
                return Ok(stats);
            }
        }
    }

    /// The newest numbers that have come back, without waiting. Where they say that splats are missing, the next frame has more room.
    ///
    /// # Errors
    /// What the device has to tell of earlier work ([`Gpu::check`]).
    pub fn poll(&mut self, gpu: &Gpu) -> Result<FrameStats, GpuError> {
        gpu.device.poll(wgpu::PollType::Poll).ok();
        gpu.check()?;
        if let Some((counters, times)) = self.readback.take() {
            self.stats = stats_of(counters, times);
        }
        Ok(self.stats.clone())
    }

    /// The image drawn last; waits for it.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`]; [`GpuError::Invalid`] before the
    /// first frame.
    pub fn read_image(&self, gpu: &Gpu) -> Result<Image, GpuError> {
        let buffers = self.drawn()?;
        let rgba = buffers.image.read(gpu)?;
        let [width, height] = buffers.capacity.image_size;
        Ok(Image {
            width,
            height,
            rgb: rgba.iter().map(|&[r, g, b, _]| [r, g, b]).collect(),
            alpha: rgba.iter().map(|it| it[3]).collect(),
            depth: buffers.depths.read(gpu)?,
        })
    }

    /// What the window shows of the frame drawn last: RGBA8, row-major from the top left; waits.
    ///
    /// # Errors
    /// Those of [`Rasterizer::read_image`].
    pub fn read_rgba8(&self, gpu: &Gpu) -> Result<Vec<u8>, GpuError> {
        let pixels = self.drawn()?.pixels.read(gpu)?;
        Ok(pixels.into_iter().flat_map(u32::to_le_bytes).collect())
    }

    /// Expected depth under a pixel of the frame drawn last, world units along the optical axis;
    /// `None` outside the image and where there is less than half a surface. Waits.
    ///
    /// # Errors
    /// Those of [`Rasterizer::read_image`].
    pub fn depth_at(&self, gpu: &Gpu, x: u32, y: u32) -> Result<Option<f32>, GpuError> {
        let buffers = self.drawn()?;
        let [width, height] = buffers.capacity.image_size;
        if width <= x || height <= y {
            return Ok(None);
        }
        let at = y as usize * width as usize + x as usize;
        let rgba = buffers.image.read_range(gpu, at, 1)?;
        let depth = buffers.depths.read_range(gpu, at, 1)?;
        let alpha = rgba[0][3];
        Ok((0.5 <= alpha).then(|| depth[0] / alpha))
    }

    /// Width and height of the frame drawn last, in pixels.
    pub fn image_size(&self) -> Option<[u32; 2]> {
        self.buffers.as_ref().map(|it| it.capacity.image_size)
    }

    /// Size of the arrays on the device.
    pub fn bytes(&self) -> u64 {
        self.buffers.as_ref().map_or(0, FrameBuffers::bytes)
    }

    /// What is shown (RGBA8) and the depth and alpha it came from, for drawing on the GPU.
    pub(crate) fn shown(&self) -> Option<Shown<'_>> {
        self.buffers.as_ref().map(|it| Shown {
            image_size: it.capacity.image_size,
            pixels: &it.pixels,
            image: &it.image,
            depths: &it.depths,
        })
    }

    /// The arrays of the frame drawn last, where it shows splats as they are blended: what its
    /// gradient is made from.
    pub(crate) fn blended(&self) -> Result<&FrameBuffers, GpuError> {
        if self.style != Style::Splats {
            let message = format!("{:?} has no gradient", self.style);
            return Err(GpuError::Invalid(message));
        }
        if self.is_part {
            let message = "a part of an image has no gradient".to_owned();
            return Err(GpuError::Invalid(message));
        }
        self.drawn()
    }

    /// The projected splats of the frame drawn last, for tests: `(counters, a, b, c)`, see
    /// `splat/project.wgsl`; waits.
    ///
    /// # Errors
    /// Those of [`Rasterizer::read_image`].
    pub fn read_projected(&self, gpu: &Gpu) -> Result<Projected, GpuError> {
        let buffers = self.drawn()?;
        let counters = buffers.counters.read(gpu)?[0];
        let n = counters.num_visible as usize;
        Ok(Projected {
            counters,
            visible_bits: buffers.visible_bits.read(gpu)?,
            a: buffers.projected_a.read_range(gpu, 0, n)?,
            b: buffers.projected_b.read_range(gpu, 0, n)?,
            c: buffers.projected_c.read_range(gpu, 0, n)?,
            tile_counts: buffers.tile_counts.read_range(gpu, 0, n)?,
        })
    }

    fn drawn(&self) -> Result<&FrameBuffers, GpuError> {
        self.buffers
            .as_ref()
            .ok_or_else(|| GpuError::Invalid("nothing has been drawn yet".to_owned()))
    }

    /// Makes or keeps arrays and bind groups that fit this frame.
    fn prepare(&mut self, gpu: &Gpu, splats: &GpuSplats, window: Window) -> Result<(), GpuError> {
        let size = window.size().map(|it| it.max(1));
        let before = self.buffers.as_ref().map(|it| it.capacity);
        let pairs_before = before.map_or(0, |it| it.pairs);
        let mut wanted = Capacity::for_frame(gpu, splats, size, pairs_before);
        if self.stats.overflowed
            && let Some(grown) = wanted.grown(gpu, self.stats.pairs as usize)
        {
            wanted = grown;
            self.stats.overflowed = false;
        }
        if before != Some(wanted) {
            self.bound = None;
            // Free the old arrays first: both may not fit.
            self.buffers = None;
            self.buffers = Some(FrameBuffers::new(gpu, wanted)?);
        }
        let Some(buffers) = &self.buffers else {
            return Ok(());
        };
        let key = splats
            .chunks()
            .first()
            .map_or(buffers.frame.buffer(), |it| it.params.buffer());
        if self.bound.as_ref().is_none_or(|(bound, _)| bound != key) {
            let bindings = Bindings::new(gpu, &self.kernels, buffers, splats)?;
            self.bound = Some((key.clone(), bindings));
        }
        Ok(())
    }

    fn can_grow(&self, gpu: &Gpu) -> bool {
        self.buffers.as_ref().is_some_and(|it| {
            let wanted = self.stats.pairs as usize;
            it.capacity.grown(gpu, wanted).is_some()
        })
    }
}

fn stats_of(counters: Counters, times: Vec<KernelTime>) -> FrameStats {
    FrameStats {
        visible: counters.wanted_visible,
        pairs: counters.wanted_pairs,
        overflowed: counters.num_visible < counters.wanted_visible
            || counters.num_pairs < counters.wanted_pairs,
        gpu_ms: (!times.is_empty()).then(|| times.iter().map(|it| it.ms).sum()),
        timings: times,
    }
}

/// The visible splats of a frame on the host.
#[derive(Clone, Debug)]
pub struct Projected {
    /// Numbers of the frame.
    pub counters: Counters,
    /// A bit for each splat.
    pub visible_bits: Vec<u32>,
    /// `mean2d, depth, extent.y`.
    pub a: Vec<[f32; 4]>,
    /// `conic, opacity`.
    pub b: Vec<[f32; 4]>,
    /// `rgb, extent.x`.
    pub c: Vec<[f32; 4]>,
    /// Tiles each touches.
    pub tile_counts: Vec<u32>,
}

/// The frame drawn last, on the GPU.
pub(crate) struct Shown<'a> {
    pub(crate) image_size: [u32; 2],
    pub(crate) pixels: &'a GpuVec<u32>,
    pub(crate) image: &'a GpuVec<[f32; 4]>,
    pub(crate) depths: &'a GpuVec<f32>,
}

/// The uniform of a frame, for tests that run single kernels.
pub fn frame_uniform(
    camera: &Camera,
    config: &RenderConfig,
    splats: &GpuSplats,
    capacity: &Capacity,
) -> FrameUniform {
    frame::uniform(camera, config, splats, capacity, Window::whole(camera))
}
