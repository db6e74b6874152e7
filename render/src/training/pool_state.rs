//! All that a pool holds, on the host: for checkpoints, and to go on where one was written.

use crate::gpu::{Gpu, GpuError, GpuVec};
use crate::gpu_splats::Chunk;
use crate::{Splats, sh};

use super::pool::{GEOMETRY_MOMENTS, MomentChunk, PoolOptions, SplatPool};

/// What a [`SplatPool`] holds of its splats, without room and whatever the chunks: planes lie one
/// behind the other, each as long as there are splats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolState {
    /// Parameters as they are optimised, before any filter.
    pub splats: Splats,
    /// First and second moments of means, quaternions, log-scales, opacity logits.
    /// `[GEOMETRY_MOMENTS × num_splats]`
    pub geometry: Vec<f32>,
    /// First moments of the harmonics as in [`MomentChunk::sh_first`].
    /// `[⌈3 (degree+1)² / 2⌉ × num_splats]`
    pub sh_first: Vec<u32>,
    /// Second moments of the harmonics. `[num_splats]`
    pub sh_second: Vec<f32>,
    /// Planes of statistics. `[statistics][num_splats]`
    pub statistics: Vec<Vec<f32>>,
    /// Sizes of the 3D filters, world units; `None` where splats are not filtered. `[num_splats]`
    pub filter: Option<Vec<f32>>,
    /// How many splats, the first ones, are frozen.
    pub frozen: usize,
    /// As [`SplatPool::origins`]; empty where each splat is its own. `[num_splats]`
    pub origins: Vec<u32>,
}

impl PoolState {
    /// All arrays agree in length, and no more splats are frozen than there are.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where they do not.
    pub fn check(&self) -> Result<(), GpuError> {
        self.splats
            .check()
            .map_err(|err| GpuError::Invalid(err.to_string()))?;
        let n = self.splats.len();
        let words = sh_words(self.splats.sh_degree);
        let fits = self.geometry.len() == GEOMETRY_MOMENTS * n
            && self.sh_first.len() == words * n
            && self.sh_second.len() == n
            && self.statistics.iter().all(|it| it.len() == n)
            && self.filter.as_ref().is_none_or(|it| it.len() == n)
            && (self.origins.is_empty() || self.origins.len() == n);
        if n < self.frozen {
            let message = format!("{} of {n} splats are frozen", self.frozen);
            return Err(GpuError::Invalid(message));
        }
        if fits {
            return Ok(());
        }
        let message = "moments of splats disagree in length with the splats";
        Err(GpuError::Invalid(message.to_owned()))
    }
}

/// Planes of words for the first moments of the harmonics.
fn sh_words(sh_degree: u32) -> usize {
    (3 * sh::coeff_count(sh_degree)).div_ceil(2)
}

impl SplatPool {
    /// Copies everything to the host, waiting for the GPU.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub fn read(&self, gpu: &Gpu) -> Result<PoolState, GpuError> {
        let (splats, filter) = self.splats().download_bare(gpu)?;
        let mut state = PoolState {
            splats,
            filter: self.splats().filter_plane().map(|_| filter),
            geometry: vec![0.0; GEOMETRY_MOMENTS * self.len()],
            sh_first: vec![0; sh_words(self.splats().sh_degree()) * self.len()],
            sh_second: vec![0.0; self.len()],
            statistics: vec![vec![0.0; self.len()]; self.statistics()],
            frozen: self.frozen(),
            origins: self.origins(gpu)?,
        };
        for (chunk, moments) in self.chunks() {
            let of = Place::new(chunk, self.len());
            of.gather(&moments.geometry.read(gpu)?, &mut state.geometry);
            of.gather(&moments.sh_first.read(gpu)?, &mut state.sh_first);
            of.gather(&moments.sh_second.read(gpu)?, &mut state.sh_second);
            let statistics = moments.statistics.read(gpu)?;
            let planes = statistics.chunks(chunk.stride);
            for (plane, all) in planes.zip(&mut state.statistics) {
                of.gather(plane, all);
            }
        }
        Ok(state)
    }

    /// A pool that goes on from what [`SplatPool::read`] gave, with room for `room` splats in all.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where arrays disagree in length; those of [`SplatPool::new`].
    pub fn from_state(gpu: &Gpu, state: &PoolState, room: usize) -> Result<Self, GpuError> {
        Self::from_state_chunked(gpu, state, room, None)
    }

    /// The same in chunks of at most `max_chunk_bytes`, as on a device that binds no more.
    ///
    /// # Errors
    /// Those of [`SplatPool::from_state`].
    pub fn from_state_chunked(
        gpu: &Gpu,
        state: &PoolState,
        room: usize,
        max_chunk_bytes: Option<u64>,
    ) -> Result<Self, GpuError> {
        state.check()?;
        let options = PoolOptions {
            room,
            statistics: state.statistics.len(),
            filtered: state.filter.is_some(),
            frozen: state.frozen,
            max_chunk_bytes,
        };
        let pool = Self::with_options(gpu, &state.splats, &options)?;
        for (chunk, moments) in pool.chunks() {
            write_moments(gpu, state, chunk, moments);
        }
        if let Some(sizes) = &state.filter {
            pool.splats().write_filter(gpu, sizes);
        }
        Ok(pool)
    }
}

fn write_moments(gpu: &Gpu, state: &PoolState, chunk: &Chunk, moments: &MomentChunk) {
    let of = Place::new(chunk, state.splats.len());
    if !state.origins.is_empty() {
        of.scatter(gpu, &state.origins, &moments.origins, 0);
    }
    of.scatter(gpu, &state.geometry, &moments.geometry, 0);
    of.scatter(gpu, &state.sh_first, &moments.sh_first, 0);
    of.scatter(gpu, &state.sh_second, &moments.sh_second, 0);
    for (plane, all) in state.statistics.iter().enumerate() {
        of.scatter(gpu, all, &moments.statistics, plane);
    }
}

/// Where the splats of a chunk lie in its own planes and in those of all splats.
struct Place {
    first: usize,
    count: usize,
    stride: usize,
    all: usize,
}

impl Place {
    fn new(chunk: &Chunk, all: usize) -> Self {
        Self {
            first: chunk.first,
            count: chunk.count,
            stride: chunk.stride,
            all,
        }
    }

    /// The chunk's planes into those of all.
    fn gather<T: Copy>(&self, own: &[T], all: &mut [T]) {
        if self.count == 0 {
            return;
        }
        for (own, all) in own.chunks(self.stride).zip(all.chunks_mut(self.all)) {
            all[self.first..self.first + self.count].copy_from_slice(&own[..self.count]);
        }
    }

    /// The chunk's part of the planes of all, into its own planes from number `from` on.
    fn scatter<T: bytemuck::Pod>(&self, gpu: &Gpu, all: &[T], own: &GpuVec<T>, from: usize) {
        if self.count == 0 {
            return;
        }
        for (plane, all) in all.chunks(self.all).enumerate() {
            let part = &all[self.first..self.first + self.count];
            own.write_at(gpu, (from + plane) * self.stride, part);
        }
    }
}
