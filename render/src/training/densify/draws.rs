//! 3DGS-MCMC: which splats are given up and which are drawn to be copied.

use crate::gpu::{DrawUniform, Gpu, GpuError, GpuVec, LevelUniform, Recorder, WeighUniform};
use crate::kernels::{Accumulate, accumulate, draw, weigh};
use crate::training::{IMPORTANCE, SplatPool};

use super::scratch::{Scratch, levels};
use super::{Kernels, blocks};

/// The rule.
pub(super) struct Draws {
    pub(super) least_opacity: f32,
    pub(super) by_importance: bool,
    pub(super) target_len: usize,
    pub(super) seed: u32,
}

/// Records what fills `copies`, whose sum is `target_len` unless nothing is alive.
pub(super) fn record(
    gpu: &Gpu,
    recorder: &mut Recorder<'_>,
    (kernels, scratch): (&Kernels, &Scratch),
    pool: &SplatPool,
    rule: &Draws,
) -> Result<(), GpuError> {
    recorder.clear(&scratch.tally);
    let uniform = WeighUniform {
        least_opacity: rule.least_opacity,
        by_importance: u32::from(rule.by_importance),
    };
    let uniform = GpuVec::from_slice(gpu, "weights", &[uniform])?;
    for (chunk, moments) in pool.chunks().filter(|(chunk, _)| 0 < chunk.count) {
        let statistics = &moments.statistics;
        if rule.by_importance && pool.statistics() <= IMPORTANCE {
            let message = "the importance of splats is asked for and not kept";
            return Err(GpuError::Invalid(message.to_owned()));
        }
        let arrays = weigh::Arrays {
            weigh: &uniform,
            chunk: &chunk.uniform,
            params: &chunk.params,
            statistics,
            sums: &scratch.sums,
            copies: &scratch.copies,
            tally: &scratch.tally,
        };
        let bound = kernels.weigh.bind(gpu, &arrays);
        recorder.dispatch(kernels.weigh.kernel(), &bound, blocks(chunk.count));
    }
    let len = pool.len();
    accumulate(gpu, recorder, (&kernels.accumulate_floats, scratch), len)?;
    let uniform = DrawUniform {
        len: len as u32,
        target_len: rule.target_len as u32,
        seed: rule.seed,
    };
    let arrays = draw::Arrays {
        draw: &GpuVec::from_slice(gpu, "draws", &[uniform])?,
        tally: &scratch.tally,
        sums: &scratch.sums,
        copies: &scratch.copies,
    };
    let bound = kernels.draw.bind(gpu, &arrays);
    recorder.dispatch(kernels.draw.kernel(), &bound, blocks(rule.target_len));
    Ok(())
}

/// Records the running sums of the first `len` elements of `sums`, all levels.
pub(super) fn accumulate(
    gpu: &Gpu,
    recorder: &mut Recorder<'_>,
    (kernel, scratch): (&Accumulate, &Scratch),
    len: usize,
) -> Result<(), GpuError> {
    for (first, len) in levels(len) {
        let level = LevelUniform {
            first: first as u32,
            len: len as u32,
        };
        let arrays = accumulate::Arrays {
            level: &GpuVec::from_slice(gpu, "level of sums", &[level])?,
            sums: &scratch.sums,
        };
        let bound = kernel.bind(gpu, &arrays);
        recorder.dispatch(kernel.kernel(), &bound, blocks(len));
    }
    Ok(())
}
