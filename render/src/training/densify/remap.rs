//! From numbers of copies to where each splat comes from, and every plane into that order.

use crate::gpu::{GatherUniform, GpuError, GpuVec, TraceUniform};
use crate::gpu_splats::Chunk;
use crate::kernels::{gather as gather_kernel, trace as trace_kernel};
use crate::training::{MomentChunk, SplatPool};

use super::draws::accumulate;
use super::{Work, blocks};

/// Arrays of planes that are brought into order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Planes {
    Params,
    Geometry,
    ShFirst,
    ShSecond,
    Statistics,
    Origins,
}

impl Planes {
    /// What splats keep when their number changes.
    pub(super) const KEPT: [Self; 5] = [
        Self::Params,
        Self::Geometry,
        Self::ShFirst,
        Self::ShSecond,
        Self::Origins,
    ];

    fn of(self, chunk: &Chunk, moments: &MomentChunk) -> GpuVec<u32> {
        match self {
            Self::Params => chunk.params.words(),
            Self::Geometry => moments.geometry.words(),
            Self::ShFirst => moments.sh_first.words(),
            Self::ShSecond => moments.sh_second.words(),
            Self::Statistics => moments.statistics.words(),
            Self::Origins => moments.origins.words(),
        }
    }
}

/// Records the running sums of the copies of `before` splats.
pub(super) fn add_up(work: &mut Work<'_, '_>, before: usize) -> Result<(), GpuError> {
    let (copies, sums) = (&work.scratch.copies, &work.scratch.sums);
    work.recorder.copy_part((copies, 0), (sums, 0), before);
    accumulate(work, &work.kernels.accumulate, before)
}

/// Records what fills `sources` from the running sums of the copies of `before` splats, of which
/// `after` are made.
pub(super) fn trace(
    work: &mut Work<'_, '_>,
    (before, after): (usize, usize),
) -> Result<(), GpuError> {
    let uniform = TraceUniform {
        len: before as u32,
        new_len: after as u32,
    };
    let arrays = trace_kernel::Arrays {
        trace: &GpuVec::from_slice(work.gpu, "sources", &[uniform])?,
        sums: &work.scratch.sums,
        sources: &work.scratch.sources,
    };
    let kernel = &work.kernels.trace;
    let bound = kernel.bind(work.gpu, &arrays);
    let groups = blocks(after);
    work.recorder.dispatch(kernel.kernel(), &bound, groups);
    Ok(())
}

/// Records that each plane of a pool of `before` splats, which has its new length already, gets
/// its elements from where `sources` says. No second copy of the pool: as many planes at a time as
/// `staged` holds.
pub(super) fn gather(
    work: &mut Work<'_, '_>,
    (pool, before): (&SplatPool, usize),
    (kept, sources): (&[Planes], &GpuVec<u32>),
) -> Result<(), GpuError> {
    let at_a_time = (work.scratch.staged.len() / before).max(1);
    for kind in kept {
        let arrays: Vec<(&Chunk, GpuVec<u32>)> = pool
            .chunks()
            .map(|(chunk, moments)| (chunk, kind.of(chunk, moments)))
            .collect();
        let planes = |(chunk, array): &(&Chunk, GpuVec<u32>)| array.len() / chunk.stride;
        let planes = arrays.first().map_or(0, planes);
        for first in (0..planes).step_by(at_a_time) {
            let part = GatherUniform {
                first_plane: first as u32,
                planes: at_a_time.min(planes - first) as u32,
                staged_len: before as u32,
            };
            gather_part(work, &arrays, (part, sources))?;
        }
    }
    Ok(())
}

/// Records the same for some planes of one kind.
fn gather_part(
    work: &mut Work<'_, '_>,
    arrays: &[(&Chunk, GpuVec<u32>)],
    (part, sources): (GatherUniform, &GpuVec<u32>),
) -> Result<(), GpuError> {
    let (before, staged) = (part.staged_len as usize, &work.scratch.staged);
    for (chunk, array) in arrays {
        let old_count = chunk.stride.min(before.saturating_sub(chunk.first));
        for plane in 0..part.planes as usize {
            let from = (part.first_plane as usize + plane) * chunk.stride;
            let to = plane * before + chunk.first;
            work.recorder
                .copy_part((array, from), (staged, to), old_count);
        }
    }
    let part = GpuVec::from_slice(work.gpu, "planes", &[part])?;
    let kernel = &work.kernels.gather;
    for (chunk, array) in arrays.iter().filter(|(chunk, _)| 0 < chunk.count) {
        let arrays = gather_kernel::Arrays {
            part: &part,
            chunk: &chunk.uniform,
            sources,
            staged,
            planes: array,
        };
        let bound = kernel.bind(work.gpu, &arrays);
        let groups = blocks(chunk.count);
        work.recorder.dispatch(kernel.kernel(), &bound, groups);
    }
    Ok(())
}
