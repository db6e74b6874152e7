//! Splats on the GPU: planes of parameters, in chunks that each fit one binding.

use glam::Vec3;

use crate::gpu::{ChunkUniform, Gpu, GpuError, GpuVec};
use crate::{Splats, sh};

/// Planes before the harmonics: mean 3, quaternion 4, log-scale 3, opacity logit 1.
pub const GEOMETRY_PLANES: usize = 11;

/// Chunks begin at multiples of this, the width of the kernels that work on them.
const BLOCK: usize = 256;

/// One part of the splats: an array of planes, each `stride` long, that hold one parameter of all
/// splats: 0–2 mean, 3–6 quaternion (w x y z), 7–9 log-scale, 10 opacity logit, then the harmonics,
/// coefficient by coefficient, rgb within; at last, where splats are filtered, the size of their 3D
/// filter.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Where it lies among all splats, and its shape.
    pub uniform: GpuVec<ChunkUniform>,
    /// The planes. `[planes × stride]`
    pub params: GpuVec<f32>,
    /// Index of its first splat.
    pub first: usize,
    /// Splats in it.
    pub count: usize,
    /// Splats it has room for: elements from one plane to the next.
    pub stride: usize,
}

/// Splats on the GPU. Cloning shares them.
#[derive(Clone, Debug)]
pub struct GpuSplats {
    chunks: Vec<Chunk>,
    len: usize,
    sh_degree: u32,
    filtered: bool,
    frozen: usize,
    centre: Vec3,
    radius: f32,
}

/// How splats lie on the GPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// How many there is room for; as many as there are where that is more.
    pub room: usize,
    /// There is a plane for the size of the 3D filter.
    pub filtered: bool,
    /// So many, the first ones, are frozen; at most as many as there are.
    pub frozen: usize,
    /// Chunks take at most so much.
    pub max_chunk_bytes: u64,
}

impl GpuSplats {
    /// Uploads splats.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`]; [`GpuError::Invalid`] where the arrays disagree in length.
    pub fn upload(gpu: &Gpu, splats: &Splats) -> Result<Self, GpuError> {
        Self::upload_chunked(gpu, splats, gpu.capabilities().max_binding_bytes)
    }

    /// Uploads splats into arrays that have room for `room` of them in all, or for as many as
    /// there are where that is more.
    ///
    /// # Errors
    /// Those of [`GpuSplats::upload`].
    pub fn upload_with_room(gpu: &Gpu, splats: &Splats, room: usize) -> Result<Self, GpuError> {
        let layout = Layout {
            room,
            filtered: false,
            frozen: 0,
            max_chunk_bytes: gpu.capabilities().max_binding_bytes,
        };
        Self::allocate(gpu, splats, layout)
    }

    /// Uploads splats in chunks of at most `max_chunk_bytes`, as on a device that binds no more.
    ///
    /// # Errors
    /// Those of [`GpuSplats::upload`].
    pub fn upload_chunked(
        gpu: &Gpu,
        splats: &Splats,
        max_chunk_bytes: u64,
    ) -> Result<Self, GpuError> {
        let layout = Layout {
            room: 0,
            filtered: false,
            frozen: 0,
            max_chunk_bytes,
        };
        Self::allocate(gpu, splats, layout)
    }

    /// Uploads splats into arrays of this layout.
    ///
    /// # Errors
    /// Those of [`GpuSplats::upload`].
    pub(crate) fn allocate(gpu: &Gpu, splats: &Splats, layout: Layout) -> Result<Self, GpuError> {
        splats
            .check()
            .map_err(|err| GpuError::Invalid(err.to_string()))?;
        let harmonics = 3 * splats.coeffs_per_splat();
        let planes = GEOMETRY_PLANES + harmonics + usize::from(layout.filtered);
        let fits = (layout.max_chunk_bytes / (4 * planes as u64)) as usize;
        let chunk_len = (fits / BLOCK * BLOCK).max(BLOCK);
        let room = layout.room.max(splats.len());
        let frozen = layout.frozen.min(splats.len());
        let chunks = (0..room)
            .step_by(chunk_len)
            .map(|first| {
                let stride = chunk_len.min(room - first);
                let count = stride.min(splats.len().saturating_sub(first));
                upload_chunk(gpu, splats, (first, count, stride), (planes, frozen))
            })
            .collect::<Result<_, _>>()?;
        // Extent for the depth ramp: what most splats span, not what the stray ones do.
        let (low, high) = splats.robust_bounds(0.02).unwrap_or_default();
        Ok(Self {
            chunks,
            len: splats.len(),
            sh_degree: splats.sh_degree,
            filtered: layout.filtered,
            frozen,
            centre: 0.5 * (low + high),
            radius: 0.5 * (high - low).length(),
        })
    }

    /// As many numbers in the same places, all zero: gradients, or an optimiser's moments.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn zeroed_like(&self, gpu: &Gpu, label: &str) -> Result<Self, GpuError> {
        let chunk = |it: &Chunk| {
            Ok(Chunk {
                params: GpuVec::zeroed(gpu, label, it.params.len())?,
                ..it.clone()
            })
        };
        Ok(Self {
            chunks: self
                .chunks
                .iter()
                .map(chunk)
                .collect::<Result<_, GpuError>>()?,
            ..self.clone()
        })
    }

    /// Arrays of their own of the same shape, in which nothing is written yet, not even the
    /// chunks' uniforms.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub(crate) fn allocated_like(&self, gpu: &Gpu, label: &str) -> Result<Self, GpuError> {
        let mut splats = self.zeroed_like(gpu, label)?;
        for chunk in &mut splats.chunks {
            chunk.uniform = GpuVec::zeroed(gpu, "chunk", 1)?;
        }
        Ok(splats)
    }

    /// Whether the other splats are as many, with as much room, in the same planes and chunks.
    pub(crate) fn has_shape_of(&self, other: &Self) -> bool {
        let shape = |it: &Self| (it.len, it.sh_degree, it.filtered);
        let chunk = |it: &Chunk| (it.first, it.count, it.stride, it.params.len());
        let chunks = |it: &Self| it.chunks.iter().map(chunk).collect::<Vec<_>>();
        shape(self) == shape(other) && chunks(self) == chunks(other)
    }

    /// The same arrays, said to reach as far as the other splats.
    pub(crate) fn with_extent_of(self, other: &Self) -> Self {
        Self {
            centre: other.centre,
            radius: other.radius,
            ..self
        }
    }

    /// Copies the splats back, waiting for the GPU. Those that are filtered come with the filter
    /// baked in, so that they look the same where no filter is known.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn download(&self, gpu: &Gpu) -> Result<Splats, GpuError> {
        let (mut splats, filter) = self.download_bare(gpu)?;
        splats.bake(&filter);
        Ok(splats)
    }

    /// Copies the splats back as they are stored, and the sizes of their filters, waiting for the
    /// GPU; no sizes where they are not filtered.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn download_bare(&self, gpu: &Gpu) -> Result<(Splats, Vec<f32>), GpuError> {
        let mut splats = Splats {
            sh_degree: self.sh_degree,
            ..Splats::default()
        };
        let mut filter = Vec::new();
        let coeffs = sh::coeff_count(self.sh_degree);
        for chunk in &self.chunks {
            let stride = chunk.stride;
            let planes = chunk.params.read(gpu)?;
            let at = |plane: usize, i: usize| planes[plane * stride + i];
            let vec3 = |plane: usize, i: usize| [0, 1, 2].map(|k| at(plane + k, i));
            for i in 0..chunk.count {
                splats.means.push(vec3(0, i).into());
                splats.quats.push([3, 4, 5, 6].map(|plane| at(plane, i)));
                splats.log_scales.push(vec3(7, i).into());
                splats.opacity_logits.push(at(10, i));
                let rgb = |k| vec3(GEOMETRY_PLANES + 3 * k, i);
                splats.sh_coeffs.extend((0..coeffs).map(rgb));
                filter.extend(self.filter_plane().map(|plane| at(plane, i)));
            }
        }
        Ok((splats, filter))
    }

    /// Sets the sizes of the filters of the first splats, world units, where splats are filtered.
    pub(crate) fn write_filter(&self, gpu: &Gpu, sizes: &[f32]) {
        let Some(plane) = self.filter_plane() else {
            return;
        };
        for chunk in &self.chunks {
            let end = sizes.len().min(chunk.first + chunk.count);
            if chunk.first < end {
                let part = &sizes[chunk.first..end];
                chunk.params.write_at(gpu, plane * chunk.stride, part);
            }
        }
    }

    /// The same splats in arrays of their own that have no room for more, copied on the GPU.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub(crate) fn compacted(&self, gpu: &Gpu) -> Result<Self, GpuError> {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let occupied = self.chunks.iter().filter(|it| 0 < it.count);
        let chunks = occupied.map(|chunk| {
            let planes = chunk.params.len() / chunk.stride;
            let params = GpuVec::zeroed(gpu, "snapshot", planes * chunk.count)?;
            let bytes = |elements: usize| (elements * size_of::<f32>()) as u64;
            for plane in 0..planes {
                encoder.copy_buffer_to_buffer(
                    chunk.params.buffer(),
                    bytes(plane * chunk.stride),
                    params.buffer(),
                    bytes(plane * chunk.count),
                    bytes(chunk.count),
                );
            }
            let shape = (chunk.first, chunk.count, chunk.count);
            let uniform = chunk_uniform(shape, self.sh_degree, self.frozen);
            Ok(Chunk {
                uniform: GpuVec::from_slice(gpu, "chunk", &[uniform])?,
                params,
                stride: chunk.count,
                ..*chunk
            })
        });
        let chunks = chunks.collect::<Result<_, GpuError>>()?;
        gpu.queue.submit([encoder.finish()]);
        Ok(Self {
            chunks,
            ..self.clone()
        })
    }

    /// Which plane holds the sizes of the 3D filters, where splats are filtered.
    pub fn filter_plane(&self) -> Option<usize> {
        let plane = GEOMETRY_PLANES + 3 * sh::coeff_count(self.sh_degree);
        self.filtered.then_some(plane)
    }

    /// How many splats there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many there can be before arrays must grow.
    pub fn room(&self) -> usize {
        self.chunks.iter().map(|it| it.stride).sum()
    }

    /// How many of them, the first ones, are frozen.
    pub fn frozen(&self) -> usize {
        self.frozen
    }

    /// From now on there are `len` splats, at most [`Self::room`], at least the frozen ones. What new
    /// ones are is up to the caller. Those who share these splats must not draw them with the old
    /// number.
    pub(crate) fn set_len(&mut self, gpu: &Gpu, len: usize) {
        self.len = len.max(self.frozen).min(self.room());
        for chunk in &mut self.chunks {
            let count = chunk.stride.min(self.len.saturating_sub(chunk.first));
            if count != chunk.count {
                chunk.count = count;
                let shape = (chunk.first, count, chunk.stride);
                let uniform = chunk_uniform(shape, self.sh_degree, self.frozen);
                chunk.uniform.write(gpu, &[uniform]);
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Degree of the stored harmonics.
    pub fn sh_degree(&self) -> u32 {
        self.sh_degree
    }

    /// Size on the device.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|it| it.params.bytes()).sum()
    }

    /// The parts.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Middle and radius of where most splats are, world units.
    pub fn extent(&self) -> (Vec3, f32) {
        (self.centre, self.radius)
    }
}

fn upload_chunk(
    gpu: &Gpu,
    splats: &Splats,
    (first, count, stride): (usize, usize, usize),
    (planes, frozen): (usize, usize),
) -> Result<Chunk, GpuError> {
    let params = GpuVec::zeroed(gpu, "splats", planes * stride)?;
    let range = first.min(splats.len())..first.min(splats.len()) + count;
    let write = |plane: usize, values: Vec<f32>| {
        if !values.is_empty() {
            params.write_at(gpu, plane * stride, &values);
        }
    };
    for k in 0..3 {
        write(
            k,
            splats.means[range.clone()].iter().map(|v| v[k]).collect(),
        );
        let scales = splats.log_scales[range.clone()].iter();
        write(7 + k, scales.map(|v| v[k]).collect());
    }
    for k in 0..4 {
        write(
            3 + k,
            splats.quats[range.clone()].iter().map(|q| q[k]).collect(),
        );
    }
    write(10, splats.opacity_logits[range.clone()].to_vec());
    let coeffs = splats.coeffs_per_splat();
    for k in 0..coeffs {
        for channel in 0..3 {
            let values = range
                .clone()
                .map(|i| splats.sh_coeffs[i * coeffs + k][channel])
                .collect();
            write(GEOMETRY_PLANES + 3 * k + channel, values);
        }
    }
    let uniform = chunk_uniform((first, count, stride), splats.sh_degree, frozen);
    Ok(Chunk {
        uniform: GpuVec::from_slice(gpu, "chunk", &[uniform])?,
        params,
        first,
        count,
        stride,
    })
}

/// Of a chunk of splats of which, over all chunks, the first `frozen` are frozen.
fn chunk_uniform(
    (first, count, stride): (usize, usize, usize),
    sh_degree: u32,
    frozen: usize,
) -> ChunkUniform {
    ChunkUniform {
        frozen: frozen.saturating_sub(first).min(count) as u32,
        first: first as u32,
        count: count as u32,
        stride: stride as u32,
        sh_degree,
    }
}
