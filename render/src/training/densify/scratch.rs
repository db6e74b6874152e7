//! What densification needs beside the splats, for as many as there is room for.

use crate::gpu::{DensifyTally, Gpu, GpuError, GpuVec};
use crate::training::SplatPool;

use super::BLOCK;

/// Words of planes that are copied at a time, where one plane is not longer.
const STAGED_WORDS: usize = 1 << 24;

/// The arrays.
#[derive(Debug)]
pub(super) struct Scratch {
    room: usize,
    /// How many each old splat becomes. `[room]`
    pub(super) copies: GpuVec<u32>,
    /// Running sums in levels: of weights, then of copies.
    pub(super) sums: GpuVec<u32>,
    /// Of which old splat each new one is a copy. `[room]`
    pub(super) sources: GpuVec<u32>,
    /// Planes as they were, over all chunks.
    pub(super) staged: GpuVec<u32>,
    /// What is counted on the way. `[1]`
    pub(super) tally: GpuVec<DensifyTally>,
}

impl Scratch {
    /// Makes or keeps arrays that fit this pool.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] or [`GpuError::OutOfMemory`].
    pub(super) fn for_pool<'a>(
        kept: &'a mut Option<Self>,
        gpu: &Gpu,
        pool: &SplatPool,
    ) -> Result<&'a Self, GpuError> {
        let fitting = kept.take().filter(|it| it.room == pool.room());
        let scratch = match fitting {
            Some(scratch) => scratch,
            None => Self::new(gpu, pool)?,
        };
        Ok(kept.insert(scratch))
    }

    fn new(gpu: &Gpu, pool: &SplatPool) -> Result<Self, GpuError> {
        let room = pool.room();
        let planes = pool.chunks().map(|(chunk, moments)| {
            let longest = chunk.params.len().max(moments.geometry.len());
            longest / chunk.stride.max(1)
        });
        let planes = planes.max().unwrap_or(1).max(1);
        let bindable = (gpu.capabilities().max_binding_bytes / 4) as usize;
        let staged = (room * planes).min(STAGED_WORDS).min(bindable).max(room);
        let sums: usize = levels(room).iter().map(|it| it.1).sum();
        let words = |label, len| GpuVec::zeroed(gpu, label, len);
        Ok(Self {
            room,
            copies: words("copies of splats", room)?,
            sums: words("running sums", sums)?,
            sources: words("sources of splats", room)?,
            staged: words("planes on their way", staged)?,
            tally: GpuVec::zeroed(gpu, "tally", 1)?,
        })
    }

    /// The sum over the first `len` copies, from their running sums; waits.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`] or [`GpuError::OutOfMemory`].
    pub(super) fn read_total(&self, gpu: &Gpu, len: usize) -> Result<usize, GpuError> {
        let Some(&(first, len)) = levels(len).last() else {
            return Ok(0);
        };
        let total = self.sums.read_range(gpu, first + len - 1, 1)?;
        Ok(total[0] as usize)
    }

    /// Size on the device.
    pub(super) fn bytes(&self) -> u64 {
        let words = [&self.copies, &self.sums, &self.sources, &self.staged];
        words.iter().map(|it| it.bytes()).sum()
    }
}

/// Where the levels of running sums over `len` elements begin, and how long they are; as
/// `levels_of` in `shared/levels.wgsl`.
pub(super) fn levels(len: usize) -> Vec<(usize, usize)> {
    let mut levels = vec![(0, len)];
    let (mut first, mut n) = (0, len);
    while BLOCK < n {
        first += n;
        n = n.div_ceil(BLOCK);
        levels.push((first, n));
    }
    levels
}
