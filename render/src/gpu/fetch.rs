//! A few numbers from the GPU without waiting: asked for when work is submitted, taken when they
//! have come.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytemuck::Pod;

use super::{Gpu, GpuError, GpuVec, Recorder};

const IDLE: u8 = 0;
const ON_ITS_WAY: u8 = 1;
const ARRIVED: u8 = 2;
const FAILED: u8 = 3;

/// The first elements of an array, one request at a time.
#[derive(Debug)]
pub struct Fetch<T> {
    staging: wgpu::Buffer,
    state: Arc<AtomicU8>,
    element: PhantomData<T>,
}

impl<T: Pod> Fetch<T> {
    /// Allocates the buffer that the processor can read, for `len` elements.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn new(gpu: &Gpu, len: usize) -> Result<Self, GpuError> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("fetched numbers"),
            size: (len * size_of::<T>()) as u64,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        Ok(Self {
            staging: gpu.allocate("fetched numbers", |it| it.create_buffer(&descriptor))?,
            state: Arc::new(AtomicU8::new(IDLE)),
            element: PhantomData,
        })
    }

    /// Records the copy, unless an earlier one is still on its way. Tells whether it did: then
    /// [`Fetch::request`] belongs after the submission.
    pub fn record(&self, recorder: &mut Recorder<'_>, array: &GpuVec<T>) -> bool {
        let free = self.is_idle();
        if free {
            recorder.copy(array, &self.staging, self.staging.size());
        }
        free
    }

    /// Whether nothing is on its way.
    pub fn is_idle(&self) -> bool {
        self.state.load(Ordering::Acquire) == IDLE
    }

    /// Asks for the copy that was just submitted.
    pub fn request(&self) {
        self.state.store(ON_ITS_WAY, Ordering::Release);
        let state = self.state.clone();
        let done = move |result: Result<(), wgpu::BufferAsyncError>| {
            let arrived = if result.is_ok() { ARRIVED } else { FAILED };
            state.store(arrived, Ordering::Release);
        };
        self.staging.map_async(wgpu::MapMode::Read, .., done);
    }

    /// What has come since the last call, if anything. The device must have been polled.
    pub fn take(&self) -> Option<Vec<T>> {
        match self.state.load(Ordering::Acquire) {
            ARRIVED => {}
            FAILED => {
                self.state.store(IDLE, Ordering::Release);
                return None;
            }
            _ => return None,
        }
        let view = self.staging.get_mapped_range(..).ok()?;
        let elements = bytemuck::pod_collect_to_vec(&view);
        drop(view);
        self.staging.unmap();
        self.state.store(IDLE, Ordering::Release);
        Some(elements)
    }
}
