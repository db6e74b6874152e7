//! 3DGS-MCMC: which splats are given up and which are drawn to be copied.

use crate::gpu::{DrawUniform, GpuError, GpuVec, LevelUniform, WeighUniform};
use crate::kernels::{Accumulate, accumulate, draw, weigh};
use crate::training::SplatPool;

use super::rule::Rule;
use super::scratch::levels;
use super::{Work, blocks};

/// Records what fills `copies`, whose sum is `target_len` unless nothing is alive.
pub(super) fn record(
    work: &mut Work<'_, '_>,
    pool: &SplatPool,
    rule: &Rule,
    target_len: usize,
) -> Result<(), GpuError> {
    let Rule::Mcmc {
        least_opacity,
        seed,
        by_importance,
        ..
    } = *rule
    else {
        return Ok(());
    };
    let (gpu, kernels, scratch) = (work.gpu, work.kernels, work.scratch);
    work.recorder.clear(&scratch.tally);
    let uniform = WeighUniform {
        least_opacity,
        by_importance: u32::from(by_importance),
    };
    let uniform = GpuVec::from_slice(gpu, "weights", &[uniform])?;
    for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
        let arrays = weigh::Arrays {
            weigh: &uniform,
            chunk: &chunk.uniform,
            params: &chunk.params,
            statistics: &moments.statistics,
            sums: &scratch.sums,
            copies: &scratch.copies,
            tally: &scratch.tally,
        };
        let bound = kernels.weigh.bind(gpu, &arrays);
        let groups = blocks(chunk.count);
        work.recorder
            .dispatch(kernels.weigh.kernel(), &bound, groups);
    }
    let len = pool.len();
    accumulate(work, &kernels.accumulate_floats, len)?;
    let uniform = DrawUniform {
        len: len as u32,
        target_len: target_len as u32,
        seed,
        frozen: pool.frozen() as u32,
    };
    let arrays = draw::Arrays {
        draw: &GpuVec::from_slice(gpu, "draws", &[uniform])?,
        tally: &scratch.tally,
        sums: &scratch.sums,
        copies: &scratch.copies,
    };
    let bound = kernels.draw.bind(gpu, &arrays);
    let groups = blocks(target_len);
    work.recorder
        .dispatch(kernels.draw.kernel(), &bound, groups);
    Ok(())
}

/// Records the running sums of the first `len` elements of `sums`, all levels.
pub(super) fn accumulate(
    work: &mut Work<'_, '_>,
    kernel: &Accumulate,
    len: usize,
) -> Result<(), GpuError> {
    for (first, len) in levels(len) {
        let level = LevelUniform {
            first: first as u32,
            len: len as u32,
        };
        let arrays = accumulate::Arrays {
            level: &GpuVec::from_slice(work.gpu, "level of sums", &[level])?,
            sums: &work.scratch.sums,
        };
        let bound = kernel.bind(work.gpu, &arrays);
        work.recorder.dispatch(kernel.kernel(), &bound, blocks(len));
    }
    Ok(())
}
