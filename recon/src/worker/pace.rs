//! How far a job may run ahead of the GPU: there is one queue, and the window's frames wait in it
//! behind what was submitted before.

use std::time::Instant;

use render::gpu::{Gpu, GpuError};

/// Work that is submitted ahead of the window's frames, in milliseconds.
const AHEAD_MS: f32 = 10.0;
/// Steps that take longer are cut: on a slow device each part waits behind a frame of the window,
/// so that cutting has its price.
const LONG_MS: f32 = 250.0;
/// How much a new step's time counts against the smoothed one.
const NEW: f32 = 0.2;

/// Counts submitted work in time.
#[derive(Debug)]
pub(super) struct Pace {
    /// Smoothed time of a step; `None` before the first.
    step_ms: Option<f32>,
    /// Steps that were submitted and not waited for, and when the first of them was.
    ahead: Option<(u32, Instant)>,
}

impl Pace {
    /// On a processor that plays the GPU every step is long.
    pub(super) fn new(gpu: &Gpu) -> Self {
        Self {
            step_ms: gpu.capabilities().is_cpu().then_some(10.0 * AHEAD_MS),
            ahead: None,
        }
    }

    /// Whether steps are so long that they are to be cut.
    pub(super) fn is_slow(&self) -> bool {
        self.step_ms.is_none_or(|it| LONG_MS < it)
    }

    /// Time passed without work: what was submitted before is done by now.
    pub(super) fn rest(&mut self) {
        self.ahead = None;
    }

    /// Waits where as much was submitted as may be. `begun` is when the newest step was.
    ///
    /// # Errors
    /// What the device has to tell.
    pub(super) fn keep(&mut self, gpu: &Gpu, begun: Instant) -> Result<(), GpuError> {
        self.keep_with(begun, || gpu.wait())
    }

    /// The same for whoever has another way to `wait` for what was submitted.
    ///
    /// # Errors
    /// That of `wait`.
    pub(super) fn keep_with<E>(
        &mut self,
        begun: Instant,
        wait: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let (steps, since) = self.ahead.map_or((1, begun), |(n, since)| (n + 1, since));
        let is_full = self
            .step_ms
            .is_none_or(|it| AHEAD_MS <= it * (steps + 1) as f32);
        if !is_full {
            self.ahead = Some((steps, since));
            return Ok(());
        }
        wait()?;
        let ms = 1e3 * since.elapsed().as_secs_f32() / steps as f32;
        self.step_ms = Some(self.step_ms.map_or(ms, |it| it + NEW * (ms - it)));
        self.ahead = None;
        Ok(())
    }
}
