//! From numbers of copies to where each splat comes from, and every plane into that order.

use crate::gpu::{GatherUniform, Gpu, GpuError, GpuVec, Recorder, TraceUniform};
use crate::gpu_splats::Chunk;
use crate::kernels::{gather as kernel, trace as trace_kernel};
use crate::training::{MomentChunk, SplatPool};

use super::draws::accumulate;
use super::scratch::Scratch;
use super::{Kernels, blocks};

/// Arrays of planes that are brought into order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Planes {
    Params,
    Geometry,
    ShFirst,
    ShSecond,
}

impl Planes {
    fn of(self, chunk: &Chunk, moments: &MomentChunk) -> GpuVec<u32> {
        match self {
            Self::Params => chunk.params.words(),
            Self::Geometry => moments.geometry.words(),
            Self::ShFirst => moments.sh_first.words(),
            Self::ShSecond => moments.sh_second.words(),
        }
    }
}

/// Records what fills `sources` from the copies of `before` splats, which `after` come from.
pub(super) fn trace(
    gpu: &Gpu,
    recorder: &mut Recorder<'_>,
    (kernels, scratch): (&Kernels, &Scratch),
    (before, after): (usize, usize),
) -> Result<(), GpuError> {
    recorder.copy_part((&scratch.copies, 0), (&scratch.sums, 0), before);
    accumulate(gpu, recorder, (&kernels.accumulate, scratch), before)?;
    let uniform = TraceUniform {
        len: before as u32,
        new_len: after as u32,
    };
    let arrays = trace_kernel::Arrays {
        trace: &GpuVec::from_slice(gpu, "sources", &[uniform])?,
        sums: &scratch.sums,
        sources: &scratch.sources,
    };
    let bound = kernels.trace.bind(gpu, &arrays);
    recorder.dispatch(kernels.trace.kernel(), &bound, blocks(after));
    Ok(())
}

/// Records that each plane of a pool of `before` splats, which has its new length already, gets
/// its elements from where `sources` says. No second copy of the pool: as many planes at a time as
/// `staged` holds.
pub(super) fn gather(
    gpu: &Gpu,
    recorder: &mut Recorder<'_>,
    (kernels, scratch): (&Kernels, &Scratch),
    (pool, before): (&SplatPool, usize),
    (kept, sources): (&[Planes], &GpuVec<u32>),
) -> Result<(), GpuError> {
    let at_a_time = (scratch.staged.len() / before).max(1);
    for kind in kept {
        let arrays: Vec<(&Chunk, GpuVec<u32>)> = pool
            .chunks()
            .map(|(chunk, moments)| (chunk, kind.of(chunk, moments)))
            .collect();
        let planes = arrays
            .first()
            .map_or(0, |(chunk, it)| it.len() / chunk.stride);
        for first in (0..planes).step_by(at_a_time) {
            let count = at_a_time.min(planes - first);
            let part = GatherUniform {
                first_plane: first as u32,
                planes: count as u32,
                staged_len: before as u32,
            };
            let part = GpuVec::from_slice(gpu, "planes", &[part])?;
            for (chunk, array) in &arrays {
                let old_count = chunk.stride.min(before.saturating_sub(chunk.first));
                for plane in 0..count {
                    let from = (array, (first + plane) * chunk.stride);
                    let to = (&scratch.staged, plane * before + chunk.first);
                    recorder.copy_part(from, to, old_count);
                }
            }
            for (chunk, array) in arrays.iter().filter(|(chunk, _)| 0 < chunk.count) {
                let bound = kernels.gather.bind(
                    gpu,
                    &kernel::Arrays {
                        part: &part,
                        chunk: &chunk.uniform,
                        sources,
                        staged: &scratch.staged,
                        planes: array,
                    },
                );
                recorder.dispatch(kernels.gather.kernel(), &bound, blocks(chunk.count));
            }
        }
    }
    Ok(())
}
