//! Parameters of splats with room for more, and an optimiser's memory of each.

use crate::gpu::{Gpu, GpuError, GpuVec};
use crate::gpu_splats::{Chunk, GEOMETRY_PLANES, Layout};
use crate::{GpuSplats, Splats, sh};

/// Planes of moments of means, quaternions, log-scales and opacity logits: first moments, then
/// second.
pub const GEOMETRY_MOMENTS: usize = 2 * GEOMETRY_PLANES;
/// Plane of statistics: added-up lengths of the gradient of the place in the image, in units of
/// half the image's size ([`super::Descent`] adds where this plane and the next are there).
pub const GRADIENT_LENGTHS: usize = 0;
/// Plane of statistics: in how many frames the splat was seen.
pub const FRAMES_SEEN: usize = 1;
/// Plane of statistics: how much the splat matters to frames.
pub const IMPORTANCE: usize = 2;
/// Plane of statistics: how wrong frames are where the splat is.
pub const ERRORS: usize = 3;

/// The optimiser's memory of a chunk of splats: planes like those of the parameters, with the same
/// stride.
#[derive(Clone, Debug)]
pub struct MomentChunk {
    /// First and second moments of everything but the harmonics. `[GEOMETRY_MOMENTS × stride]`
    pub geometry: GpuVec<f32>,
    /// First moments of the harmonics as f16, each divided by the root of [`Self::sh_second`]: two
    /// planes of parameters a word, the earlier in the lower half. `[⌈3 (degree+1)² / 2⌉ × stride]`
    pub sh_first: GpuVec<u32>,
    /// One second moment for all harmonics of a splat: the mean of their squares. `[stride]`
    pub sh_second: GpuVec<f32>,
    /// What densification adds up from frame to frame: the first so many of the planes
    /// [`GRADIENT_LENGTHS`], [`FRAMES_SEEN`], [`IMPORTANCE`], [`ERRORS`].
    /// `[statistics × stride]`
    pub statistics: GpuVec<f32>,
    /// Which splat of the pool each one comes from, as it was when [`SplatPool::mark_origins`] was
    /// called last: itself, or the one that it is a copy of. `[stride]`
    pub origins: GpuVec<u32>,
}

/// What a pool has beside its splats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolOptions {
    /// How many splats there is room for; as many as there are where that is more.
    pub room: usize,
    /// How many planes of statistics there are, 0 to 4.
    pub statistics: usize,
    /// Each splat has a 3D filter, of size zero until [`super::Filter`] has measured it.
    pub filtered: bool,
    /// So many, the first ones, are frozen: they are drawn, and nothing here changes them. Their
    /// filters stay of size zero.
    pub frozen: usize,
    /// Arrays of parameters are at most this long, as on a device that binds no more.
    pub max_chunk_bytes: Option<u64>,
}

/// Splats that are being optimised.
#[derive(Debug)]
pub struct SplatPool {
    splats: GpuSplats,
    moments: Vec<MomentChunk>,
    statistics: usize,
}

impl SplatPool {
    /// Uploads splats, with moments of zero, room for `room` splats in all, and the first
    /// `statistics` planes of statistics, 0 to 4.
    ///
    /// # Errors
    /// Those of [`SplatPool::with_options`].
    pub fn new(
        gpu: &Gpu,
        splats: &Splats,
        room: usize,
        statistics: usize,
    ) -> Result<Self, GpuError> {
        let options = PoolOptions {
            room,
            statistics,
            ..PoolOptions::default()
        };
        Self::with_options(gpu, splats, &options)
    }

    /// Uploads splats, with moments of zero and what the options ask for.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`]; [`GpuError::Invalid`] where the arrays disagree in length, or more
    /// splats are to be frozen than there are.
    pub fn with_options(
        gpu: &Gpu,
        splats: &Splats,
        options: &PoolOptions,
    ) -> Result<Self, GpuError> {
        if splats.len() < options.frozen {
            let message = format!("{} of {} splats are frozen", options.frozen, splats.len());
            return Err(GpuError::Invalid(message));
        }
        let limit = gpu.capabilities().max_binding_bytes;
        let layout = Layout {
            room: options.room,
            filtered: options.filtered,
            frozen: options.frozen,
            max_chunk_bytes: options.max_chunk_bytes.unwrap_or(limit),
        };
        let splats = GpuSplats::allocate(gpu, splats, layout)?;
        let harmonics = 3 * sh::coeff_count(splats.sh_degree());
        let moments = splats.chunks().iter().map(|chunk| {
            let stride = chunk.stride;
            let array = |label, planes| GpuVec::zeroed(gpu, label, planes * stride);
            Ok(MomentChunk {
                geometry: array("moments of splats", GEOMETRY_MOMENTS)?,
                sh_first: GpuVec::zeroed(
                    gpu,
                    "moments of harmonics",
                    harmonics.div_ceil(2) * stride,
                )?,
                sh_second: array("moments of harmonics", 1)?,
                statistics: array("statistics of splats", options.statistics)?,
                origins: GpuVec::zeroed(gpu, "origins of splats", stride)?,
            })
        });
        let moments = moments.collect::<Result<_, GpuError>>()?;
        let pool = Self {
            splats,
            moments,
            statistics: options.statistics,
        };
        pool.mark_origins(gpu);
        Ok(pool)
    }

    /// From now on [`Self::origins`] tells of the splats as they are now.
    pub fn mark_origins(&self, gpu: &Gpu) {
        for (chunk, moments) in self.chunks().filter(|(chunk, _)| 0 < chunk.count) {
            let own: Vec<u32> = (chunk.first..chunk.first + chunk.count)
                .map(|it| it as u32)
                .collect();
            moments.origins.write_at(gpu, 0, &own);
        }
    }

    /// Which splat each one comes from, by its place when [`Self::mark_origins`] was called last;
    /// waits for the GPU. However often splats were copied, given up and laid in another order since.
    /// `[num_splats]`
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn origins(&self, gpu: &Gpu) -> Result<Vec<u32>, GpuError> {
        let mut all = Vec::with_capacity(self.len());
        for (chunk, moments) in self.chunks().filter(|(chunk, _)| 0 < chunk.count) {
            all.extend(moments.origins.read_range(gpu, 0, chunk.count)?);
        }
        Ok(all)
    }

    /// The splats as they stand, to be drawn.
    pub fn splats(&self) -> &GpuSplats {
        &self.splats
    }

    /// A copy of the splats as they stand, without room for more, made on the GPU: it can be drawn,
    /// and read, while these are moved on.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`].
    pub fn snapshot(&self, gpu: &Gpu) -> Result<GpuSplats, GpuError> {
        self.splats.compacted(gpu)
    }

    /// Parameters and memory, chunk by chunk.
    pub fn chunks(&self) -> impl Iterator<Item = (&Chunk, &MomentChunk)> {
        self.splats.chunks().iter().zip(&self.moments)
    }

    /// How many planes of statistics there are.
    pub fn statistics(&self) -> usize {
        self.statistics
    }

    /// How many splats there are.
    pub fn len(&self) -> usize {
        self.splats.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.splats.is_empty()
    }

    /// How many of them are frozen: the first ones, in the order they came in.
    pub fn frozen(&self) -> usize {
        self.splats.frozen()
    }

    /// How many there can be.
    pub fn room(&self) -> usize {
        self.splats.room()
    }

    /// From now on there are `len` splats, at most as many as there is room for and at least those
    /// that are frozen: those beyond are dropped, or new ones count whatever their planes hold.
    pub fn set_len(&mut self, gpu: &Gpu, len: usize) {
        self.splats.set_len(gpu, len);
    }

    /// Size on the device.
    pub fn bytes(&self) -> u64 {
        let moments = |it: &MomentChunk| {
            it.geometry.bytes()
                + it.sh_first.bytes()
                + it.sh_second.bytes()
                + it.statistics.bytes()
                + it.origins.bytes()
        };
        self.splats.bytes() + self.moments.iter().map(moments).sum::<u64>()
    }
}
