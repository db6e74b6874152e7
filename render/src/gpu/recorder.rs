//! Recording dispatches, in one pass, or in a pass each with time stamps around it.

use serde::Serialize;

use super::{DispatchArgs, Gpu, GpuVec, Kernel};

/// How many dispatches of a frame can be timed; the rest goes untimed.
const MAX_TIMED: u32 = 256;

/// How many workgroups a dispatch has.
#[derive(Clone, Copy)]
pub enum Groups<'a> {
    /// This many, known when recorded: along x and y.
    Direct(u32, u32),
    /// The arguments lie on the GPU, at this index.
    Indirect(&'a GpuVec<DispatchArgs>, usize),
}

/// Time one kernel took in a frame, all its dispatches together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KernelTime {
    /// Path of the kernel below `shaders/`.
    pub name: &'static str,
    /// Milliseconds on the GPU.
    pub ms: f32,
}

/// Time stamps around passes.
#[derive(Debug)]
pub struct Profiler {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    ns_per_tick: f32,
    names: Vec<&'static str>,
}

impl Profiler {
    /// Size of a frame's time stamps, in bytes.
    pub const BYTES: u64 = MAX_TIMED as u64 * 16;

    /// `None` where the device has no time stamps.
    pub fn new(gpu: &Gpu) -> Option<Self> {
        if !gpu.capabilities().timestamps {
            return None;
        }
        let queries = gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("kernel times"),
            ty: wgpu::QueryType::Timestamp,
            count: 2 * MAX_TIMED,
        });
        let resolved = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("kernel times"),
            size: Self::BYTES,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        Some(Self {
            queries,
            resolved,
            ns_per_tick: gpu.queue.get_timestamp_period(),
            names: Vec::new(),
        })
    }

    fn stamp(&mut self, name: &'static str) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        let slot = 2 * self.names.len() as u32;
        if 2 * MAX_TIMED <= slot {
            return None;
        }
        self.names.push(name);
        Some(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(slot),
            end_of_pass_write_index: Some(slot + 1),
        })
    }
}

/// Whose times the stamps of a frame are, while they are on their way to the processor.
#[derive(Clone, Debug, Default)]
pub struct TimedPasses {
    names: Vec<&'static str>,
    ns_per_tick: f32,
}

impl TimedPasses {
    /// Milliseconds per name, in order of first use, from the copied stamps.
    pub fn times(&self, stamps: &[u8]) -> Vec<KernelTime> {
        let ticks: Vec<[u64; 2]> = bytemuck::pod_collect_to_vec(stamps);
        let mut times: Vec<KernelTime> = Vec::new();
        for (&name, &[begin, end]) in self.names.iter().zip(&ticks) {
            let ms = end.saturating_sub(begin) as f32 * self.ns_per_tick * 1e-6;
            match times.iter_mut().find(|it| it.name == name) {
                Some(time) => time.ms += ms,
                None => times.push(KernelTime { name, ms }),
            }
        }
        times
    }
}

/// Records one frame.
pub struct Recorder<'a> {
    encoder: wgpu::CommandEncoder,
    pass: Option<wgpu::ComputePass<'static>>,
    profiler: Option<&'a mut Profiler>,
    each_kernel: bool,
}

impl<'a> Recorder<'a> {
    /// Begins. A profiler times the frame; with `each_kernel` every dispatch gets a pass of its
    /// own to be timed, which costs some time itself.
    pub fn new(gpu: &Gpu, mut profiler: Option<&'a mut Profiler>, each_kernel: bool) -> Self {
        if let Some(profiler) = &mut profiler {
            profiler.names.clear();
        }
        Self {
            encoder: gpu.device.create_command_encoder(&Default::default()),
            pass: None,
            profiler,
            each_kernel,
        }
    }

    /// Fills an array with zeros.
    pub fn clear<T>(&mut self, array: &GpuVec<T>)
    where
        T: bytemuck::Pod,
    {
        self.pass = None;
        self.encoder.clear_buffer(array.buffer(), 0, None);
    }

    /// Copies the beginning of one array over the beginning of a buffer.
    pub fn copy<T>(&mut self, from: &GpuVec<T>, to: &wgpu::Buffer, bytes: u64)
    where
        T: bytemuck::Pod,
    {
        self.pass = None;
        self.encoder
            .copy_buffer_to_buffer(from.buffer(), 0, to, 0, bytes);
    }

    /// Copies `count` elements of one array, from an index on, into another array, from an index
    /// on. Elements take a multiple of 4 bytes.
    pub fn copy_part<T>(
        &mut self,
        (from, from_first): (&GpuVec<T>, usize),
        (to, to_first): (&GpuVec<T>, usize),
        count: usize,
    ) where
        T: bytemuck::Pod,
    {
        self.pass = None;
        let bytes = |elements: usize| (elements * size_of::<T>()) as u64;
        if 0 < count {
            self.encoder.copy_buffer_to_buffer(
                from.buffer(),
                bytes(from_first),
                to.buffer(),
                bytes(to_first),
                bytes(count),
            );
        }
    }

    /// Runs a kernel.
    pub fn dispatch(&mut self, kernel: &Kernel, bind_group: &wgpu::BindGroup, groups: Groups<'_>) {
        if self.each_kernel {
            self.pass = None;
        }
        if self.pass.is_none() {
            let writes = self
                .profiler
                .as_mut()
                .and_then(|it| it.stamp(kernel.name()));
            let descriptor = wgpu::ComputePassDescriptor {
                label: Some(kernel.name()),
                timestamp_writes: writes,
            };
            let pass = self.encoder.begin_compute_pass(&descriptor);
            self.pass = Some(pass.forget_lifetime());
        }
        let Some(pass) = &mut self.pass else { return };
        pass.set_pipeline(kernel.pipeline());
        pass.set_bind_group(0, bind_group, &[]);
        match groups {
            Groups::Direct(x, y) => pass.dispatch_workgroups(x, y, 1),
            Groups::Indirect(args, index) => {
                let offset = (index * size_of::<DispatchArgs>()) as u64;
                pass.dispatch_workgroups_indirect(args.buffer(), offset);
            }
        }
    }

    /// Copies the time stamps of what was recorded so far into a buffer, from `offset` on;
    /// there must be room for [`Profiler::BYTES`]. Tells whose times they will be.
    pub fn copy_times(&mut self, to: &wgpu::Buffer, offset: u64) -> TimedPasses {
        self.pass = None;
        let Some(profiler) = &self.profiler else {
            return TimedPasses::default();
        };
        let count = profiler.names.len() as u32;
        if 0 < count {
            let (queries, resolved) = (&profiler.queries, &profiler.resolved);
            self.encoder
                .resolve_query_set(queries, 0..2 * count, resolved, 0);
            let bytes = u64::from(count) * 16;
            self.encoder
                .copy_buffer_to_buffer(resolved, 0, to, offset, bytes);
        }
        TimedPasses {
            names: profiler.names.clone(),
            ns_per_tick: profiler.ns_per_tick,
        }
    }

    /// Hands the frame to the GPU and does not wait.
    pub fn submit(mut self, gpu: &Gpu) {
        self.pass = None;
        gpu.queue.submit([self.encoder.finish()]);
    }
}
