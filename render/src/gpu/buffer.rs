//! Typed storage buffers: allocate within the device's limits, upload, read back.

use std::marker::PhantomData;

use bytemuck::Pod;

use super::{Gpu, GpuError};

/// An array of `T` on the GPU.
#[derive(Clone, Debug)]
pub struct GpuVec<T> {
    buffer: wgpu::Buffer,
    len: usize,
    element: PhantomData<T>,
}

/// Anything a kernel can bind.
pub trait GpuView {
    /// What a bind group wants.
    fn binding(&self) -> wgpu::BindingResource<'_>;
}

impl<T> GpuView for GpuVec<T> {
    fn binding(&self) -> wgpu::BindingResource<'_> {
        self.buffer.as_entire_binding()
    }
}

impl<T: Pod> GpuVec<T> {
    /// Allocates `len` zeroed elements (at least one: an empty binding is not allowed).
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] beyond what the device binds, [`GpuError::OutOfMemory`].
    pub fn zeroed(gpu: &Gpu, label: &str, len: usize) -> Result<Self, GpuError> {
        let needed = (len.max(1) as u64).saturating_mul(size_of::<T>() as u64);
        let about = gpu.capabilities();
        let limit = about.max_binding_bytes.min(about.max_buffer_bytes);
        if limit < needed {
            return Err(GpuError::TooLarge {
                what: label.to_owned(),
                needed,
                limit,
            });
        }
        let descriptor = wgpu::BufferDescriptor {
            label: Some(label),
            size: needed.next_multiple_of(16),
            usage: usage(),
            mapped_at_creation: false,
        };
        let buffer = gpu.allocate(label, |device| device.create_buffer(&descriptor))?;
        Ok(Self {
            buffer,
            len,
            element: PhantomData,
        })
    }

    /// Uploads a slice.
    ///
    /// # Errors
    /// Those of [`GpuVec::zeroed`].
    pub fn from_slice(gpu: &Gpu, label: &str, elements: &[T]) -> Result<Self, GpuError> {
        let array = Self::zeroed(gpu, label, elements.len())?;
        array.write(gpu, elements);
        Ok(array)
    }

    /// Replaces the first elements.
    pub fn write(&self, gpu: &Gpu, elements: &[T]) {
        self.write_at(gpu, 0, elements);
    }

    /// Replaces the elements from `first` on.
    pub fn write_at(&self, gpu: &Gpu, first: usize, elements: &[T]) {
        let offset = (first * size_of::<T>()) as u64;
        let bytes = bytemuck::cast_slice(elements);
        gpu.queue.write_buffer(&self.buffer, offset, bytes);
    }

    /// How many elements it was made for.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it was made for none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Size on the device.
    pub fn bytes(&self) -> u64 {
        self.buffer.size()
    }

    /// The same array, each element as words: a kernel that only moves numbers need not know
    /// what they are.
    pub fn words(&self) -> GpuVec<u32> {
        GpuVec {
            buffer: self.buffer.clone(),
            len: self.len * size_of::<T>() / size_of::<u32>(),
            element: PhantomData,
        }
    }

    /// The buffer beneath.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Copies the array back, waiting for the GPU.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn read(&self, gpu: &Gpu) -> Result<Vec<T>, GpuError> {
        self.read_range(gpu, 0, self.len)
    }

    /// Copies `count` elements from `first` on back, waiting for the GPU.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn read_range(&self, gpu: &Gpu, first: usize, count: usize) -> Result<Vec<T>, GpuError> {
        let size = size_of::<T>();
        let bytes = read_bytes(
            gpu,
            &self.buffer,
            (first * size) as u64,
            (count * size) as u64,
        )?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }
}

fn usage() -> wgpu::BufferUsages {
    use wgpu::BufferUsages as U;
    U::STORAGE | U::UNIFORM | U::INDIRECT | U::COPY_SRC | U::COPY_DST
}

/// Copies a part of a buffer back, waiting for the GPU. Offset and length in bytes, multiples of 4.
///
/// # Errors
/// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
pub fn read_bytes(
    gpu: &Gpu,
    buffer: &wgpu::Buffer,
    offset: u64,
    len: u64,
) -> Result<Vec<u8>, GpuError> {
    if len == 0 {
        return Ok(Vec::new());
    }
    let staging = gpu.allocate("read-back", |device| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read-back"),
            size: len,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    })?;
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    encoder.copy_buffer_to_buffer(buffer, offset, &staging, 0, len);
    gpu.queue.submit([encoder.finish()]);
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    staging.map_async(wgpu::MapMode::Read, .., move |result| {
        sender.send(result).ok();
    });
    gpu.wait()?;
    match receiver.recv() {
        Ok(Ok(())) => {}
        Ok(Err(err)) => return Err(GpuError::DeviceLost(err.to_string())),
        Err(err) => return Err(GpuError::DeviceLost(err.to_string())),
    }
    let view = staging
        .get_mapped_range(..)
        .map_err(|err| GpuError::DeviceLost(err.to_string()))?;
    Ok(view.to_vec())
}
