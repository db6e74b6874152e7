//! Numbers of a frame, fetched without waiting: asked for when a frame is submitted, taken when
//! they have come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::gpu::{Counters, Gpu, GpuError, GpuVec, KernelTime, Profiler, Recorder, TimedPasses};

const IDLE: u8 = 0;
const ON_ITS_WAY: u8 = 1;
const ARRIVED: u8 = 2;
const FAILED: u8 = 3;

const COUNTER_BYTES: u64 = size_of::<Counters>() as u64;

/// One read-back at a time.
#[derive(Debug)]
pub(super) struct Readback {
    staging: wgpu::Buffer,
    state: Arc<AtomicU8>,
    timed: TimedPasses,
}

impl Readback {
    /// Allocates the buffer that the processor can read.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub(super) fn new(gpu: &Gpu) -> Result<Self, GpuError> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("counters read-back"),
            size: COUNTER_BYTES + Profiler::BYTES,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        Ok(Self {
            staging: gpu.allocate("counters read-back", |it| it.create_buffer(&descriptor))?,
            state: Arc::new(AtomicU8::new(IDLE)),
            timed: TimedPasses::default(),
        })
    }

    /// Records the copy, unless an earlier one is still on its way. Tells whether it did.
    pub(super) fn record(
        &mut self,
        recorder: &mut Recorder<'_>,
        counters: &GpuVec<Counters>,
    ) -> bool {
        let free = self.state.load(Ordering::Acquire) == IDLE;
        if free {
            recorder.copy(counters, &self.staging, COUNTER_BYTES);
            self.timed = recorder.copy_times(&self.staging, COUNTER_BYTES);
        }
        free
    }

    /// Asks for the copy that was just submitted.
    pub(super) fn request(&self) {
        self.state.store(ON_ITS_WAY, Ordering::Release);
        let state = self.state.clone();
        self.staging
            .map_async(wgpu::MapMode::Read, .., move |result| {
                let next = if result.is_ok() { ARRIVED } else { FAILED };
                state.store(next, Ordering::Release);
            });
    }

    /// The numbers and the times, once, when they have come.
    pub(super) fn take(&mut self) -> Option<(Counters, Vec<KernelTime>)> {
        match self.state.load(Ordering::Acquire) {
            ARRIVED => {
                let numbers = self.staging.get_mapped_range(..).ok().map(|bytes| {
                    let (counters, stamps) = bytes.split_at(COUNTER_BYTES as usize);
                    let counters = bytemuck::pod_read_unaligned(counters);
                    (counters, self.timed.times(stamps))
                });
                self.staging.unmap();
                self.state.store(IDLE, Ordering::Release);
                numbers
            }
            FAILED => {
                self.state.store(IDLE, Ordering::Release);
                None
            }
            _ => None,
        }
    }
}
