//! The scene inside egui's frame: a paint callback that draws when something changed.
//!
//! The callback carries the values of one frame; kernels and buffers live in egui-wgpu's callback
//! resources. What comes back (numbers, errors, a picked depth) lies in a [`Mailbox`] that the app
//! looks into at the start of each frame.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui;
use egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};
use glam::Vec2;
use render::gpu::{Gpu, GpuError};
use render::{
    Camera, Compare, CompareMode, Comparison, FrameStats, GpuSplats, Lines, Present, Rasterizer,
    RenderConfig, Segment,
};

use crate::compare::SeenPhoto;
use crate::state::Drawn;

/// How often to look whether the GPU has finished, at least.
const POLL_MIN: Duration = Duration::from_millis(8);

/// A frame that has not come back after this long will not.
const GIVE_UP: Duration = Duration::from_secs(20);

/// How often a frame that lacks splats is drawn again; each time it has more room.
const MAX_RETRIES: u32 = 4;

/// What decides how the frame looks. When it is that of the frame before, nothing is drawn anew.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FrameKey {
    pub(crate) drawn: Drawn,
    pub(crate) camera: Camera,
    pub(crate) config: RenderConfig,
    pub(crate) profiling: bool,
    /// How many screen pixels a pixel of the frame covers along each axis.
    pub(crate) reduction: u32,
}

/// What one frame shows.
#[derive(Clone, Debug)]
pub(crate) struct FrameValues {
    pub(crate) key: FrameKey,
    pub(crate) splats: GpuSplats,
    pub(crate) segments: Vec<Segment>,
    /// Size of the viewport in the screen's pixels.
    pub(crate) viewport_px: [f32; 2],
    /// Where to measure the depth, as parts of width and height from the top left.
    pub(crate) pick: Option<Vec2>,
    /// The photo that the frame is shown with, how, and where the wipe's edge is.
    pub(crate) compare: Option<(Arc<SeenPhoto>, CompareMode, f32)>,
}

/// What came back from the GPU since the app looked.
#[derive(Debug, Default)]
pub(crate) struct Returned {
    pub(crate) stats: Option<FrameStats>,
    pub(crate) failure: Option<GpuError>,
    /// Where was picked, and the depth along the optical axis; `None` where there is nothing.
    pub(crate) picked: Option<(Vec2, Option<f32>)>,
    /// Of the newest frame that is done.
    pub(crate) done: Option<DoneFrame>,
    /// When the last frames were handed over; taken by the app to count them.
    pub(crate) started: Vec<Instant>,
    /// Size of the frame's arrays.
    pub(crate) bytes: u64,
    /// When the window's newest frame had been handed to the screen.
    pub(crate) shown: Option<Instant>,
}

/// A frame that the GPU has finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoneFrame {
    /// From handing it over until it was known to be done.
    pub(crate) latency: Duration,
    /// Its [`FrameKey::reduction`].
    pub(crate) reduction: u32,
}

/// Shared between the callback and the app; held only to put something in or take it out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mailbox(Arc<Mutex<Returned>>);

impl Mailbox {
    /// Takes what came back.
    pub(crate) fn take(&self) -> Returned {
        std::mem::take(&mut self.open())
    }

    /// Takes when the window's newest frame had been handed to the screen.
    pub(crate) fn take_shown(&self) -> Option<Instant> {
        self.open().shown.take()
    }

    fn open(&self) -> MutexGuard<'_, Returned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stays from frame to frame: kernels, buffers, and which frame was drawn last.
pub(crate) struct Painter {
    gpu: Gpu,
    rasterizer: Rasterizer,
    present: Present,
    compare: Compare,
    lines: Lines,
    /// Whether the photo is shown with the frame.
    compares: bool,
    drawn: Option<FrameKey>,
    flight: Arc<Mutex<Flight>>,
    /// Visible splats and pairs, as last told.
    counts: (u32, u32),
    /// How often the frame was drawn again for lack of room.
    retries: u32,
    /// Splats are missing from it.
    overflowed: bool,
}

/// The frame that the GPU works on.
#[derive(Debug, Default)]
struct Flight {
    /// When it was handed over; `None` once it is done.
    since: Option<Instant>,
    /// How long the one before took.
    latency: Duration,
}

impl Painter {
    /// Compiles the kernels, for a window of this format.
    ///
    /// # Errors
    /// Those of [`Rasterizer::new`].
    pub(crate) fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Result<Self, GpuError> {
        Ok(Self {
            gpu: gpu.clone(),
            rasterizer: Rasterizer::new(gpu)?,
            present: Present::new(gpu, format)?,
            compare: Compare::new(gpu, format)?,
            compares: false,
            lines: Lines::new(gpu, format)?,
            drawn: None,
            flight: Arc::default(),
            counts: (0, 0),
            retries: 0,
            overflowed: false,
        })
    }

    fn prepare(&mut self, values: &FrameValues, mailbox: &Mailbox, ctx: &egui::Context) {
        self.collect(mailbox, ctx);
        let is_new = self.drawn.as_ref() != Some(&values.key);
        if (is_new || self.lacks_room()) && !self.is_busy() {
            self.retries = if is_new { 0 } else { self.retries + 1 };
            // Also after an error: the same frame would only fail again.
            self.drawn = Some(values.key.clone());
            let result = self.draw(values, mailbox, ctx);
            report(mailbox, ctx, result);
        }
        if self.is_busy() {
            let latency = lock(&self.flight).latency;
            ctx.request_repaint_after(POLL_MIN.max(latency / 4));
        }
        if let Some(pick) = values.pick {
            let result = self.pick(pick);
            let depth = result.as_ref().copied().unwrap_or_default();
            mailbox.open().picked = Some((pick, depth));
            ctx.request_repaint();
            report(mailbox, ctx, result.map(|_| ()));
        }
        let compared = self.compare_with(values);
        report(mailbox, ctx, compared);
        let camera = self
            .drawn
            .as_ref()
            .map_or(&values.key.camera, |it| &it.camera);
        let result = self.lines.prepare(
            &self.gpu,
            &self.rasterizer,
            camera,
            values.viewport_px,
            &values.segments,
        );
        report(mailbox, ctx, result);
    }

    fn compare_with(&mut self, values: &FrameValues) -> Result<(), GpuError> {
        let Some((photo, mode, wipe)) = &values.compare else {
            if std::mem::take(&mut self.compares) {
                self.compare.clear();
            }
            return Ok(());
        };
        self.compares = true;
        let comparison = Comparison {
            mode: *mode,
            wipe: *wipe,
            id: photo.id,
            size: photo.size,
            rgba: &photo.rgba,
        };
        self.compare
            .prepare(&self.gpu, &self.rasterizer, &comparison)
    }

    /// Looks, without waiting, for what earlier frames have to tell.
    fn collect(&mut self, mailbox: &Mailbox, ctx: &egui::Context) {
        match self.rasterizer.poll(&self.gpu) {
            Err(err) => report(mailbox, ctx, Err(err)),
            Ok(stats) => {
                let counts = (stats.visible, stats.pairs);
                if counts != self.counts {
                    self.counts = counts;
                    ctx.request_repaint();
                }
                self.overflowed = stats.overflowed;
                mailbox.open().stats = Some(stats);
            }
        }
    }

    fn draw(
        &mut self,
        values: &FrameValues,
        mailbox: &Mailbox,
        ctx: &egui::Context,
    ) -> Result<(), GpuError> {
        let FrameKey {
            camera,
            config,
            profiling,
            reduction,
            ..
        } = &values.key;
        self.rasterizer.set_profiling(*profiling);
        self.rasterizer
            .draw(&self.gpu, &values.splats, camera, config)?;
        self.present.prepare(&self.gpu, &self.rasterizer);

        let started = Instant::now();
        lock(&self.flight).since = Some(started);
        let (flight, ctx, inbox) = (self.flight.clone(), ctx.clone(), mailbox.clone());
        let reduction = *reduction;
        self.gpu.queue.on_submitted_work_done(move || {
            let latency = started.elapsed();
            *lock(&flight) = Flight {
                since: None,
                latency,
            };
            inbox.open().done = Some(DoneFrame { latency, reduction });
            ctx.request_repaint();
        });
        let mut returned = mailbox.open();
        returned.started.push(started);
        returned.bytes = self.rasterizer.bytes();
        Ok(())
    }

    /// One frame at a time: on a slow device frames would pile up and the window would lag.
    fn is_busy(&self) -> bool {
        let since = lock(&self.flight).since;
        since.is_some_and(|it| it.elapsed() < GIVE_UP)
    }

    /// Each new frame has more room, until the device has no more.
    fn lacks_room(&self) -> bool {
        self.overflowed && self.retries < MAX_RETRIES
    }

    fn pick(&self, at: Vec2) -> Result<Option<f32>, GpuError> {
        let Some([width, height]) = self.rasterizer.image_size() else {
            return Ok(None);
        };
        let pixel = at * Vec2::new(width as f32, height as f32);
        let [x, y] = [pixel.x as u32, pixel.y as u32];
        self.rasterizer.depth_at(&self.gpu, x, y)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(mailbox: &Mailbox, ctx: &egui::Context, result: Result<(), GpuError>) {
    if let Err(err) = result {
        mailbox.open().failure = Some(err);
        ctx.request_repaint();
    }
}

/// One frame's paint callback.
pub(crate) struct PaintScene {
    pub(crate) values: FrameValues,
    pub(crate) mailbox: Mailbox,
    pub(crate) ctx: egui::Context,
}

impl Drop for PaintScene {
    /// The window lets go of a frame's shapes as soon as the screen has it: nothing else tells.
    fn drop(&mut self) {
        self.mailbox.open().shown = Some(Instant::now());
    }
}

impl CallbackTrait for PaintScene {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        _queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(painter) = resources.get_mut::<Painter>() {
            painter.prepare(&self.values, &self.mailbox, &self.ctx);
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        if let Some(painter) = resources.get::<Painter>() {
            if painter.compares {
                painter.compare.paint(pass);
            } else {
                painter.present.paint(pass);
                painter.lines.paint(pass);
            }
        }
    }
}
